"""The benchmarks' command line in this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_runs import Bench, Ran

from benchmarks.cli import run
from service.settings import Settings
from service.wiring import prepare_models


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str]) -> Iterator[Bench]:
    """Run `manchete bench` with arguments; errors are raised as they are."""
    before = signal.getsignal(signal.SIGTERM)

    def start(*arguments: object) -> Ran:
        code = run([str(one) for one in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield start
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store with the embedded models converted; one for the whole session."""
    home = tmp_path_factory.getbasetemp() / "prepared-home"
    prepare_models(Settings(home=home), force=False, report=lambda _: None)
    return home


@pytest.fixture
def home(prepared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same store, for the processes that this test starts."""
    monkeypatch.setenv("MANCHETE_HOME", str(prepared_home))
    return prepared_home
