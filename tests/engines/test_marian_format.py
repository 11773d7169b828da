"""Reading Marian's binary files: what is there comes back, and nothing malformed gets further than an error."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marian_files import (
    CONFIG,
    INTGEMM8,
    Parameters,
    floats,
    int8,
    pack,
    random_parameters,
    shortlist,
    student_model,
    text,
)

from service.engines.architecture import position_table, read_architecture
from service.engines.marian import MarianFormatError, MarianModel, parse_marian
from service.engines.shortlist import SHARED_CANDIDATES, ShortlistFormatError, parse_shortlist

MATRIX = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
SETTINGS = CONFIG.format(flags="tied-embeddings-all: true", width=4, heads=2, encoder_layers=1, decoder_layers=1)
ITEMS = [
    int8("Wemb", MATRIX, 4.0),
    ("Wemb_QuantMultA", INTGEMM8, (1, 1), struct.pack("<bf", 127, 14.0)),
    int8("decoder_l1_rnn_W", MATRIX, 2.0),
    floats("decoder_l1_rnn_W_QuantMultA", np.array([[13.0]])),
    floats("bias", np.array([[0.5, -1.5]])),
    text(
        "special:model.yml",
        CONFIG.format(flags="tied-embeddings-all: true", width=4, heads=2, encoder_layers=1, decoder_layers=1),
    ),
]
CONTENT = pack(ITEMS)


def test_what_is_written_is_read() -> None:
    model = parse_marian(CONTENT)
    assert model.quantized["Wemb"].values.tolist() == MATRIX.tolist()
    assert model.quantized["decoder_l1_rnn_W"].values.tolist() == MATRIX.tolist()
    assert model.quantized["decoder_l1_rnn_W"].dequantize().tolist() == (MATRIX / 2).tolist()
    assert model.floats["bias"].tolist() == [[0.5, -1.5]]
    assert model.activation_multiplier("decoder_l1_rnn_W") == 13.0
    assert model.activation_multiplier("Wemb") == pytest.approx(127 / 14.0)
    assert "dec-cell: ssru" in model.config


@pytest.mark.parametrize("length", range(0, len(CONTENT), 7))
def test_a_cut_file_is_refused(length: int) -> None:
    with pytest.raises(MarianFormatError):
        parse_marian(CONTENT[:length])


@given(st.integers(0, len(CONTENT) - 1), st.binary(min_size=1, max_size=8))
def test_damage_ends_in_an_answer_or_the_readers_own_error(position: int, damage: bytes) -> None:
    # Any other exception fails the test.
    with suppress(MarianFormatError):
        parse_marian(CONTENT[:position] + damage + CONTENT[position + len(damage) :])


@given(st.binary(max_size=400))
def test_noise_is_refused(content: bytes) -> None:
    with pytest.raises(MarianFormatError):
        parse_marian(content)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (ITEMS[:-1], "special:model.yml"),
        ([("x", 0x999, (1,), b"1234"), ITEMS[-1]], "0x999"),
        ([("x", INTGEMM8, (2, 2), b"1234"), ITEMS[-1]], "x needs 8 bytes"),
        ([("x", INTGEMM8, (4,), b"12345678"), ITEMS[-1]], "expected a matrix"),
        ([("x", INTGEMM8, (1, 1), struct.pack("<bf", 1, float("nan"))), ITEMS[-1]], "multiplier nan"),
        ([("x", 0x404, (-1, 4), b""), ITEMS[-1]], "shape"),
    ],
)
def test_errors_name_the_item(items: list[tuple[str, int, tuple[int, ...], bytes]], message: str) -> None:
    with pytest.raises(MarianFormatError, match=message):
        parse_marian(pack(items))


def test_another_version_is_refused() -> None:
    with pytest.raises(MarianFormatError, match="version 2"):
        parse_marian(pack(ITEMS, version=2))


def test_an_architecture_that_is_not_implemented_is_refused() -> None:
    config = CONFIG.format(
        flags="tied-embeddings-all: true", width=4, heads=2, encoder_layers=1, decoder_layers=1
    ).replace("ssru", "gru")
    with pytest.raises(MarianFormatError, match="dec-cell is 'gru'"):
        read_architecture(parse_marian(pack([*ITEMS[:-1], text("special:model.yml", config)])))


def test_positions_are_marians() -> None:
    table = position_table(3, 8)
    assert table.shape == (3, 8)
    assert table[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert table[2][0] == pytest.approx(np.sin(2.0))
    assert table[2][3] == pytest.approx(np.sin(2e-4))
    assert table[2][7] == pytest.approx(np.cos(2e-4))


VOCABULARY = SHARED_CANDIDATES + 100
LISTS = {5: [601, 7, 600], 6: [602, 601], 610: []}


def test_candidates_are_listed_and_own_tokens_beside_the_shared_ones() -> None:
    lists = parse_shortlist(shortlist(LISTS, VOCABULARY), VOCABULARY, VOCABULARY)
    assert lists.candidates([6, 5, 610, 6]).tolist() == [600, 601, 602, 610]
    assert lists.candidates([9]).tolist() == []


def test_frequent_tokens_beyond_the_shared_ones_are_candidates_of_every_sentence() -> None:
    lists = parse_shortlist(shortlist(LISTS, VOCABULARY, frequent=SHARED_CANDIDATES + 2), VOCABULARY, VOCABULARY)
    assert lists.candidates([9]).tolist() == [SHARED_CANDIDATES, SHARED_CANDIDATES + 1]


def test_source_tokens_are_no_candidates_where_the_target_has_ids_of_its_own() -> None:
    lists = parse_shortlist(shortlist(LISTS, VOCABULARY), VOCABULARY, VOCABULARY + 50)
    assert lists.candidates([6, 5, 610, 6], [VOCABULARY + 7, 600]).tolist() == [600, 601, 602, VOCABULARY + 7]


def test_a_shortlist_fits_the_size_of_each_vocabulary() -> None:
    content = shortlist({5: [70]}, 30)
    # All of so small a vocabulary is shared.
    assert parse_shortlist(content, 30, 80).candidates([5], []).tolist() == []
    with pytest.raises(ShortlistFormatError, match="31 offsets do not fit a source vocabulary of 80"):
        parse_shortlist(content, 80, 30)
    with pytest.raises(ShortlistFormatError, match="target id 70 is outside the vocabulary of 70"):
        parse_shortlist(content, 30, 70)
    with pytest.raises(ShortlistFormatError, match="2 frequent ids do not fit a target vocabulary of 1"):
        parse_shortlist(content, 30, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "too few"),
        (bytes(48), "magic"),
        (shortlist(LISTS, VOCABULARY)[:-1], "needs"),
        (shortlist(LISTS, VOCABULARY - 1), "do not fit"),
        (shortlist({5: [VOCABULARY]}, VOCABULARY), "outside the vocabulary"),
    ],
)
def test_a_bad_shortlist_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ShortlistFormatError, match=message):
        parse_shortlist(content, VOCABULARY, VOCABULARY)


@given(st.integers(0, 47), st.binary(min_size=1, max_size=8))
def test_a_damaged_shortlist_never_surprises(position: int, damage: bytes) -> None:
    whole = shortlist(LISTS, VOCABULARY)
    with suppress(ShortlistFormatError):
        parse_shortlist(whole[:position] + damage + whole[position + len(damage) :], VOCABULARY, VOCABULARY)


def student_with(flags: str, change: Callable[[Parameters], object] = lambda _: None) -> MarianModel:
    parameters = random_parameters(30, 40)
    change(parameters)
    return parse_marian(student_model(parameters, flags=flags))


def test_separate_embeddings_have_sizes_of_their_own() -> None:
    separate = read_architecture(student_with("tied-embeddings: true\ntied-embeddings-all: false"))
    assert (separate.source_embedding, separate.target_embedding) == ("encoder_Wemb", "decoder_Wemb")
    assert (separate.source_vocabulary, separate.target_vocabulary) == (30, 40)


@pytest.mark.parametrize(
    "flags", ["tied-embeddings-all: true\ntied-embeddings: false", "tied-embeddings: true\ntied-embeddings-src: true"]
)
def test_a_shared_embedding_may_be_said_in_two_ways(flags: str) -> None:
    shared = read_architecture(parse_marian(student_model(random_parameters(30), flags=flags)))
    assert (shared.source_embedding, shared.target_embedding) == ("Wemb", "Wemb")
    assert (shared.source_vocabulary, shared.target_vocabulary) == (30, 30)


@pytest.mark.parametrize(
    ("flags", "change", "message"),
    [
        ("tied-embeddings-src: true", lambda _: None, "neither tied-embeddings-all nor tied-embeddings is true"),
        ("tied-embeddings: true", lambda one: one.matrices.pop("encoder_Wemb"), "encoder_Wemb"),
        ("tied-embeddings: true", lambda one: one.matrices.pop("decoder_Wemb"), "decoder_Wemb"),
        (
            "tied-embeddings: true",
            lambda one: one.matrices.update(encoder_Wemb=(np.ones((30, 8), np.int8), 1.0)),
            "encoder_Wemb has width 8, decoder_Wemb has width 16",
        ),
        (
            "tied-embeddings: true",
            lambda one: one.floats.update(decoder_ff_logit_out_b=np.zeros((1, 30))),
            "decoder_ff_logit_out_b has 30 values, decoder_Wemb has 40 rows",
        ),
    ],
)
def test_embeddings_that_do_not_fit_are_named(flags: str, change: Callable[[Parameters], object], message: str) -> None:
    with pytest.raises(MarianFormatError, match=message):
        read_architecture(student_with(flags, change))
