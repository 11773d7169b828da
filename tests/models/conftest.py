"""Servers that offer models, and a store to pull them into."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_sources import FakeServer

from service.models import Catalog, ModelEntry, ModelStore
from service.models.pull import pull
from service.models.sources import Listener, Sources

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engines"))


@pytest.fixture(scope="session")
def student() -> dict[str, bytes]:
    """The files of a tiny random student."""
    from marian_files import student_files

    return student_files()


@pytest.fixture(scope="session")
def two_vocabularies() -> dict[str, bytes]:
    """The files of a tiny random student whose languages have a vocabulary each."""
    from marian_files import two_vocabulary_files

    return two_vocabulary_files()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """Serves nothing yet."""
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    """An empty store."""
    return ModelStore(tmp_path / "models", Catalog())


Pull = Callable[..., ModelEntry]


class Heard:
    """What a pull told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.progress: list[tuple[int, int]] = []


@pytest.fixture
def heard() -> Heard:
    """What the pulls of the test told."""
    return Heard()


@pytest.fixture
def do_pull(server: FakeServer, models: ModelStore, heard: Heard) -> Pull:
    """Pull from the fake server into the store, without long pauses."""

    def run(what: str, source: str = "firefox", **changes: object) -> ModelEntry:
        settings = {"firefox_url": server.url, "hub_url": server.url, "first_pause_seconds": 0.01} | changes
        listener = Listener(heard.lines.append, lambda done, total: heard.progress.append((done, total)))
        return pull(models, Sources(**settings), what, source, listener)  # type: ignore[arg-type]

    return run
