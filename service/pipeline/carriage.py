"""A text made ready for a model: its segments, and in each what must come through carried past the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from service.guards import Finding
from service.markup import may_have_spans
from service.segment import CountTokens, Document, Segment, split
from service.types import Span

if TYPE_CHECKING:
    from service.markup.glossary import Glossary
    from service.markup.passage import Item, Passage
    from service.markup.veil import Veil


class Cargo(msgspec.Struct):
    """A text's segments with their own words, the passages of those that have something to carry, by index, and what
    the model is given of each."""

    document: Document
    passages: dict[int, Passage] = msgspec.field(default_factory=dict)

    @property
    def given(self) -> list[str]:
        """What the model is given, one a segment."""
        texts = [segment.text for segment in self.document.segments]
        for index, passage in self.passages.items():
            texts[index] = passage.sent
        return texts

    def sent(self, index: int) -> str:
        """What the model is given of a segment in the first try."""
        passage = self.passages.get(index)
        return self.document.segments[index].text if passage is None else passage.sent

    def again(self, index: int) -> str:
        """What the model is given of a segment in a second try: codes for all items, terms of a glossary included."""
        passage = self.passages.get(index)
        return self.document.segments[index].text if passage is None else passage.coded().sent


def load(
    text: str, language: str, glossary: Glossary | None, measure: tuple[CountTokens, int], *, in_place: bool
) -> Cargo:
    """Split `text` for a model that counts tokens and takes so many of them, as `measure` says."""
    count_tokens, max_tokens = measure
    veil = None
    if glossary is not None or may_have_spans(text):
        # Imported here: most texts have nothing to carry.
        from service.markup.veil import veiled

        veil = veiled(text, glossary, in_place=in_place)
    if veil is None:
        return Cargo(split(text, language, count_tokens=count_tokens, max_tokens=max_tokens))
    document = split(veil.text, language, count_tokens=veil.counting(count_tokens), max_tokens=max_tokens)
    segments: list[Segment] = []
    passages: dict[int, Passage] = {}
    for segment in (_whole(one, veil) for one in document.segments):
        passage = veil.passage(segment.text, segment.span)
        if passage is not None:
            passages[len(segments)] = passage
        segments.append(segment if passage is None else replace(segment, text=passage.text))
    return Cargo(Document(text, document.sentences, tuple(segments)), passages)


def _whole(segment: Segment, veil: Veil) -> Segment:
    """The segment without the part of a literal, longer than a piece of a long sentence may be, at its edge."""
    whole = veil.whole(segment.span)
    if whole == segment.span:
        return segment
    lead, trail = whole.start - segment.span.start, segment.span.end - whole.end
    text = segment.text[lead : len(segment.text) - trail]
    raw = veil.text[whole.start : whole.end]
    start = whole.start + len(raw) - len(raw.lstrip())
    return replace(segment, text=text.strip(), span=replace(whole, start=start, end=start + len(raw.strip())))


def losses(lost: Sequence[Item], passage: Passage, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """`found`, and a finding for each item that a translation lacks; what both are about is told once."""
    findings = [_finding(item, passage) for item in lost]
    about = [one for one in found if any(one.code == f.code and _overlap(one.span, f.span) for f in findings)]
    return (*(one for one in found if one not in about), *findings)


def moved(item: Item) -> Finding:
    """That an item is in the translation, but where it would stand by its share of the way."""
    message = f"{item.name} {item.text} was lost and put back at about its place"
    return Finding("span-moved", message, item.span, mendable=False)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _finding(item: Item, passage: Passage) -> Finding:
    written = passage.text[item.span.start : item.span.end]
    said = item.text if written == item.text else f"{item.text} (for {written})"
    return Finding(item.code, f"{item.name} {said} is not in the translation", item.span)
