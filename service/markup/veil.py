"""A text with what must come through hidden from the segmenter, and the passages of its segments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

import msgspec

from service.markup.glossary import Glossary
from service.markup.hint import STAND_IN
from service.markup.passage import Item, Passage
from service.markup.spans import ProtectedSpan, emoji, literals
from service.types import Span

CountTokens = Callable[[Sequence[str]], Sequence[int]]


class Veil(msgspec.Struct, frozen=True):
    """A text, and the same with every literal blanked out by as many stand-ins: each character keeps its place.

    No link is then cut at a dot, and what has nothing but literals has nothing to translate. Emoji and terms stay
    visible: the segmenter knows what to do with them. `in_place` as in `Passage.of`.
    """

    original: str
    text: str
    literals: tuple[ProtectedSpan, ...]
    glossary: Glossary | None
    in_place: bool

    def counting(self, count_tokens: CountTokens) -> CountTokens:
        """Count what the model will be given, not what it stands for."""

        def count(texts: Sequence[str]) -> Sequence[int]:
            passages = [self._passage(text, ((run, ("link", STAND_IN)) for run in _runs(text))) for text in texts]
            given = [text if one is None else one.sent for text, one in zip(texts, passages, strict=True)]
            counts = count_tokens(given)
            if not self.in_place or self.glossary is None:
                return counts
            coded = [text if one is None else one.coded().sent for text, one in zip(texts, passages, strict=True)]
            return [max(pair) for pair in zip(counts, count_tokens(coded), strict=True)]

        return count

    def whole(self, span: Span) -> Span:
        """The range without the parts of literals that it begins or ends within."""
        start, end = span.start, span.end
        for literal in self._around(span):
            if literal.span.start < start < literal.span.end:
                start = min(literal.span.end, end)
            if literal.span.start < end < literal.span.end:
                end = max(literal.span.start, start)
        return Span(start, end)

    def passage(self, text: str, span: Span) -> Passage | None:
        """The passage of a segment, given its veiled text and its range; None where nothing has to be carried."""
        within = [one for one in self._around(span) if span.start <= one.span.start and one.span.end <= span.end]
        hidden = [(one.kind, self.original[one.span.start : one.span.end]) for one in within]
        return self._passage(text, zip(_runs(text), hidden, strict=True))

    def _around(self, span: Span) -> Sequence[ProtectedSpan]:
        """The literals of which some part is in the range."""
        first = bisect_right(self.literals, span.start, key=lambda one: one.span.end)
        last = bisect_left(self.literals, span.end, key=lambda one: one.span.start)
        return self.literals[first:last]

    def _passage(self, text: str, hidden: Iterable[tuple[Span, tuple[str, str]]]) -> Passage | None:
        """The passage of a veiled text, given its runs of stand-ins with the kind and the text of what each hides."""
        parts: list[str] = []
        items: list[Item] = []
        at = length = 0
        for run, (kind, written) in hidden:
            length += run.start - at
            parts += [text[at : run.start], written]
            rendering = None if self.glossary is None else self.glossary.rendering(written)
            span = Span(length, length + len(written))
            items.append(Item(span, kind, written) if rendering is None else Item(span, "glossary", rendering))
            length, at = span.end, run.end
        original = "".join([*parts, text[at:]])
        items += self._visible(original, items)
        if not items:
            return None
        return Passage.of(original, sorted(items, key=lambda item: item.span.start), in_place=self.in_place)

    def _visible(self, text: str, hidden: Sequence[Item]) -> list[Item]:
        """The emoji and the terms outside of what is hidden."""
        taken = bytearray(len(text))
        for item in hidden:
            taken[item.span.start : item.span.end] = b"\1" * (item.span.end - item.span.start)
        items = []
        if self.glossary is not None:
            items += [Item(span, "glossary", rendering) for span, rendering in self.glossary.find(text, taken)]
        for one in emoji(text):
            start, end = one.span.start, one.span.end
            if not any(taken[start:end]):
                items.append(Item(one.span, one.kind, text[start:end]))
        return items


def veiled(text: str, glossary: Glossary | None, *, in_place: bool = True) -> Veil | None:
    """The veil of a text; None where it has neither literals nor emoji and there is no glossary."""
    found = tuple(literals(text))
    if not found and glossary is None and not emoji(text):
        return None
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.span.start], STAND_IN * (one.span.end - one.span.start)]
        at = one.span.end
    return Veil(text, "".join([*parts, text[at:]]), found, glossary, in_place)


def _runs(text: str) -> list[Span]:
    runs: list[Span] = []
    start = text.find(STAND_IN)
    while start >= 0:
        end = start
        while end < len(text) and text[end] == STAND_IN:
            end += 1
        runs.append(Span(start, end))
        start = text.find(STAND_IN, end)
    return runs
