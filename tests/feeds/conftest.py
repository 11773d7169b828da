"""A feed site, a pipeline whose engine answers each text with itself, and desks over databases of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from feed_runs import LOCAL
from feed_site import FeedSite
from msgspec import structs

from service.engines.echo import EchoEngine
from service.feeds.config import FeedsConfig
from service.feeds.desk import FeedDesk
from service.guards import unchecked
from service.pipeline import Pipeline
from service.settings import Settings, settings_from
from service.wiring import build, prepare_models

MakeDesk = Callable[..., FeedDesk]
Manchete = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def site() -> Iterator[FeedSite]:
    """A site of its own for each test."""
    served = FeedSite()
    yield served
    served.close()


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The real pipeline over an engine that translates nothing."""
    settings = settings_from({"home": tmp_path_factory.mktemp("home"), "preload": "", "threads": 1})
    service = build(settings, load=EchoEngine, check=unchecked)
    yield service.pipeline
    service.close()


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    """Open a desk on `tmp_path / name`; further options are the fetch configuration's."""
    with ExitStack() as stack:

        def make(name: str = "feeds.db", *, max_items: int = 200, retention_days: int = 0, **fetch: object) -> FeedDesk:
            config = FeedsConfig(max_items, retention_days, structs.replace(LOCAL, **fetch))  # type: ignore[arg-type]
            desk = FeedDesk(f"sqlite:///{tmp_path / name}", config)
            stack.callback(desk.close)
            return desk

        yield make


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a command: the embedded models, converted, and leave to fetch from this machine."""
    home = tmp_path_factory.getbasetemp() / "prepared-home"
    prepare_models(Settings(home=home), force=False, report=lambda _: None)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANCHETE_")}
    return kept | {
        "MANCHETE_HOME": str(home),
        "MANCHETE_THREADS": "1",
        "MANCHETE_FEEDS_ALLOW_PRIVATE": "127.0.0.0/8",
        "MANCHETE_FEEDS_HOST_PAUSE_SECONDS": "0",
    }


@pytest.fixture
def manchete(environment: dict[str, str], tmp_path: Path) -> Manchete:
    """Run `manchete feeds` with arguments, on a database of the test's own."""
    database = {"MANCHETE_FEEDS_DATABASE": f"sqlite:///{tmp_path / 'feeds.db'}"}

    def run(*arguments: str, given: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "service.cli", "feeds", *arguments]
        return subprocess.run(
            command, input=given, capture_output=True, env=environment | database | variables, timeout=300, check=False
        )

    return run
