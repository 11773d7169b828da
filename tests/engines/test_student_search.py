"""The student's encoder and greedy search over batches of any order: each row as if it were alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import SENTENCES

from service.engines.decoding import Found
from service.engines.encoding import Encoder, padded
from service.engines.greedy_search import GreedySearch
from service.engines.shortlist import read_shortlist
from service.engines.student import CANDIDATES_FILE, ENCODER_FILE, GREEDY_FILE, VOCABULARY_FILE
from service.engines.student_batch import Row, lay_out, own_candidates
from service.engines.tokens import Tokenizer
from service.models.catalog import ModelEntry
from service.models.store import ModelStore

SHAPES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def folder(entry: ModelEntry, store: ModelStore) -> Path:
    """The converted model."""
    return store.ensure(entry).folder


@pytest.fixture(scope="module")
def rows(entry: ModelEntry, folder: Path) -> list[Row]:
    """Sentences from one word to many, the longest first: the order that suits the search least."""
    tokenizer = Tokenizer(folder / VOCABULARY_FILE)
    shortlist = read_shortlist(folder / "lex.bin", tokenizer.source_size, tokenizer.target_size)
    sentences = SENTENCES[entry.source]
    texts = [*sentences, *(sentence.split()[0] for sentence in sentences)]
    encoded = sorted(tokenizer.encode(texts), key=len, reverse=True)
    return [Row(index, ids, shortlist.candidates(ids, None)) for index, ids in enumerate(encoded)]


def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@given(SHAPES)
def test_padding_is_zero_and_nothing_else_changes(shapes: list[tuple[int, int, int]]) -> None:
    arrays = [
        np.full((rows, 2, height, width), number, np.float32) for number, (rows, height, width) in enumerate(shapes, 1)
    ]
    whole = padded(arrays)
    assert whole.shape == (
        sum(one[0] for one in shapes),
        2,
        max(one[1] for one in shapes),
        max(one[2] for one in shapes),
    )
    row = 0
    for array in arrays:
        count, _, height, width = array.shape
        own = whole[row : row + count]
        np.testing.assert_array_equal(own[:, :, :height, :width], array)
        assert own.sum() == array.sum()
        row += count


def test_a_row_is_encoded_to_the_same_bits_in_any_batch(folder: Path, rows: list[Row]) -> None:
    encoder = Encoder(session(folder / ENCODER_FILE))
    together = encoder([*rows, *rows[:2]])
    for place, row in enumerate([*rows, *rows[:2]]):
        alone = encoder([row])
        assert together["lengths"][place] == alone["lengths"][0] == len(row.ids)
        for name in alone.keys() - {"lengths"}:
            _, _, height, width = alone[name].shape
            np.testing.assert_array_equal(together[name][place, :, :height, :width], alone[name][0])


def test_a_row_is_found_alike_in_any_order(folder: Path, rows: list[Row]) -> None:
    encoder, search = Encoder(session(folder / ENCODER_FILE)), GreedySearch(session(folder / GREEDY_FILE))
    laid_out = partial(lay_out, session(folder / CANDIDATES_FILE))

    def found(batch: list[Row]) -> list[Found]:
        parts = list(search(batch, encoder(batch), own_candidates(batch, laid_out)))
        assert sorted(place for part in parts for place in part) == list(range(len(batch)))
        return [part[place] for place in range(len(batch)) for part in parts if place in part]

    alone = [found([row])[0] for row in rows]
    assert all(one.complete for one in alone)
    assert len({len(one.ids) for one in alone}) > 3
    places = list(range(len(rows)))
    for order in (places, places[::-1], [*places[::2], *places[1::2]]):
        together = found([rows[place] for place in order])
        assert [one.ids for one in together] == [alone[place].ids for place in order]
        np.testing.assert_allclose([one.score for one in together], [alone[place].score for place in order], atol=1e-4)


def test_a_short_row_does_not_wait_for_a_long_one(folder: Path, rows: list[Row]) -> None:
    encoder, search = Encoder(session(folder / ENCODER_FILE)), GreedySearch(session(folder / GREEDY_FILE))
    batch = sorted(rows, key=lambda row: len(row.ids))
    candidates = own_candidates(batch, partial(lay_out, session(folder / CANDIDATES_FILE)))
    first, *others = search(batch, encoder(batch), candidates)
    assert 0 in first
    assert len(batch) - 1 in others[-1]
    longest = max(len(found.ids) for part in others for found in part.values())
    assert max(len(found.ids) for found in first.values()) < longest
