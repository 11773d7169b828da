"""What each row of a batch may write, in blocks of its own."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from service.engines.shortlist import CANDIDATE_BLOCK, SHARED_CANDIDATES
from service.engines.student_batch import Feeds, Ids, OwnCandidates, Row, own_candidates
from service.engines.tokens import UNK_ID

VOCABULARY = SHARED_CANDIDATES + 400
LISTS = st.lists(st.sets(st.integers(SHARED_CANDIDATES, VOCABULARY - 1)).map(sorted), min_size=1, max_size=8)


def batch_of(lists: list[list[int]]) -> list[Row]:
    return [Row(index, [0], np.array(ids, dtype=np.int32)) for index, ids in enumerate(lists)]


def laid_out(blocks: Ids) -> Feeds:
    """In place of the model's weights, what tells each block from the others."""
    return {"weights": 10 * blocks}


def candidates_of(lists: list[list[int]]) -> OwnCandidates:
    return own_candidates(batch_of(lists), laid_out)


def read(candidates: OwnCandidates) -> list[list[int]]:
    """Each row's ids as a graph comes to them, without the unknown token."""
    feeds = candidates.feeds()
    for row, blocks in enumerate(feeds["layout"]):
        last = len(feeds["candidates"]) - 1
        assert all(block == last or feeds["block_rows"][block] == row for block in blocks.tolist())
    ids = feeds["candidates"][feeds["layout"]].reshape(len(candidates.counts), -1)
    return [[one for one in row if one != UNK_ID] for row in ids.tolist()]


@given(LISTS)
def test_every_row_has_what_its_list_has(lists: list[list[int]]) -> None:
    candidates = candidates_of(lists)
    assert read(candidates) == lists
    blocks = sum(max(1, -(-len(ids) // CANDIDATE_BLOCK)) for ids in lists)
    assert candidates.blocks.shape == (blocks + 1, CANDIDATE_BLOCK)
    assert (candidates.blocks[-1] == UNK_ID).all()


@given(LISTS, st.data())
def test_rows_that_go_on_keep_their_own(lists: list[list[int]], data: st.DataObject) -> None:
    ended = data.draw(st.integers(0, len(lists) - 1))
    some = candidates_of(lists).after(ended).feeds()
    alone = candidates_of(lists[ended:]).feeds()
    assert some.keys() == alone.keys()
    for name, value in some.items():
        np.testing.assert_array_equal(value, alone[name])
