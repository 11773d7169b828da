"""Folders that are not what they should be: each ends in an error that names the file, and in no nonsense."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hub_models import write_m2m100, write_marian
from safetensors.torch import load_file, save_file

from service.engines import Engine
from service.engines.loading import (
    CTRANSLATE2,
    SEQ2SEQ,
    Placement,
    convert_ctranslate2,
    expected_bytes,
    load_ctranslate2,
    load_seq2seq,
)
from service.errors import ModelCorrupt, ModelError, ModelMissing

Read = Callable[[Path], object]


@pytest.fixture
def folder(random_folder: Path, tmp_path: Path) -> Path:
    """A copy of the random OPUS-MT folder, to be damaged."""
    return Path(shutil.copytree(random_folder, tmp_path / "opus"))


@pytest.fixture
def converted(random_converted: Path, tmp_path: Path) -> Path:
    """A copy of the same model for ctranslate2, to be damaged."""
    return Path(shutil.copytree(random_converted, tmp_path / "converted"))


@pytest.fixture(params=["convert", "seq2seq"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """Each way to read an OPUS-MT folder."""
    if request.param == "convert":
        return lambda folder: convert_ctranslate2(folder, tmp_path / "out", "broken")
    return lambda folder: load_seq2seq(folder, "broken", "1", Placement())


def load(folder: Path) -> Engine:
    return load_ctranslate2(folder, "broken", "1")


def fails(read: Read, folder: Path, kind: type[ModelError], match: str) -> None:
    with pytest.raises(kind, match=match) as caught:
        read(folder)
    assert caught.value.model_id == "broken"


def change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_pickle_is_not_read(folder: Path, read: Read, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
            return Path.touch, (tmp_path / "sprung",)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    fails(read, folder, ModelMissing, r"model.safetensors is missing and pytorch_model.bin is not read: it is a pickle")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "source.spm", "target.spm", "vocab.json"])
def test_a_missing_file_is_named(folder: Path, read: Read, name: str) -> None:
    (folder / name).unlink()
    fails(read, folder, ModelMissing, rf"{name} is missing; get the model again with 'manchete models pull broken'")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "source.spm", "target.spm", "vocab.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_cut_file_is_named(folder: Path, read: Read, name: str, share: float) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    fails(
        read, folder, ModelCorrupt, rf"{name} cannot be used .*; get the model again with 'manchete models pull broken'"
    )


def test_weights_without_a_matrix_are_not_made_up(folder: Path, read: Read) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.encoder.layers.1.fc1.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    fails(read, folder, ModelCorrupt, r"model.safetensors .*it lacks model.encoder.layers.1.fc1.weight")


def test_a_matrix_of_another_size_is_refused(folder: Path, read: Read) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["model.encoder.layers.1.fc1.bias"] = torch.zeros(3)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    fails(read, folder, ModelCorrupt, "model.safetensors")


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ({"</s>": 0, "<unk>": 1}, "it lacks one of"),
        ({"</s>": 0, "<unk>": 1, "<pad>": 3}, "its ids are not 0, 1, 2"),
        ({"</s>": 0, "<unk>": "1", "<pad>": 2}, ""),
        ([], ""),
    ],
)
def test_a_vocabulary_that_is_none_is_refused(folder: Path, read: Read, vocabulary: object, message: str) -> None:
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    fails(read, folder, ModelCorrupt, f"vocab.json cannot be used .*{message}")


def test_two_vocabularies_are_refused(folder: Path, read: Read) -> None:
    shutil.copy(folder / "vocab.json", folder / "target_vocab.json")
    fails(read, folder, ModelCorrupt, "target_vocab.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "t5"}, "model_type is t5; this engine serves marian only"),
        ({"vocab_size": 7}, "vocab_size is 7, but the vocabulary has"),
        ({"pad_token_id": 3}, "<pad> is not the last token"),
        ({"max_position_embeddings": 100}, "100 positions are too few for 128 tokens"),
    ],
)
def test_what_ctranslate2_would_serve_wrongly_is_not_converted(
    folder: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    change_json(folder / "config.json", **changes)
    fails(lambda path: convert_ctranslate2(path, tmp_path / "out", "broken"), folder, ModelCorrupt, message)


def test_a_model_that_starts_from_a_padding_token_is_left_to_seq2seq(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["model.shared.weight"][-1] = 0.5
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    fails(
        lambda path: convert_ctranslate2(path, tmp_path / "out", "broken"), folder, ModelCorrupt, "'seq2seq' serves it"
    )
    assert load_seq2seq(folder, "fine", "1", Placement()).translate(["x"])


def test_a_model_of_few_positions_takes_short_texts(tmp_path: Path) -> None:
    write_marian(tmp_path / "opus", positions=68)
    engine = load_seq2seq(tmp_path / "opus", "short", "1", Placement())
    assert engine.max_source_tokens == 20
    texts = ["b" + "b" * size + " x" * size for size in range(20)]
    longest = [text for text, count in zip(texts, engine.count_tokens(texts), strict=True) if count <= 20][-1]
    assert engine.count_tokens([longest])[0] >= 18
    assert engine.translate([longest])[0].target_tokens <= 68


def test_nothing_of_a_failed_conversion_is_left(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelCorrupt):
        convert_ctranslate2(folder, tmp_path / "out", "broken")
    assert list((tmp_path / "out").iterdir()) == []


def test_conversion_gives_the_vocabulary_size_and_the_files_it_needs(random_folder: Path, tmp_path: Path) -> None:
    size = convert_ctranslate2(random_folder, tmp_path, "random")
    assert size == len(json.loads((random_folder / "vocab.json").read_text(encoding="utf-8")))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"config.json", "model.bin", "shared_vocabulary.json", "source.spm", "target.spm", "vocab.json"}
    published = (random_folder / "model.safetensors").stat().st_size
    assert (tmp_path / "model.bin").stat().st_size < 0.5 * published


CONVERTED_FILES = ["config.json", "model.bin", "shared_vocabulary.json", "source.spm", "target.spm", "vocab.json"]


@pytest.mark.parametrize("name", CONVERTED_FILES)
def test_a_missing_converted_file_is_named(converted: Path, name: str) -> None:
    (converted / name).unlink()
    fails(load, converted, ModelMissing, f"{name} is missing")


@pytest.mark.parametrize("name", ["model.bin", "source.spm", "target.spm", "vocab.json", "shared_vocabulary.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_converted_file_is_refused(converted: Path, name: str, share: float) -> None:
    content = (converted / name).read_bytes()
    (converted / name).write_bytes(content[: int(share * len(content))])
    # The library reads its own files together and does not say which one it was.
    fails(load, converted, ModelCorrupt, "cannot be used")


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    write_m2m100(tmp_path / "m2m100")
    (tmp_path / "m2m100" / "vocab.json").write_text("{")
    fails(lambda path: load_seq2seq(path, "broken", "1", Placement()), tmp_path / "m2m100", ModelCorrupt, "tokenizer")


def test_expected_bytes_are_near_what_engines_report(random_folder: Path, random_converted: Path) -> None:
    published = (random_folder / "model.safetensors").stat().st_size
    torch_bytes = load_seq2seq(random_folder, "random", "1", Placement()).resident_bytes
    assert torch_bytes <= expected_bytes(SEQ2SEQ, published, 0) <= 4 * torch_bytes
    engine = load_ctranslate2(random_converted, "random", "1")
    assert engine.resident_bytes == expected_bytes(CTRANSLATE2, (random_converted / "model.bin").stat().st_size, 0)
