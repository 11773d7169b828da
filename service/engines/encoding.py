"""Runs the encoder over a batch: rows of one length at a time, then laid out with padding for the decoder.

A row by itself takes a fifth longer than among others of its length, and less than with the padding of longer ones
(docs/decisions/0010). Only the decoder, which goes one position a step, needs all rows of a batch side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from service.engines.student_batch import Array, Feeds, Row


class Encoder:
    """Runs the encoder graph of one model. May be called from several threads at once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names: list[str] = [output.name for output in session.get_outputs()]

    def __call__(self, batch: Sequence[Row]) -> Feeds:
        """What the decoder's graphs look at, and the rows' `lengths`. Rows of one length should be side by side."""
        lengths = [len(row.ids) for row in batch]
        parts = [
            self._session.run(None, {"ids": np.array([row.ids for row in rows], dtype=np.int64).T.copy()})
            for _, rows in groupby(batch, key=lambda row: len(row.ids))
        ]
        memory = {name: padded(arrays) for name, arrays in zip(self._names, zip(*parts, strict=True), strict=True)}
        memory["lengths"] = np.array(lengths, dtype=np.int32)
        return memory


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
