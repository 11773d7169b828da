"""A text -> its sentences, and the segments of them that fit a model."""

from __future__ import annotations

from collections.abc import Iterator

from service.segment.boundaries import sentences as sentence_ranges
from service.segment.document import Document, Segment
from service.segment.edges import is_prose
from service.segment.layout import blocks
from service.segment.pieces import CountTokens, fit
from service.segment.wrapping import Prose, unwrap
from service.types import Span


def sentences(text: str, language: str) -> tuple[Span, ...]:
    """The sentences of `text` in order, without markers, white space, emoji and invisible characters around them.

    A sentence has a letter outside addresses. One of a hard-wrapped paragraph may have line breaks in it. `language` is
    a BCP-47 tag; one that is not known, `und` included, is treated as English.
    """
    return tuple(prose.raw(start, end) for prose, start, end in _sentences(text, language))


def split(text: str, language: str, *, count_tokens: CountTokens, max_tokens: int) -> Document:
    """Take `text` apart into sentences and into segments that are sentences or, over `max_tokens`, pieces of them.

    `count_tokens` gives the number of tokens of each of a list of texts, as the limit counts them; it is called once
    for all sentences and then once for each round of cutting long ones. A single character over the limit stays whole.

    Raises ValueError when `max_tokens` is less than 1.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    found = list(_sentences(text, language))
    texts = [prose.text[start:end] for prose, start, end in found]
    segments = tuple(
        Segment(whole[first:last], prose.raw(start + first, start + last), index)
        for index, ((prose, start, _), whole, ranges) in enumerate(
            zip(found, texts, fit(texts, count_tokens=count_tokens, max_tokens=max_tokens), strict=True)
        )
        for first, last in ranges
    )
    return Document(text, tuple(prose.raw(start, end) for prose, start, end in found), segments)


def _sentences(text: str, language: str) -> Iterator[tuple[Prose, int, int]]:
    for block in blocks(text):
        prose = unwrap(text, block)
        for start, end in sentence_ranges(prose.text, language):
            if is_prose(prose.text[start:end]):
                yield prose, start, end
