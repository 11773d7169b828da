"""The embedded models' own files, and the engines made from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_models import write_marian, write_trained_marian

from service.engines import Engine
from service.engines.loading import (
    Placement,
    convert_ctranslate2,
    load_ctranslate2,
    load_marian_torch,
    load_seq2seq,
    load_student,
)
from service.models.catalog import EMBEDDED, Catalog, ModelEntry
from service.models.store import ModelStore


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """A store of this test session's own, so that the conversion itself is tested."""
    return ModelStore(tmp_path_factory.mktemp("home") / "models", Catalog())


@pytest.fixture(scope="session", params=EMBEDDED, ids=lambda entry: entry.pair)
def entry(request: pytest.FixtureRequest) -> ModelEntry:
    """Each embedded model."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def model_file(entry: ModelEntry, store: ModelStore) -> Path:
    """The model's Marian file, its checksum verified."""
    return store.checked_source(entry, entry.model)


@pytest.fixture(scope="session")
def student(entry: ModelEntry, store: ModelStore) -> Iterator[Engine]:
    """The int8 engine of the entry."""
    installed = store.ensure(entry)
    engine = load_student(installed.folder, entry.model_id, entry.revision, installed.vocabulary_size)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def reference(entry: ModelEntry, store: ModelStore, model_file: Path) -> Iterator[Engine]:
    """The float engine of the entry."""
    vocabulary = store.checked_source(entry, entry.vocabulary)
    engine = load_marian_torch(model_file, vocabulary, entry.model_id, entry.revision, Placement())
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OPUS-MT folder with random weights."""
    folder = tmp_path_factory.mktemp("random") / "opus"
    write_marian(folder)
    return folder


@pytest.fixture(scope="session")
def random_converted(random_folder: Path) -> Path:
    """The same for ctranslate2."""
    folder = random_folder.with_name("converted")
    convert_ctranslate2(random_folder, folder, "random")
    return folder


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OPUS-MT folder that was trained, in a few seconds, on the toy languages."""
    folder = tmp_path_factory.mktemp("toy") / "opus"
    write_trained_marian(folder)
    return folder


@pytest.fixture(scope="session")
def toy_converted(toy_folder: Path) -> Path:
    """The same for ctranslate2."""
    folder = toy_folder.with_name("converted")
    convert_ctranslate2(toy_folder, folder, "toy")
    return folder


@pytest.fixture(scope="session")
def ctranslate2(toy_converted: Path) -> Iterator[Engine]:
    """The int8 engine of the toy model."""
    engine = load_ctranslate2(toy_converted, "toy", "1", parallel_calls=2)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def seq2seq(toy_folder: Path) -> Iterator[Engine]:
    """The float engine of the toy model."""
    engine = load_seq2seq(toy_folder, "toy", "1", Placement())
    yield engine
    engine.close()
