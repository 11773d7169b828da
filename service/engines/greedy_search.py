"""Greedy search over one batch: a loop in ONNX Runtime that is left when its first rows have ended, to go on without.

Rows come in order of length, so that those that end first are about the first ones. Leaving these out is then free:
what is left of every array is its end, as it lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from service.engines.decoding import Found
from service.engines.student_batch import Feeds, OwnCandidates, Row
from service.engines.tokens import EOS_ID, until_end

# The loop is left once this share of its rows, the first ones, has ended; measured, see docs/decisions/0010.
LEFT_SHARE: Final = 0.25
# Leaving out rows of so small a batch costs more than they do.
LEAST_ROWS: Final = 3


class _Writing(msgspec.Struct):
    """What was written so far for the row in this place of the batch.

    It is open while it goes on: it has neither ended nor come to its limit.
    """

    place: int
    limit: int
    ids: list[int] = msgspec.field(default_factory=list)
    log_probability: float = 0.0
    open: bool = True

    def take(self, ids: list[int], log_probabilities: list[float]) -> bool:
        """Write what follows, as far as the row goes; returns whether it is still open."""
        own = until_end(ids)[: self.limit - len(self.ids)]
        self.ids += own
        self.log_probability += sum(log_probabilities[: len(own)])
        self.open = len(self.ids) < self.limit and own[-1] != EOS_ID
        return self.open

    def found(self) -> Found:
        """The row's hypothesis, once it is not open any more."""
        return Found(self.ids, self.log_probability / len(self.ids), self.ids[-1] == EOS_ID)


class GreedySearch:
    """Runs the greedy graph of one model. May be called from several threads at once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        inputs = {one.name: one.shape for one in session.get_inputs()}
        # What the loop carries, in the order in which it comes back.
        names = ("previous", *sorted(name for name in inputs if name.startswith("cell_")))
        self._widths: dict[str, int] = {name: inputs[name][-1] for name in names}

    def __call__(self, batch: Sequence[Row], memory: Feeds, candidates: OwnCandidates) -> Iterator[dict[int, Found]]:
        """The hypothesis of each row, by its place in the batch, once it has ended and the loop was left.

        Rows should be in order of length. `memory` is what the encoder gave, and the rows' `lengths`; `candidates` are
        the rows' own.
        """
        current = [_Writing(place, row.limit) for place, row in enumerate(batch)]
        state: Feeds = {name: np.zeros((len(batch), width), np.float32) for name, width in self._widths.items()}
        start = 0
        while current:
            feeds = {**memory, **state, **candidates.feeds(), **_controls(current, start)}
            tokens, log_probabilities, *states = self._session.run(None, feeds)
            columns = zip(current, tokens.T.tolist(), log_probabilities.T.tolist(), strict=True)
            yield {one.place: one.found() for one, *written in columns if one.open and not one.take(*written)}
            start += len(tokens)
            ended = next((row for row, one in enumerate(current) if one.open), len(current))
            current = current[ended:]
            state = {name: value[ended:] for name, value in zip(state, states, strict=True)}
            memory = {name: value[ended:] for name, value in memory.items()}
            candidates = candidates.after(ended)


def _controls(current: Sequence[_Writing], start: int) -> Feeds:
    """How the loop is to run. The first of the rows is open."""
    few = len(current) <= LEAST_ROWS
    return {
        "start": np.array([start], dtype=np.int64),
        "steps": np.array([max(one.limit for one in current if one.open) - start], dtype=np.int64),
        "waited": np.array([len(current) if few else max(1, int(LEFT_SHARE * len(current)))], dtype=np.int64),
        "open": np.array([one.open for one in current], dtype=np.int64),
    }
