"""Months by name and by number, and the days beside them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from service.guards.digits import Moment, Value
from service.guards.lexicon import Lexicon
from service.guards.mention import Mention
from service.guards.spelled import Word

# A month and a number no further apart are parts of one date.
_BESIDE = 20


def months(text: str, tokens: Sequence[Word], words: Lexicon) -> list[Mention]:
    """Months by name. They are required beside a number: "may" and "março" alone prove little."""
    found = []
    for index, token in enumerate(tokens):
        month = words.months.get(token.text)
        # "may" the verb, "march" the walk: English writes months with a capital letter.
        # French "sept" is seven far more often than September.
        spelled_number = token.text in words.cardinals and text[token.end : token.end + 1] != "."
        if (
            month is None
            or token.values
            or spelled_number
            or (words.decimal == "." and not text[token.start].isupper())
        ):
            continue
        near = [*tokens[max(0, index - 2) : index], *tokens[index + 1 : index + 3]]
        beside = any(one.values and abs(one.start - token.start) < _BESIDE for one in near)
        written_out = len(token.text) > 3 or token.text in {"may", "mai"} or text[token.end : token.end + 1] == "."
        values: frozenset[Value] = frozenset({Moment("month", month, 0)})
        found.append(Mention(token.start, token.end, values, "month", None, beside and written_out))
    return found


def dated(mention: Mention, named: Sequence[Mention]) -> Mention:
    """A number beside a month's name, as the day of that month too."""
    days: set[Value] = set()
    for month in named:
        if abs(month.start - mention.start) < _BESIDE:
            days |= {
                Moment("day", int(one), value.first)
                for value in month.values
                for one in mention.values
                if isinstance(value, Moment) and isinstance(one, Fraction) and one.denominator == 1 and 1 <= one <= 31
            }
    return replace(mention, values=mention.values | days) if days else mention


def month_numbers(mentions: Sequence[Mention]) -> list[Mention]:
    """The months of dates in digits, where a translation of a month's name may be."""
    found = []
    for mention in mentions:
        values: set[Value] = {
            Moment("month", value.second, 0)
            for value in mention.values
            if isinstance(value, Moment) and value.kind == "day"
        }
        if values:
            found.append(Mention(mention.start, mention.end, frozenset(values), "month"))
    return found
