"""Which rows the student's encoder takes in one call, and that a row's states do not depend on it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engines import encoding
from service.engines.encoding import CALL_TOKENS, Encoder, groups
from service.engines.processor import sums_pass_over_zeros
from service.engines.student import ENCODER_FILE
from service.engines.student_batch import Row
from service.engines.tokens import MAX_SOURCE_TOKENS
from service.models.catalog import ModelEntry
from service.models.store import ModelStore

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=9)


class _Counting:
    """A session that remembers the shapes of the ids it was given."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.shapes: list[tuple[int, ...]] = []

    def get_outputs(self) -> Any:
        return self._session.get_outputs()

    def run(self, names: Any, feeds: dict[str, Any]) -> Any:
        self.shapes.append(feeds["ids"].shape)
        return self._session.run(names, feeds)


@pytest.fixture(scope="module")
def session(entry: ModelEntry, store: ModelStore) -> Any:
    """The encoder of a converted model."""
    path = store.ensure(entry).folder / ENCODER_FILE
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def row(length: int, seed: int = 0) -> Row:
    ids = np.random.default_rng((length, seed)).integers(2, 30_000, length - 1).tolist()
    return Row(0, [*ids, 0], np.array([], dtype=np.int32))


def cost(lengths: list[int], calls: list[tuple[int, int]], call_tokens: int) -> int:
    return sum(call_tokens + max(lengths[start:end]) * (end - start) for start, end in calls)


@given(LENGTHS, st.integers(0, 30))
def test_no_other_division_into_calls_costs_less(lengths: list[int], call_tokens: int) -> None:
    calls = list(groups(lengths, call_tokens))
    assert [place for start, end in calls for place in range(start, end)] == list(range(len(lengths)))
    cuts = range(1, len(lengths))
    others = (
        list(pairwise([0, *(cut for cut in cuts if mask >> cut & 1), len(lengths)]))
        for mask in range(0, 2 << len(cuts), 2)
    )
    assert cost(lengths, calls, call_tokens) == min(cost(lengths, other, call_tokens) for other in others)


def test_rows_of_one_length_share_a_call_where_calls_are_free() -> None:
    assert list(groups([3, 3, 4, 7, 7, 7], 0)) == [(0, 2), (2, 3), (3, 6)]


@pytest.mark.parametrize("padding", [1, 2, 3, 7, 16])
def test_a_rows_states_are_the_same_bits_beside_a_longer_row(session: Any, padding: int) -> None:
    encoder = Encoder(session)
    for length in range(1, MAX_SOURCE_TOKENS + 1 - padding):
        short, long = row(length), row(length + padding)
        together = encoder([short, long])
        for place, one in enumerate((short, long)):
            for name, alone in encoder([one]).items():
                own = together[name][place]
                part = own[:, : alone.shape[2], : alone.shape[3]] if alone.ndim == 4 else own
                np.testing.assert_array_equal(part, alone[0], err_msg=f"{name}, {length} of {length + padding} tokens")


@pytest.mark.skipif(not sums_pass_over_zeros(), reason="this processor's sums depend on what follows")
def test_rows_of_nearly_one_length_share_a_call(session: Any) -> None:
    counting = _Counting(session)
    Encoder(counting)([row(20), row(21), row(21, 1), row(60)])
    assert counting.shapes == [(21, 3), (60, 1)]
    assert CALL_TOKENS < 2 * (60 - 21)


def test_rows_share_a_call_only_of_one_length_where_sums_depend_on_what_follows(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "sums_pass_over_zeros", lambda: False)
    counting = _Counting(session)
    Encoder(counting)([row(20), row(21), row(21, 1), row(60)])
    assert counting.shapes == [(20, 1), (21, 2), (60, 1)]
