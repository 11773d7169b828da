"""What each row of a batch may write, in blocks of its own."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from service.engines.shortlist import CANDIDATE_BLOCK, SHARED_CANDIDATES
from service.engines.student_batch import OwnCandidates, Row, own_candidates
from service.engines.tokens import UNK_ID

VOCABULARY = SHARED_CANDIDATES + 400
LISTS = st.lists(st.lists(st.integers(0, VOCABULARY - 1), max_size=500), min_size=1, max_size=8)


def batch_of(lists: list[list[int]]) -> list[Row]:
    return [Row(index, [0], np.array(ids, dtype=np.int32)) for index, ids in enumerate(lists)]


def read(candidates: OwnCandidates) -> list[list[int]]:
    """Each row's ids as a graph comes to them, without the unknown token."""
    feeds = candidates.feeds()
    for row, blocks in enumerate(feeds["layout"]):
        last = len(feeds["candidates"]) - 1
        assert all(block == last or feeds["block_rows"][block] == row for block in blocks.tolist())
    laid_out = feeds["candidates"][feeds["layout"]].reshape(len(candidates.counts), -1)
    return [[one for one in row if one != UNK_ID] for row in laid_out.tolist()]


@given(LISTS)
def test_every_row_has_what_its_list_has_beside_the_shared_tokens(lists: list[list[int]]) -> None:
    candidates = own_candidates(batch_of(lists), VOCABULARY)
    assert read(candidates) == [sorted({one for one in ids if one >= SHARED_CANDIDATES}) for ids in lists]
    blocks = sum(max(1, -(-len(ids) // CANDIDATE_BLOCK)) for ids in read(candidates))
    assert candidates.blocks.shape == (blocks + 1, CANDIDATE_BLOCK)
    assert (candidates.blocks[-1] == UNK_ID).all()


@given(LISTS, st.data())
def test_rows_that_go_on_keep_their_own(lists: list[list[int]], data: st.DataObject) -> None:
    rows = sorted(data.draw(st.sets(st.integers(0, len(lists) - 1), min_size=1)))
    some = own_candidates(batch_of(lists), VOCABULARY).of_rows(np.array(rows))
    alone = own_candidates(batch_of([lists[row] for row in rows]), VOCABULARY)
    np.testing.assert_array_equal(some.blocks, alone.blocks)
    np.testing.assert_array_equal(some.counts, alone.counts)
