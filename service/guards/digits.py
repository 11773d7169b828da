"""Numbers written in digits -> what they may mean, by the customs of the language they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias


class Moment(NamedTuple):
    """A `time` (hour, minute, seconds), a `day` (day, month) or a `month` (month, 0)."""

    kind: str
    first: int
    second: int
    seconds: Fraction = Fraction(0)


# What a number may mean.
Value: TypeAlias = Fraction | Moment

_SPACES = "\u0020\u00a0\u2009\u202f"
VULGAR = {
    "¼": (1, 4),
    "½": (1, 2),
    "¾": (3, 4),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "⅕": (1, 5),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
}
_NUMBER = re.compile(
    rf"""
    (?P<iso>(?<![0-9])[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![0-9]))
  | (?P<date>(?<![0-9./])[0-9]{{1,2}}[º°]?([/.-])[0-9]{{1,2}}\3(?:[0-9]{{4}}|[0-9]{{2}})(?![0-9]|[/.-][0-9]))
  | (?P<clock>(?<![0-9:.,])[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?:[.,][0-9]+)?(?![0-9:])
      | (?<![0-9.,])[0-9]{{1,2}}[{_SPACES}]?(?:[hH]|heures|Uhr)[{_SPACES}]?[0-9]{{2}}(?:[{_SPACES}]?min)?(?![0-9])
      | (?<![0-9.,])[0-9]{{1,2}}[{_SPACES}]?min[{_SPACES}]?[0-9]{{2}}(?:[{_SPACES}]?s)?(?![0-9a-z])
      | (?<![0-9.,])[0-2][0-9][0-5][0-9](?=[{_SPACES}]?(?:GMT|UTC|hrs|hours)\b)
      | (?<![0-9.,])[0-9]{{1,2}}\.[0-9]{{2}}(?=[{_SPACES}]?(?:Uhr|[aApP]\.?[mM]\b|[hH]\b|GMT|UTC|de[ ]la[ ][mtn])))
  | (?P<fraction>(?<![0-9/.,])(?:(?P<whole>[0-9]+)[{_SPACES}])?
      (?P<above>[0-9]{{1,2}})/(?P<below>[0-9]{{1,2}})(?![0-9/.,]*[0-9]))
  | (?P<vulgar>[0-9]*[{_SPACES}]?[{"".join(VULGAR)}])
  | (?P<plain>[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+(?:[.,][0-9]+)?(?![0-9])|[0-9]+(?:[.,’'][0-9]+)*)
    """,
    re.VERBOSE,
)
_START = re.compile(rf"[0-9{''.join(VULGAR)}]")
_DOUBTFUL = re.compile(r"(?<![0-9.,])[0-9]{1,3}[.,][0-9]{3}(?![0-9])")
_GROUPED = re.compile(rf"[0-9]{{1,3}}(?:([.,’'{_SPACES}])[0-9]{{3}})(?:\1[0-9]{{3}})*(?:[.,][0-9]+)?")


def clock(hour: int, minute: int, second: Fraction = Fraction(0)) -> Value:
    """A time of day, or a duration written like one."""
    return Moment("time", hour, minute, second)


def matches(text: str) -> Iterator[re.Match[str]]:
    """The numbers of `text` in order. Tried only where a digit is, which is four times as fast as `finditer`."""
    start = _START.search(text)
    while start is not None:
        match = _NUMBER.match(text, start.start())
        if match is not None:
            yield match
        start = _START.search(text, match.end() if match is not None else start.end())


def readings(match: re.Match[str], decimal: str, kept: frozenset[str]) -> list[tuple[int, int, set[Value]]]:
    """What a match says: the ranges of its parts in the text and what each may mean.

    `decimal` is the language's decimal mark. A number like `1.500` is read by it alone, but both ways where it is
    among `kept`: a translation may keep a number as the source has it.
    """
    start, end = match.span()
    kind = match.lastgroup if match.lastgroup not in {"whole", "above", "below"} else "fraction"
    if kind == "clock":
        return [(start, end, {_clock(match[0])})]
    if kind == "iso":
        year, month, day = (int(part) for part in match[0].split("-"))
        return [(start, start + 4, {Fraction(year)}), (start + 5, end, {Moment("day", day, month)})]
    if kind == "date":
        return _date(match, decimal)
    if kind == "fraction":
        return _fraction(match, decimal)
    if kind == "vulgar":
        above, below = VULGAR[match[0][-1]]
        return [(start, end, {Fraction(match[0][:-1].strip() or "0") + Fraction(above, below)})]
    return _plain(match[0], start, decimal, kept)


def doubtful(text: str) -> frozenset[str]:
    """The numbers of `text` that two customs read differently, with points: what its translation may keep."""
    return frozenset(match[0].replace(",", ".") for match in _DOUBTFUL.finditer(text))


def _clock(text: str) -> Value:
    if text.isdigit():
        return clock(int(text[:2]), int(text[2:]))
    parts = [int(part) for part in re.findall(r"[0-9]+", text)]
    # What follows a decimal mark after the seconds or minutes is a fraction of them.
    tail = re.search(r":[0-9]{2}[.,]([0-9]+)$", text)
    if tail is None:
        return clock(parts[0], parts[1], Fraction(parts[2] if len(parts) > 2 else 0))
    share = Fraction(int(tail[1]), 10 ** len(tail[1]))
    return clock(parts[0], parts[1], share + (parts[2] if len(parts) > 3 else 0))


def _days(first: int, second: int, decimal: str) -> set[Value]:
    """Day and month in the order of the language; both orders are in use in English."""
    orders = [(first, second), (second, first)] if decimal == "." else [(first, second)]
    return {Moment("day", day, month) for day, month in orders if 1 <= day <= 31 and 1 <= month <= 12}


def _date(match: re.Match[str], decimal: str) -> list[tuple[int, int, set[Value]]]:
    start, end = match.span()
    first, second, year = re.split(r"[/.-]", re.sub("[º°]", "", match[0]))
    days = _days(int(first), int(second), decimal)
    if not days:
        return _split(match[0], start)
    return [(start, end - len(year) - 1, days), (end - len(year), end, _years(year))]


def _years(year: str) -> set[Value]:
    number = int(year)
    if len(year) == 4:
        return {Fraction(number)}
    return {Fraction(number), Fraction(1900 + number), Fraction(2000 + number)}


def _fraction(match: re.Match[str], decimal: str) -> list[tuple[int, int, set[Value]]]:
    above, below, whole = int(match["above"]), int(match["below"]), int(match["whole"] or 0)
    values = _days(above, below, decimal)
    # 8/6 is a date or a score.
    if above < below:
        values.add(Fraction(above, below) + whole)
    start, end = match.span()
    return [(start, end, values)] if values else _split(match[0], start)


def _split(text: str, start: int) -> list[tuple[int, int, set[Value]]]:
    """Each run of digits for itself: a version, a list, an odd date."""
    found = re.finditer(r"[0-9]+", text)
    return [(start + one.start(), start + one.end(), {Fraction(int(one[0]))}) for one in found]


def _plain(text: str, start: int, decimal: str, kept: frozenset[str]) -> list[tuple[int, int, set[Value]]]:
    marks = re.sub(r"[0-9]", "", text)
    values: set[Value] = set()
    if not marks:
        values.add(Fraction(int(text)))
    grouped = _GROUPED.fullmatch(text)
    strict = text.replace(",", ".") not in kept
    # One mark before three digits: thousands or thousandths, which the language decides.
    unclear = len(marks) == 1 and marks in ".," and grouped is not None and not text.startswith("0")
    if grouped is not None and not (unclear and strict and marks == decimal):
        values.add(_amount(text, grouping=grouped[1]))
    if len(marks) == 1 and marks in ".," and not (unclear and strict and marks != decimal):
        values.add(Fraction(text.replace(",", ".")))
    return [(start, start + len(text), values)] if values else _split(text, start)


def _amount(text: str, *, grouping: str) -> Fraction:
    return Fraction(text.replace(grouping, "").replace(",", "."))
