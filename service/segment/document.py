"""A text taken apart into segments, and put together again around what an engine made of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from service.patterns import lazy
from service.segment.wrapping import SOFT_BREAK, UNSPACED, UNSPACED_LETTER, unwrap
from service.types import AlignedSentence, Span

# Where a line may be broken: at spaces; in scripts without spaces also elsewhere, but not before a closing mark.
_BREAKABLE = lazy(rf"(?<=\S)\s+(?=\S)|(?<={UNSPACED_LETTER})(?={UNSPACED_LETTER})(?![、。，．！？：；」』）］｝])")

_SPACES = re.compile(" +")


class Segment(msgspec.Struct, frozen=True):
    """What is sent to an engine: a sentence, or a piece of one that is too long.

    `text` has no line break and no white space, emoji or invisible characters at its edges. It is the slice `span` of
    the document, but for the soft breaks of a hard-wrapped paragraph, each of which is a space (or nothing after the
    hyphen of a compound). `sentence` is the index in `Document.sentences`.
    """

    text: str
    span: Span
    sentence: int


class Joined(msgspec.Struct, frozen=True):
    """A text rendered segment by segment, and where in it each sentence of the source stands."""

    text: str
    sentences: tuple[AlignedSentence, ...]


class Document(msgspec.Struct, frozen=True):
    """A text, its sentences, and the segments to render; both in text order, without overlap."""

    text: str
    sentences: tuple[Span, ...]
    segments: tuple[Segment, ...]

    def join(self, outputs: Sequence[str]) -> Joined:
        """Put `outputs`, one a segment, in the places of the segments; all other characters stay as they are.

        An output equal to its segment's text gives back the very characters of the source. Another one that replaces
        hard-wrapped lines gets as many breaks, with the indentation and quote marks that followed them, at spaces in
        about the same places; any that find no space come after it. Where segments touch since their script is written
        without spaces, outputs in a script that has spaces are kept apart by one; the other way round they touch.

        Raises ValueError when there are not as many outputs as segments.
        """
        parts: list[str] = []
        placed: list[Span] = []
        read = written = 0
        for segment, output in zip(self.segments, outputs, strict=True):
            raw = self.text[segment.span.start : segment.span.end]
            rendered = raw if output == segment.text else _rewrap(output, raw)
            gap = self.text[read : segment.span.start]
            around = self.text[max(0, read - 1) : read] + raw[0]
            if not gap and parts and _needs_space(around, parts[-1], rendered):
                gap = " "
            elif _SPACES.fullmatch(gap) and parts and _needs_none(around, parts[-1], rendered):
                gap = ""
            written += len(gap)
            placed.append(Span(written, written + len(rendered)))
            parts += [gap, rendered]
            written += len(rendered)
            read = segment.span.end
        parts.append(self.text[read:])
        return Joined("".join(parts), self._align(placed))

    def _align(self, placed: Sequence[Span]) -> tuple[AlignedSentence, ...]:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for index, segment in enumerate(self.segments):
            first.setdefault(segment.sentence, index)
            last[segment.sentence] = index
        # What a sentence holds before its first segment and after its last one is rendered as it is.
        return tuple(
            AlignedSentence(
                sentence,
                Span(
                    placed[first[index]].start - (self.segments[first[index]].span.start - sentence.start),
                    placed[last[index]].end + (sentence.end - self.segments[last[index]].span.end),
                ),
            )
            for index, sentence in enumerate(self.sentences)
        )


def _needs_space(source: str, before: str, after: str) -> bool:
    return (
        UNSPACED.search(source) is not None
        and re.search(r"[\w.!?…,;:%)\]”\"»’]\Z", before) is not None
        and re.match(r"[\w(\[“\"«‘¿¡]", after) is not None
        and not UNSPACED.match(before[-1])
        and not UNSPACED.match(after)
    )


def _needs_none(source: str, before: str, after: str) -> bool:
    return (
        UNSPACED.search(source) is None
        and UNSPACED.match(before[-1:]) is not None
        and UNSPACED.match(after) is not None
    )


def _rewrap(output: str, raw: str) -> str:
    """`output` with the soft breaks of `raw`, each at the space nearest to its share of the way."""
    breaks = list(SOFT_BREAK.finditer(raw)) if "\n" in raw else []
    if not breaks:
        return output
    length = len(unwrap(raw, Span(0, len(raw))).text)
    spaces = [match.span() for match in _BREAKABLE.finditer(output)]
    starts = [start for start, _ in spaces]
    parts: list[str] = []
    read = used = removed = 0
    for number, found in enumerate(breaks):
        share = (found.start() - removed) / length
        removed += len(found[0]) - 1
        # Leave a space for each break to come.
        latest = len(spaces) - (len(breaks) - number)
        if used == len(spaces):
            parts += [output[read:], *(rest[0] for rest in breaks[number:])]
            return "".join(parts)
        nearest = _nearest(starts, share * len(output), used, max(used, latest))
        parts += [output[read : spaces[nearest][0]], found[0]]
        read, used = spaces[nearest][1], nearest + 1
    return "".join([*parts, output[read:]])


def _nearest(positions: Sequence[int], target: float, low: int, high: int) -> int:
    """The index in `[low, high]` of the position nearest to `target`."""
    after = min(max(bisect_left(positions, target), low), high)
    before = max(after - 1, low)
    return before if target - positions[before] <= positions[after] - target else after
