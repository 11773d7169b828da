"""The numbers of a text: what each may mean, whether it is written in digits, and its unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from service.guards.dates import dated, month_numbers, months
from service.guards.digits import Moment, Value, clock, matches, readings
from service.guards.lexicon import Lexicon, lexicon
from service.guards.marks import (
    AT,
    BELOW_ZERO,
    DECADE_AFTER,
    DECADE_BEFORE,
    DEGREES,
    HOURS,
    MIDNIGHT_NAMES,
    MINUS,
    NOON,
    NOON_NAMES,
    RANGE,
    unit_beside,
)
from service.guards.mention import Mention
from service.guards.spelled import Number, Word, spelled

_WORD = re.compile(r"[^\W\d_]+")
_ROMAN = re.compile(
    r"(?<!\w)(?<![^IVX]-)(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?=(?:e|è|er|ère|ème|ième)?\b|[ºª°])(?!-?[a-df-z])"
)
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
# The digit in "km2" is no number.
_SQUARED = re.compile(r"(?<![^\W\d])[kcm]?m[23]$")
# The first of a name: "Pedro I", not the pronoun.
_NAMED = re.compile(r"(?<=\w )[^\W\d_a-z][^\W\d_]+ $")
# What an ordinal is said of: "quarta vez", not "na quarta, 15".
_NOUN = re.compile(r" [^\W\d_]{3,}")
_PAIR = re.compile(r"([0-9]+)/([0-9]+)")
_GLUED_M = re.compile(r"m\b")
_COMMON_PARTS = (2, 3, 4, 5)
_MINUTES = re.compile(r"[\s-]?(?:minut|min\b)", re.IGNORECASE)
_MILES = re.compile(r"([0-9]+) ?mi")
_SHORT_YEAR = re.compile(r"[0-9]{4}\s?[-–/]\s?$")
_SMALL = frozenset({Fraction(0), Fraction(1, 2), Fraction(1)})


def numbers(text: str, language: str, kept: frozenset[str] = frozenset()) -> list[Mention]:
    """The numbers of `text`, in order of their place; `language` is one of `lexicon.LANGUAGES`.

    Thousands and decimals are read by the language's own marks, those of the numbers in `kept` either way.
    """
    words = lexicon(language)
    tokens = _tokens(text, words, kept)
    found = _in_digits_or_words(text, tokens, words)
    found = _ranged(text, found)
    named = months(text, tokens, words)
    found = [dated(mention, named) for mention in found] + named + month_numbers(found)
    found += _romans(text, words)
    found += _named_times(text)
    return sorted(found, key=lambda mention: mention.start)


def _tokens(text: str, words: Lexicon, kept: frozenset[str]) -> list[Word]:
    """Numbers in digits and the words that matter to numbers, in order."""
    tokens = [
        Word(start, end, text[start:end], frozenset(values))
        for match in matches(text)
        for start, end, values in readings(match, words.decimal, kept)
    ]
    tokens += [
        Word(match.start(), match.end(), word)
        for match in _WORD.finditer(text)
        if (word := match[0].lower()) in words.vocabulary
    ]
    return sorted(tokens, key=lambda token: token.start)


def _in_digits_or_words(text: str, tokens: Sequence[Word], words: Lexicon) -> list[Mention]:
    mentions = []
    for number in spelled(text, tokens, words):
        start, end, values = number.start, number.end, number.values
        if not number.digits and values <= _SMALL:
            # "um", "a": nothing is required of them, and they are everywhere.
            mentions.append(Mention(start, end, values))
            continue
        if end - start == 1 and text[start] in "23" and _SQUARED.search(text, max(0, start - 3), end):
            continue
        unit = unit_beside(text, start, end)
        values |= _ambiguous(text, number, unit, words)
        values = _signed(text, start, end, values)
        required = number.digits or number.large or unit == "%"
        fixed = not required and _counts(values) and not _vague(text, start, end, words)
        mention = Mention(start, end, values, "number", unit, required, fixed)
        mentions.append(_in_context(text, mention, words))
        mentions += _parts(text, mention)
    return mentions


def _counts(values: frozenset[Value]) -> bool:
    """Whether a number in words is two or more: ones are everywhere."""
    return all(isinstance(value, Fraction) and value > 1 for value in values)


def _vague(text: str, start: int, end: int, words: Lexicon) -> bool:
    """Whether words that spell a number may say something else: "quinta-feira" is Thursday, "halb neun" half past 8."""
    name = text[start:end].lower()
    weekday = name in words.weekdays and _NOUN.match(text, end) is None
    return name in words.vague or weekday or text[max(0, start - 5) : start].lower() == "halb "


def _signed(text: str, start: int, end: int, values: frozenset[Value]) -> frozenset[Value]:
    """The values of a temperature, below zero where the text says so; other signs are matters of wording."""
    below = MINUS.search(text, max(0, start - 6), start) or BELOW_ZERO.match(text, end)
    if below is None or DEGREES.search(text) is None:
        return values
    return frozenset(-value if isinstance(value, Fraction) else value for value in values)


def _ambiguous(text: str, number: Number, unit: str | None, words: Lexicon) -> set[Value]:
    """What else a number may be: miles for millions in "50 mi", millions for metres in "3.4m", a share for percent."""
    quantities = [value for value in number.values if isinstance(value, Fraction)]
    if unit == "%":
        return {value / 100 for value in quantities if (value / 100).denominator in _COMMON_PARTS}
    miles = _MILES.fullmatch(text, number.start, number.end)
    if miles is not None and unit is None:
        return {Fraction(miles[1])}
    if quantities in ([15], [30], [45]) and _MINUTES.match(text, number.end):
        # "half an hour"
        return {value / 60 for value in quantities}
    if words.decimal == "." and _GLUED_M.match(text, number.end):
        return {value * 1_000_000 for value in quantities}
    return set()


def _parts(text: str, mention: Mention) -> list[Mention]:
    """The two numbers of "6/4", which may be a score rather than a fraction or a date."""
    pair = _PAIR.fullmatch(text, mention.start, mention.end)
    if pair is None:
        return []
    return [Mention(*pair.span(place), frozenset({Fraction(pair[place])})) for place in (1, 2)]


def _in_context(text: str, mention: Mention, words: Lexicon) -> Mention:
    """The mention with what its surroundings add: a part of the day, hours, a decade, the century of a short year."""
    values = set(mention.values)
    if any(isinstance(value, Moment) or value <= 24 for value in values):
        noon = NOON.match(text, mention.end) or _noon_after_hours(text, mention.end)
        if noon is not None and (times := _times(values, "am" if noon["am"] else "pm")):
            return replace(mention, values=frozenset(times), kind="time")
        values |= _hours(text, mention)
    values |= _decade(text, mention, words)
    if mention.end - mention.start == 2 and _SHORT_YEAR.search(text, max(0, mention.start - 8), mention.start):
        values |= {
            value + century for value in mention.values if isinstance(value, Fraction) for century in (1900, 2000)
        }
    moments = [value for value in mention.values if isinstance(value, Moment)]
    kind = moments[0].kind if len(moments) == len(mention.values) else mention.kind
    if text[mention.end : mention.end + 1] == "h":
        kind = "time"
    return replace(mention, values=frozenset(values), kind=kind)


def _hours(text: str, mention: Mention) -> set[Value]:
    """The mention as a time of day where it may be one, and a time of day on the hour as a number."""
    hours = [int(value) for value in mention.values if isinstance(value, Fraction) and _hour(value)]
    values: set[Value] = {
        Fraction(value.first)
        for value in mention.values
        if isinstance(value, Moment) and value == Moment("time", value.first, 0)
    }
    if HOURS.match(text, mention.end):
        values |= {clock(hour, 0) for hour in hours}
    elif AT.search(text, max(0, mention.start - 7), mention.start):
        # "at 9" is 9 or 21 o'clock.
        values |= {clock(hour + later, 0) for hour in hours if 1 <= hour <= 12 for later in (0, 12)}
    return values


def _noon_after_hours(text: str, end: int) -> re.Match[str] | None:
    hours = HOURS.match(text, end)
    return NOON.match(text, hours.end()) if hours is not None else None


def _hour(value: Fraction) -> bool:
    return value.denominator == 1 and 0 <= value <= 24


def _times(values: set[Value], half: str) -> set[Value]:
    """The values as times of that half of the day; empty where none can be one."""
    times: set[Value] = set()
    for value in values:
        if isinstance(value, Fraction) and _hour(value):
            hour, minute, second = int(value), 0, Fraction(0)
        elif isinstance(value, Moment) and value.kind == "time":
            _, hour, minute, second = value
        else:
            continue
        if hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        times.add(clock(hour, minute, second))
        if minute == 0 and hour != 0:
            times.add(Fraction(hour))
    return times


def _decade(text: str, mention: Mention, words: Lexicon) -> set[Fraction]:
    numbers = [value for value in mention.values if isinstance(value, Fraction)]
    if not any(value.denominator == 1 and value % 10 == 0 and value >= 10 for value in numbers):
        return set()
    marked = DECADE_BEFORE.search(text, max(0, mention.start - 16), mention.start) or DECADE_AFTER.match(
        text, mention.end
    )
    after = DECADE_AFTER.match(text, mention.end)
    if (
        after is not None
        and after[0].endswith("s")
        and any(value % 100 == 0 and 1_000 <= value <= 2_000 for value in numbers)
    ):
        # "the 1800s" are a century as often as a decade.
        return {value / 100 + 1 for value in numbers}
    if not marked and text[mention.start : mention.end].lower() not in words.decades:
        return set()
    return {value + 1900 for value in numbers if value < 100} | {
        value - 1900 for value in numbers if 1900 < value < 2000
    }


def _ranged(text: str, mentions: list[Mention]) -> list[Mention]:
    """First halves of ranges with the scale and the half of the day that only the second half names."""
    result = list(mentions)
    for index in range(len(mentions) - 1):
        first, second = mentions[index], mentions[index + 1]
        if RANGE.fullmatch(text, first.end, second.start) is None:
            continue
        extra: set[Value] = set()
        if second.kind == "time" and (noon := NOON.match(text, second.end)):
            extra |= _times(set(first.values), "am" if noon["am"] else "pm")
        scale = _scale(text[second.start : second.end], second)
        if scale > 1 and text[first.start : first.end][-1].isdigit():
            extra |= {value * scale for value in first.values if isinstance(value, Fraction)}
        unit = first.unit or second.unit
        result[index] = replace(first, values=first.values | extra, unit=unit)
    return result


def _scale(text: str, mention: Mention) -> int:
    """By how much a scale word after digits multiplied the number: 10**6 for "15 million"."""
    head = re.match(r"[0-9]+", text)
    if head is None or text[-1].isdigit():
        return 1
    quantities = [value for value in mention.values if isinstance(value, Fraction)]
    for scale in (10**12, 10**9, 10**6, 10**3):
        if any(value >= scale for value in quantities):
            return scale
    return 1


def _romans(text: str, words: Lexicon) -> list[Mention]:
    """Roman numerals. Those of centuries are required; others may be anything from a king to an abbreviation."""
    mentions = []
    lowered = text.lower()
    century = any(word in lowered for word in words.century)
    for match in _ROMAN.finditer(text):
        if not match[0] or (match[0] == "I" and not century and _NAMED.search(text, 0, match.start()) is None):
            continue
        digits = [_ROMAN_DIGITS[letter] for letter in match[0]]
        following = [*digits[1:], 0]
        value = sum(-digit if digit < after else digit for digit, after in zip(digits, following, strict=True))
        required = century and len(match[0]) > 1 and value <= 30
        mentions.append(
            Mention(match.start(), match.end(), frozenset({Fraction(value)}), "number", None, required, not required)
        )
    return mentions


def _named_times(text: str) -> list[Mention]:
    lowered = text.lower()
    return [
        Mention(match.start(), match.end(), frozenset({clock(hour, 0)}), "time")
        for hour, names in ((12, NOON_NAMES), (0, MIDNIGHT_NAMES))
        for name in names
        if name in lowered
        for match in re.finditer(rf"\b{name}\b", lowered)
    ]
