"""Runs the encoder over a batch: rows of about one length at a time, then laid out with padding for the decoder.

A call reads all weights however little it computes, and padding is computed for nothing: rows of nearly one length go
together. A row's states are the same bits either way (docs/decisions/0035). Only the decoder, which goes one position a
step, needs all rows of a batch side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from service.engines.processor import sums_pass_over_zeros
from service.engines.student_batch import Array, Feeds, Row
from service.engines.student_output import MASKED
from service.engines.tokens import EOS_ID

# What a call takes beside its tokens, in tokens: measured, see docs/decisions/0035.
CALL_TOKENS: Final = 10
_NO_BIAS: Final = np.zeros((1, 1, 1, 1), dtype=np.float32)


class Encoder:
    """Runs the encoder graph of one model. May be called from several threads at once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names: list[str] = [output.name for output in session.get_outputs()]

    def __call__(self, batch: Sequence[Row]) -> Feeds:
        """What the decoder's graphs look at, and the rows' `lengths`. Rows should be in order of length."""
        lengths = [len(row.ids) for row in batch]
        calls = groups(lengths, CALL_TOKENS if sums_pass_over_zeros() else 0)
        parts = [self._session.run(None, _feeds(batch[start:end], lengths[start:end])) for start, end in calls]
        memory = {name: padded(arrays) for name, arrays in zip(self._names, zip(*parts, strict=True), strict=True)}
        memory["lengths"] = np.array(lengths, dtype=np.int32)
        return memory


def groups(lengths: Sequence[int], call_tokens: int) -> Iterator[tuple[int, int]]:
    """Ranges of places whose rows to encode in one call each, so that all calls and their padding together cost least.

    A call costs `call_tokens`, and its rows the tokens of its longest one each.
    """
    # The cheapest way to encode the first rows, for every number of them: its cost, and where its last call starts.
    best: list[tuple[int, int]] = [(0, 0)]
    for end in range(1, len(lengths) + 1):
        longest, ways = 0, []
        for start in range(end - 1, -1, -1):
            longest = max(longest, lengths[start])
            ways.append((best[start][0] + call_tokens + longest * (end - start), start))
        best.append(min(ways))
    ends = [len(lengths)]
    while ends[-1]:
        ends.append(best[ends[-1]][1])
    return pairwise(reversed(ends))


def _feeds(rows: Sequence[Row], lengths: Sequence[int]) -> Feeds:
    longest = max(lengths)
    ids = np.full((longest, len(rows)), EOS_ID, dtype=np.int64)
    for column, row in enumerate(rows):
        ids[: lengths[column], column] = row.ids
    if min(lengths) == longest:
        return {"ids": ids, "bias": _NO_BIAS}
    beyond = np.arange(longest) >= np.array(lengths)[:, np.newaxis]
    return {"ids": ids, "bias": np.where(beyond, np.float32(MASKED), np.float32(0.0))[:, np.newaxis, np.newaxis, :]}


def padded(arrays: Sequence[Array]) -> Array:
    """Arrays `[B, heads, ...]` one after the other along B, with zeros where the others are shorter than the longest.

    What is masked is multiplied by zero, which only a finite number survives.
    """
    if len(arrays) == 1:
        return arrays[0]
    rows = sum(len(array) for array in arrays)
    _, heads, *longest = np.max([array.shape for array in arrays], axis=0)
    whole = np.zeros((rows, heads, *longest), dtype=np.float32)
    start = 0
    for array in arrays:
        _, _, height, width = array.shape
        whole[start : start + len(array), :, :height, :width] = array
        start += len(array)
    return whole
