"""Between texts and the student's graphs: rows, their batches, the graphs' inputs, and target ids back into order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from service.engines.decoding import Found
from service.engines.shortlist import CANDIDATE_BLOCK
from service.engines.tokens import EOS_ID, UNK_ID, length_limit, until_end

Array = npt.NDArray[Any]
Ids = npt.NDArray[np.int64]
Feeds = dict[str, Array]

# Measured on one core: smaller batches read the model's weights more often, larger ones gain nothing any more.
MAX_BATCH_ROWS: Final = 24


class Row(msgspec.Struct, frozen=True):
    """One text on its way through a batch; `index` is its place in the call.

    `candidates` are the target ids that it may be written in beside the shared ones, ascending, each once.
    """

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


class OwnCandidates(msgspec.Struct, frozen=True):
    """Token ids that each row of a batch may write beside the shared ones, in blocks that belong to one row each.

    `blocks` `[N, CANDIDATE_BLOCK]`, those of a row together, in order of the rows, and at last one of no row; `counts`
    `[B]`, each row's number of them, at least one. A row's ids ascend, each is there once, and the rest of its last
    block, as the block of no row, is the unknown token, which is never written. `laid_out` is what `candidate_graph`
    makes of the blocks.
    """

    blocks: Ids
    counts: Ids
    laid_out: Feeds

    def feeds(self) -> Feeds:
        """The inputs that `greedy_graph` and `beam_graph` describe."""
        places = np.arange(self.counts.max())
        firsts = np.cumsum(self.counts) - self.counts
        layout = np.where(places < self.counts[:, np.newaxis], firsts[:, np.newaxis] + places, len(self.blocks) - 1)
        block_rows = np.append(np.repeat(np.arange(len(self.counts)), self.counts), 0)
        return {"candidates": self.blocks, "block_rows": block_rows, "layout": layout, **self.laid_out}

    def after(self, rows: int) -> OwnCandidates:
        """Without those of the first `rows` rows. Nothing is copied."""
        left_out = int(self.counts[:rows].sum())
        laid_out = {name: value[left_out:] for name, value in self.laid_out.items()}
        return OwnCandidates(self.blocks[left_out:], self.counts[rows:], laid_out)


def own_candidates(batch: Sequence[Row], lay_out: Callable[[Ids], Feeds]) -> OwnCandidates:
    """The candidates of each row in blocks; `lay_out` runs the candidate graph."""
    sizes = [max(1, -(-len(row.candidates) // CANDIDATE_BLOCK)) for row in batch]
    blocks = np.full((sum(sizes) + 1, CANDIDATE_BLOCK), UNK_ID, dtype=np.int64)
    places = blocks.reshape(-1)
    start = 0
    for row, size in zip(batch, sizes, strict=True):
        places[start : start + len(row.candidates)] = row.candidates
        start += size * CANDIDATE_BLOCK
    return OwnCandidates(blocks, np.array(sizes, dtype=np.int64), lay_out(blocks))


def lay_out(session: Any, blocks: Ids) -> Feeds:
    """What the candidate graph, which `session` runs, makes of blocks of token ids."""
    weights, biases = session.run(("weights", "biases"), {"candidates": blocks})
    return {"weights": weights, "biases": biases}


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
