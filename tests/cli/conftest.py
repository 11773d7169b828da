"""The command line on real weights and a store of this test session's own, in this process or as a user runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.cli.app import main
from service.settings import Settings
from service.wiring import prepare_models

Manchete = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store with the embedded models converted; one for the whole session."""
    home = tmp_path_factory.getbasetemp() / "prepared-home"
    prepare_models(Settings(home=home), force=False, report=lambda _: None)
    return home


@pytest.fixture(scope="session")
def environment(prepared_home: Path) -> dict[str, str]:
    """The environment of a command: none of the developer's settings, but the prepared store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANCHETE_")}
    return kept | {"MANCHETE_HOME": str(prepared_home), "MANCHETE_THREADS": "1"}


@pytest.fixture(scope="session")
def manchete(environment: dict[str, str]) -> Manchete:
    """Run `manchete` with arguments and bytes on standard input."""

    def run(*arguments: str, given: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "service.cli", *arguments]
        return subprocess.run(
            command, input=given, capture_output=True, env=environment | variables, timeout=120, check=False
        )

    return run


@pytest.fixture
def manchete_here(
    prepared_home: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Manchete:
    """The same in this process, which saves the start; for tests that do not depend on it."""

    def run(*arguments: str, given: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        monkeypatch.setenv("MANCHETE_HOME", str(prepared_home))
        monkeypatch.setenv("MANCHETE_THREADS", "1")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["manchete", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(given))))  # type: ignore[arg-type]
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfdbinary.readouterr()
        return subprocess.CompletedProcess(arguments, int(end.value.code or 0), out, err)

    return run
