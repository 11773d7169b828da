"""How much of each sentence is somebody's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

# Straight quotes toggle, the others have a direction; German closes with what English opens with.
_MARK = re.compile(r"[\"“”„«»「」『』]|``|''|[\n\r]")
_OPENING = frozenset(("“", "„", "«", "「", "『", "``"))
_DIALOGUE = re.compile(r"[\n\r][^\S\n\r]*[—–―][^\S\n\r]*$")
_LOOK_BACK = 8
# Dialogue has no closing mark: about this much of the sentence is speech, the rest says whose.
_DIALOGUE_SHARE = 0.6


class Ranged(Protocol):
    """Anything with a place in the document."""

    start: int
    end: int
    text: str


def quoted_shares(text: str, pieces: Sequence[Ranged]) -> list[float]:
    """The share of each piece's characters, in [0, 1], that stands between quotation marks.

    A quotation may run over several sentences; it ends at the latest with its line. A line that opens with a dash is
    dialogue, as it is set in Portuguese, Spanish and French.
    """
    ranges = _quotations(text)
    shares = []
    first = 0
    for piece in pieces:
        while first < len(ranges) and ranges[first][1] <= piece.start:
            first += 1
        quoted = 0
        current = first
        while current < len(ranges) and ranges[current][0] < piece.end:
            start, end = ranges[current]
            quoted += min(end, piece.end) - max(start, piece.start)
            current += 1
        share = quoted / max(1, piece.end - piece.start)
        shares.append(max(share, _DIALOGUE_SHARE) if _is_dialogue(text, piece) else share)
    return shares


def _is_dialogue(text: str, piece: Ranged) -> bool:
    before = text[max(0, piece.start - _LOOK_BACK) : piece.start]
    if piece.start <= _LOOK_BACK:
        before = "\n" + before
    # The dash may belong to the sentence or stand before it as a marker.
    return any(_DIALOGUE.search(opening) for opening in (before, before + piece.text[:1]))


def _quotations(text: str) -> list[tuple[int, int]]:
    """The ranges between quotation marks, in order and disjoint."""
    ranges = []
    opened: re.Match[str] | None = None
    for match in _MARK.finditer(text):
        mark = match.group()
        if opened is None:
            opened = match if mark == '"' or mark in _OPENING else None
        elif mark == "“" == opened.group():
            # Each paragraph of a long quotation opens anew, only the last one closes.
            ranges.append((opened.start(), match.start()))
            opened = match
        elif mark not in _OPENING or mark + opened.group() == "“„":
            ranges.append((opened.start(), match.end()))
            opened = None
    if opened is not None:
        ranges.append((opened.start(), len(text)))
    return ranges
