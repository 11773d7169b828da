"""The order of a model's channels: another one, the same model, and products that do not overflow in 16 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from marian_files import Sizes, random_parameters, student_model
from sentences import SENTENCES

from service.engines.architecture import read_architecture
from service.engines.encoding import Encoder
from service.engines.marian import MarianModel, parse_marian, read_marian
from service.engines.pairing import SAFE_SUM, arranged, paired
from service.engines.reference import reference_model
from service.engines.student import ENCODER_FILE, VOCABULARY_FILE
from service.engines.student_batch import Row
from service.engines.tokens import Tokenizer
from service.models.catalog import ModelEntry
from service.models.store import ModelStore

SIZES = Sizes(width=16, heads=2, feed_forward=32, encoder_layers=2, decoder_layers=2)


def crowded(model: MarianModel, limit: int = SAFE_SUM) -> int:
    """How many neighbouring weights of the model's products add up beyond the limit."""
    count = 0
    for name, one in model.quantized.items():
        if not name.endswith("_QuantMultA"):
            matrix = (one.values.T if name == "Wemb" else one.values).astype(np.int16)
            count += int((np.abs(matrix[::2] + matrix[1::2]) > limit).sum())
    return count


@given(arrays(np.int8, st.tuples(st.integers(1, 12), st.integers(1, 6))))
def test_every_channel_has_one_place(matrix: np.ndarray) -> None:
    assert sorted(paired([matrix]).tolist()) == list(range(len(matrix)))


def test_weights_that_add_up_are_kept_apart() -> None:
    # The first column forbids two pairs, the second a third one.
    matrix = np.array([[100, 0], [100, 60], [-100, 90], [-100, 0]], dtype=np.int8)
    order = paired([matrix]).tolist()
    pairs = {frozenset(order[:2]), frozenset(order[2:])}
    assert pairs == {frozenset({0, 2}), frozenset({1, 3})}


@pytest.mark.parametrize("vocabularies", [(40, None), (40, 30)], ids=["shared", "separate"])
def test_the_model_means_the_same(vocabularies: tuple[int, int | None]) -> None:
    model = parse_marian(student_model(random_parameters(*vocabularies, sizes=SIZES), SIZES))
    other = arranged(model, read_architecture(model))
    assert other.channels is not None
    assert other.channels.tolist() != list(range(SIZES.width))
    assert any((other.floats[name] != value).any() for name, value in model.floats.items() if name.endswith("_b1"))
    ids = torch.tensor([[5, 9, 13, 0], [7, 7, 2, 0]])
    written = torch.tensor([[vocabularies[1] or 40, 3, 11], [vocabularies[1] or 40, 8, 4]])
    with torch.inference_mode():
        logits, others = (
            reference_model(one)(input_ids=ids, decoder_input_ids=written, use_cache=False).logits
            for one in (model, other)
        )
    torch.testing.assert_close(others, logits, atol=1e-3, rtol=1e-3)
    assert logits.abs().max() > 1


def test_hardly_any_neighbours_of_the_embedded_models_add_up(entry: ModelEntry, store: ModelStore) -> None:
    model = read_marian(store.student_files(entry).model)
    other = arranged(model, read_architecture(model))
    assert crowded(other) < crowded(model) / 3
    # To overflow, both activations would have to be near their limit.
    assert crowded(model, limit=150) > 200
    assert crowded(other, limit=150) <= 4


def test_a_processor_without_vnni_comes_to_the_exact_sums(entry: ModelEntry, store: ModelStore) -> None:
    folder = store.ensure(entry).folder
    usual, exact = (_encoder(folder / ENCODER_FILE, precise) for precise in ("0", "1"))
    tokenizer = Tokenizer(folder / VOCABULARY_FILE)
    rows = [
        Row(index, ids, np.array([], dtype=np.int32))
        for index, ids in enumerate(tokenizer.encode(SENTENCES[entry.source]))
    ]
    expected = exact(rows)
    for name, value in usual(rows).items():
        np.testing.assert_array_equal(value, expected[name])


def _encoder(path: Path, precise: str) -> Encoder:
    """The encoder; `precise` has ONNX Runtime compute in wider integers where 16 bits might overflow."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", precise)
    return Encoder(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))
