"""Greedy search over one batch: a loop in ONNX Runtime that is left when enough rows have ended, to go on without them.

What the rows left over may write, and what they look at, is narrowed with them: a step then costs what it has to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from service.engines.decoding import Found
from service.engines.student_batch import Feeds, Ids, OwnCandidates, Row
from service.engines.tokens import EOS_ID, until_end

# Rows are left out once no more than this share of them is open; measured, see docs/decisions/0010.
REST_SHARE: Final = 0.6
# Leaving out rows of so small a batch costs more than they do.
LEAST_ROWS: Final = 6


@dataclass(slots=True)
class _Writing:
    """What was written so far for one row."""

    row: Row
    ids: list[int] = field(default_factory=list)
    log_probability: float = 0.0

    @property
    def open(self) -> bool:
        """Whether the row goes on: neither ended nor at its limit."""
        return len(self.ids) < self.row.limit and self.ids[-1:] != [EOS_ID]

    def take(self, ids: list[int], log_probabilities: list[float]) -> None:
        """Write what follows, as far as the row goes."""
        room = self.row.limit - len(self.ids)
        own = until_end(ids)[:room]
        self.ids += own
        self.log_probability += sum(log_probabilities[: len(own)])

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

    def __call__(self, batch: Sequence[Row], memory: Feeds, candidates: OwnCandidates) -> list[Found]:
        """The hypothesis of each row. `memory` is what the encoder graph gave, and the rows' `lengths`; `candidates`
        are the rows' own."""
        writings = [_Writing(row) for row in batch]
        current = writings
        state: Feeds = {name: np.zeros((len(batch), width), np.float32) for name, width in self._widths.items()}
        start = 0
        while current:
            steps = max(one.row.limit for one in current) - start
            rest = int(REST_SHARE * len(current)) if len(current) > LEAST_ROWS else 0
            feeds = {**memory, **state, **candidates.feeds(), **_controls(start, steps, rest)}
            tokens, log_probabilities, *states = self._session.run(None, feeds)
            columns = zip(tokens.T.tolist(), log_probabilities.T.tolist(), strict=True)
            for one, (ids, scores) in zip(current, columns, strict=True):
                one.take(ids, scores)
            start += len(tokens)
            rows = np.flatnonzero([one.open for one in current])
            current = [current[row] for row in rows]
            if current:
                state = {name: value[rows] for name, value in zip(state, states, strict=True)}
                memory = _narrowed(memory, rows)
                candidates = candidates.of_rows(rows)
        return [one.found() for one in writings]


def _controls(start: int, steps: int, rest: int) -> Feeds:
    return {
        "start": np.array([start], dtype=np.int64),
        "steps": np.array([steps], dtype=np.int64),
        "rest": np.array(rest, dtype=np.int64),
    }


def _narrowed(memory: Feeds, rows: Ids) -> Feeds:
    """The memory of some of the rows, as long as the longest of them."""
    lengths = memory["lengths"][rows]
    width = int(lengths.max())
    narrow: Feeds = {"lengths": lengths}
    for name, value in memory.items():
        if name.startswith("keys_"):
            narrow[name] = value[rows, :, :, :width]
        elif name.startswith("values_"):
            narrow[name] = value[rows, :, :width]
    return narrow
