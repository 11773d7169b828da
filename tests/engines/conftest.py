"""The embedded models' own files, and the engines made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_models import write_marian, write_trained_marian
from trained_student import write_trained_student

from service.engines import Engine
from service.engines.loading import (
    Placement,
    StudentFiles,
    convert,
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
def embedded(store: ModelStore) -> Iterator[Callable[[str, ModelEntry], Engine]]:
    """Gives an engine of an embedded model, `student` (int8) or `reference` (float), which is loaded once."""
    loaded: dict[tuple[str, str], Engine] = {}

    def load(kind: str, entry: ModelEntry) -> Engine:
        if kind == "reference":
            return load_marian_torch(store.student_files(entry), entry.model_id, entry.revision, Placement())
        installed = store.ensure(entry)
        return load_student(installed.folder, entry.model_id, entry.revision, installed.vocabulary_size)

    def get(kind: str, entry: ModelEntry) -> Engine:
        key = kind, entry.model_id
        if key not in loaded:
            loaded[key] = load(kind, entry)
        return loaded[key]

    yield get
    for engine in loaded.values():
        engine.close()


@pytest.fixture(scope="session")
def student(entry: ModelEntry, embedded: Callable[[str, ModelEntry], Engine]) -> Engine:
    """The int8 engine of the entry."""
    return embedded("student", entry)


@pytest.fixture(scope="session")
def reference(entry: ModelEntry, embedded: Callable[[str, ModelEntry], Engine]) -> Engine:
    """The float engine of the entry."""
    return embedded("reference", entry)


@pytest.fixture(scope="session")
def two_vocabularies(tmp_path_factory: pytest.TempPathFactory) -> StudentFiles:
    """A student with a vocabulary for each language, trained in a few seconds on the toy languages."""
    files = write_trained_student(tmp_path_factory.mktemp("two") / "published")
    return StudentFiles(files["model"], (files["srcvocab"], files["trgvocab"]), files["lex"])


@pytest.fixture(scope="session")
def two_converted(two_vocabularies: StudentFiles) -> tuple[Path, int]:
    """The same as the int8 engine loads it, and the size of its target's vocabulary."""
    folder = two_vocabularies.model.parent.with_name("converted")
    folder.mkdir()
    return folder, convert(two_vocabularies, folder, "two")


@pytest.fixture(scope="session")
def two_student(two_converted: tuple[Path, int]) -> Iterator[Engine]:
    """The int8 engine of the student with two vocabularies."""
    folder, size = two_converted
    engine = load_student(folder, "two", "1", size)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def two_reference(two_vocabularies: StudentFiles) -> Iterator[Engine]:
    """The float engine of the student with two vocabularies."""
    engine = load_marian_torch(two_vocabularies, "two", "1", Placement())
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
