"""Words and digits in a row -> the numbers they spell: "trinta e quatro", "7,2 bilhões", "half a million"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import msgspec

from service.guards.digits import Moment, Value
from service.guards.lexicon import HALF, Lexicon

_GAP = re.compile(r"[\s\u00a0\u202f‑-]{0,3}|['’]")
_DOZENS = frozenset({"dozen", "dúzia", "docena", "douzaine", "dutzend"})
_LARGE = 1_000


class Word(msgspec.Struct, frozen=True):
    """A word in lower case, or a number in digits with what it may mean, at `[start, end)` of the text."""

    start: int
    end: int
    text: str
    values: frozenset[Value] = frozenset()


class Number(msgspec.Struct, frozen=True):
    """A number spelled at `[start, end)`; `digits` where digits take part, `large` where a counted scale does."""

    start: int
    end: int
    values: frozenset[Value]
    digits: bool
    large: bool


def spelled(text: str, tokens: Sequence[Word], words: Lexicon) -> Iterator[Number]:
    """The numbers that `tokens` of `text` spell, longest first from the left; fractions beside their parts."""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if any(isinstance(value, Moment) for value in token.values):
            yield Number(token.start, token.end, token.values, True, False)
            index += 1
            continue
        if not (
            token.values
            or token.text in words.cardinals
            or token.text in words.scales
            or token.text in words.halves
            or token.text in words.decades
        ):
            index += 1
            continue
        run = _Run(text, tokens, words, index)
        run.read()
        yield from run.numbers()
        index = max(run.at, index + 1)


class _Run:
    """One number being read: `total` of the scales already closed, `group` of the part below the next scale."""

    def __init__(self, text: str, tokens: Sequence[Word], words: Lexicon, at: int) -> None:
        self._text = text
        self._tokens = tokens
        self._words = words
        self._first = at
        self.at = at
        self._total: set[Fraction] = {Fraction(0)}
        self._group: set[Fraction] | None = None
        self._scale: int | None = None
        self._counted = False
        self._digits = False
        self._group_digits = False

    def read(self) -> None:
        """Take tokens as long as they go on with the same number."""
        while self.at < len(self._tokens):
            skipped = self._joiners()
            if not self._fits(self.at):
                return
            if not self._take(self._tokens[self.at], joined=skipped > self.at):
                if skipped == self.at or not self._fits(skipped) or not self._take(self._tokens[skipped], joined=True):
                    return
                self.at = skipped
            self.at += 1

    def numbers(self) -> Iterator[Number]:
        """What was read; nothing where it was a scale alone in a language that does not count so."""
        if self.at == self._first:
            token = self._tokens[self._first]
            if token.text in self._words.decades:
                value: Value = Fraction(self._words.decades[token.text])
                yield Number(token.start, token.end, frozenset({value}), False, False)
            return
        start, end = self._tokens[self._first].start, self._tokens[self.at - 1].end
        values = self._values()
        large = self._counted and max(values) >= _LARGE
        yield Number(start, end, frozenset(values), self._digits, large)
        part = self._part()
        if part is not None:
            yield Number(start, part[0], frozenset(value / part[1] for value in values), False, False)

    def _values(self) -> set[Fraction]:
        return {total + group for total in self._total for group in (self._group or {Fraction(0)})}

    def _part(self) -> tuple[int, int] | None:
        """The end and the denominator of a following "thirds"."""
        if self.at < len(self._tokens) and self._fits(self.at):
            token = self._tokens[self.at]
            if token.text in self._words.parts:
                return token.end, self._words.parts[token.text]
        return None

    def _fits(self, index: int) -> bool:
        """Whether only white space or a hyphen is between the token and the one before it."""
        if index == self._first:
            return True
        if index >= len(self._tokens):
            return False
        between = self._text[self._tokens[index - 1].end : self._tokens[index].start]
        return _GAP.fullmatch(between) is not None

    def _joiners(self) -> int:
        """The index after the words such as "and" that stand here; `at` itself where none does."""
        index = self.at
        while (
            index > self._first
            and index < len(self._tokens)
            and index - self.at < 2
            and self._tokens[index].text in self._words.joiners
            and self._fits(index)
        ):
            index += 1
        return index

    def _take(self, token: Word, *, joined: bool) -> bool:
        if token.values:
            return self._take_digits(token)
        if token.text in self._words.scales and self._take_scale(token.text):
            return True
        if token.text in self._words.halves:
            return self._take_half(joined=joined)
        if token.text in self._words.hundreds and self._group is not None and max(self._group) < 100:
            if self._group_digits:
                return False
            self._group = {value * 100 for value in self._group}
            return True
        cardinal = self._words.cardinals.get(token.text)
        # "940 milhões um ano antes", "two million a year"
        article = cardinal == 1 and self._group is None and self._scale is not None and not joined
        return cardinal is not None and not article and self._take_cardinal(cardinal, token.text)

    def _take_digits(self, token: Word) -> bool:
        if self._group is not None:
            return False
        if self._scale is not None and not self._scale_follows(token):
            return False
        self._group = {value for value in token.values if isinstance(value, Fraction)}
        self._digits = self._group_digits = True
        return True

    def _scale_follows(self, token: Word) -> bool:
        """Whether a smaller scale comes after the digits: "2 milhões e 300 mil", not "2 milhões em 2005"."""
        following = [one for one in self._tokens[self.at : self.at + 4] if one.start > token.start][:1]
        return bool(following) and self._words.scales.get(following[0].text, self._scale or 0) < (self._scale or 0)

    def _take_scale(self, name: str) -> bool:
        factor = self._words.scales[name]
        if len(name) < 4 and name != "mil" and not self._group_digits:
            # "bi", "k", "tn" are abbreviations after digits, other words elsewhere.
            return False
        if self._group is None and self._scale is None:
            if factor != _LARGE:
                return False
            self._total = {Fraction(factor)}
        elif self._scale is not None and factor > self._scale:
            # "1.200 mil millones": the whole is multiplied.
            self._total = {value * factor for value in self._values()}
            self._counted = True
        elif self._group is None or self._scale == factor:
            return False
        else:
            self._counted = self._counted or factor > _LARGE or self._group != {Fraction(1)}
            self._total = {total + value * factor for total in self._total for value in self._group}
        self._group, self._scale, self._group_digits = None, factor, False
        return True

    def _take_half(self, *, joined: bool) -> bool:
        if self._group is None and self._scale is not None and joined:
            self._total = {total + self._scale * HALF for total in self._total}
            return True
        if self._group is None and self._scale is None:
            self._group = {HALF}
            return True
        if self._group is not None and joined:
            self._group = {value + HALF for value in self._group}
            return True
        return False

    def _take_cardinal(self, number: int, name: str) -> bool:
        if self._group is None:
            if self._scale is not None and number >= self._scale:
                return False
            self._group = {Fraction(number)}
            return True
        return not self._group_digits and self._extend(self._group, number, name)

    def _extend(self, group: set[Fraction], number: int, name: str) -> bool:
        (value,) = group
        if value == HALF:
            if name not in _DOZENS and number != 1:
                return False
            self._group = {value * number}
            return True
        if value == 4 and number == 20 and name.startswith("vingt"):
            self._group = {Fraction(80)}
            return True
        return self._add(value, number)

    def _add(self, value: Fraction, number: int) -> bool:
        """Put a smaller number behind a round one: "cento e vinte", "thirty-four", "soixante-dix"."""
        room = 100 if value % 100 == 0 else 20 if value % 100 in {60, 80} and self._words.hundreds else 10
        # "décimo terceiro" is thirteenth, "dez três" are two numbers.
        tenth = value == 10 and self._tokens[self.at - 1].text.startswith("décim")
        if (value < 20 and not tenth) or value % 10 or not 0 < number < room:
            return False
        self._group = {value + number}
        return True
