"""Between texts and the student's graphs: rows, their batches, the graphs' inputs, and target ids back into order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from service.engines.decoding import Found
from service.engines.shortlist import CANDIDATE_BLOCK
from service.engines.tokens import EOS_ID, UNK_ID, length_limit, until_end

Ids = npt.NDArray[np.int64]
Feeds = dict[str, npt.NDArray[Any]]

# Measured best on one core: larger batches pay with the union of their shortlists, smaller with the step's overhead.
MAX_BATCH_ROWS: Final = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One text on its way through a batch; `index` is its place in the call."""

    index: int
    ids: list[int]
    candidates: npt.NDArray[np.int32]

    @property
    def limit(self) -> int:
        """Target tokens after which decoding stops."""
        return length_limit(len(self.ids))


def batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows of similar length together, so that little is computed on padding."""
    ordered = sorted(rows, key=lambda row: len(row.ids))
    for start in range(0, len(ordered), MAX_BATCH_ROWS):
        yield ordered[start : start + MAX_BATCH_ROWS]


def encoder_feeds(batch: Sequence[Row]) -> Feeds:
    """The encoder graph's inputs."""
    lengths = np.array([len(row.ids) for row in batch], dtype=np.int32)
    width = int(lengths.max())
    filled = np.arange(width, dtype=np.int32) < lengths[:, np.newaxis]
    packed = np.flatnonzero(filled)
    padded = np.zeros(filled.shape, dtype=np.int64)
    padded[filled] = np.arange(len(packed))
    ids = np.concatenate([np.array(row.ids, dtype=np.int64) for row in batch])
    return {"ids": ids, "places": packed % width, "padded": padded, "packed": packed, "lengths": lengths}


@dataclass(frozen=True, slots=True)
class Shortlisted:
    """What the rows of a batch may write: token ids `[V]`, ascending and padded to blocks; which row may, `[B, V]`."""

    candidates: Ids
    allowed: npt.NDArray[np.bool_]

    def narrowed(self, rows: Ids) -> Shortlisted:
        """The same for some of the rows only, without what none of these may write."""
        allowed = self.allowed[rows]
        columns = np.flatnonzero(allowed.any(axis=0))
        size = _whole_blocks(len(columns))
        candidates = np.zeros(size, dtype=np.int64)
        candidates[: len(columns)] = self.candidates[columns]
        narrow = np.zeros((len(rows), size), dtype=bool)
        narrow[:, : len(columns)] = allowed[:, columns]
        return Shortlisted(candidates, narrow)


def shortlisted(batch: Sequence[Row], vocabulary_size: int) -> Shortlisted:
    """The union of the rows' shortlists, and whose is what."""
    member = np.zeros(vocabulary_size, dtype=bool)
    for row in batch:
        member[row.candidates] = True
    # Marian never writes the unknown token; what the model cannot spell it leaves out.
    member[UNK_ID] = False
    union = np.flatnonzero(member)
    candidates = np.zeros(_whole_blocks(len(union)), dtype=np.int64)
    candidates[: len(union)] = union
    allowed = np.zeros((len(batch), len(candidates)), dtype=bool)
    own = np.zeros(vocabulary_size, dtype=bool)
    for place, row in enumerate(batch):
        own[row.candidates] = True
        allowed[place, : len(union)] = own[union]
        own[row.candidates] = False
    return Shortlisted(candidates, allowed)


def _whole_blocks(count: int) -> int:
    return -(-count // CANDIDATE_BLOCK) * CANDIDATE_BLOCK


def beam_results(batch: Sequence[Row], candidates: Ids, outputs: Sequence[npt.NDArray[Any]]) -> list[list[Found]]:
    """What the beam graph found for each row, with mean log-probabilities."""
    tokens, parents, totals, sizes = outputs
    results = []
    for place, row in enumerate(batch):
        found = []
        for beam in range(tokens.shape[2]):
            ids = candidates[_trace(tokens[:, place], parents[:, place], beam)].tolist()
            own = _cut(ids, row.limit)
            found.append(Found(own, float(totals[place, beam] / sizes[place, beam]), own[-1] == EOS_ID))
        results.append(found)
    return results


def _trace(tokens: Ids, parents: Ids, beam: int) -> Ids:
    """Candidates of the hypothesis that ends in `beam`, followed back through `[T, K]` parents."""
    path = np.empty(len(tokens), dtype=np.int64)
    for step in range(len(tokens) - 1, -1, -1):
        path[step] = tokens[step, beam]
        beam = parents[step, beam]
    return path


def _cut(ids: list[int], limit: int) -> list[int]:
    """A row's own target ids: up to and with its end-of-sentence token, or its limit."""
    return until_end(ids)[:limit]
