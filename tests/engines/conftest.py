"""The embedded models' own files, and the engines made from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.engines import Engine
from service.engines.loading import Placement, load_marian_torch, load_student
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
