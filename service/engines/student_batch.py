"""Between texts and the student's graphs: rows, their batches, the graphs' inputs, and target ids back into order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from service.engines.decoding import Found
from service.engines.shortlist import CANDIDATE_BLOCK, SHARED_CANDIDATES
from service.engines.tokens import EOS_ID, UNK_ID, length_limit, until_end

Ids = npt.NDArray[np.int64]
Feeds = dict[str, npt.NDArray[Any]]

# Measured on one core: in larger batches what the rows may write outgrows the caches, smaller ones pay for their steps.
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


def own_candidates(batch: Sequence[Row], vocabulary_size: int) -> Ids:
    """Token ids that each row may write beside the shared ones, `[B, P]`, ascending, each once.

    They are padded to whole blocks, and at least one, with the unknown token, which no row writes.
    """
    member = np.zeros(vocabulary_size, dtype=bool)
    rows = []
    for row in batch:
        member[row.candidates] = True
        rows.append(np.flatnonzero(member[SHARED_CANDIDATES:]) + SHARED_CANDIDATES)
        member[row.candidates] = False
    width = max(1, *map(len, rows))
    candidates = np.full((len(rows), -(-width // CANDIDATE_BLOCK) * CANDIDATE_BLOCK), UNK_ID, dtype=np.int64)
    for own, ids in zip(candidates, rows, strict=True):
        own[: len(ids)] = ids
    return candidates


def narrowed(candidates: Ids, rows: Ids) -> Ids:
    """Some of the rows of `own_candidates`, without blocks in which none of these has any."""
    some = candidates[rows]
    used = int((some[:, ::CANDIDATE_BLOCK] != UNK_ID).any(axis=0).sum())
    return some[:, : max(1, used) * CANDIDATE_BLOCK]


def beam_results(batch: Sequence[Row], outputs: Sequence[npt.NDArray[Any]]) -> list[list[Found]]:
    """What the beam graph found for each row, with mean log-probabilities."""
    tokens, parents, totals, sizes = outputs
    results = []
    for place, row in enumerate(batch):
        found = []
        for beam in range(tokens.shape[2]):
            ids = _trace(tokens[:, place], parents[:, place], beam).tolist()
            own = _cut(ids, row.limit)
            found.append(Found(own, float(totals[place, beam] / sizes[place, beam]), own[-1] == EOS_ID))
        results.append(found)
    return results


def _trace(tokens: Ids, parents: Ids, beam: int) -> Ids:
    """Token ids of the hypothesis that ends in `beam`, followed back through `[T, K]` parents."""
    path = np.empty(len(tokens), dtype=np.int64)
    for step in range(len(tokens) - 1, -1, -1):
        path[step] = tokens[step, beam]
        beam = parents[step, beam]
    return path


def _cut(ids: list[int], limit: int) -> list[int]:
    """A row's own target ids: up to and with its end-of-sentence token, or its limit."""
    return until_end(ids)[:limit]
