"""What `make` says and does, without installing anything: the interpreters are small stand-ins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TARGETS = ["help", "setup", "llm", "serve", "test", "check", "gate", "report", "benchmarks", "format", "clean"]
TOO_OLD = "exit 1"
NO_VENV = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.12 ;; esac'
# Makes a virtual environment whose pip runs but cannot install.
NO_NETWORK = """
if [ "$1 $2" = "-m venv" ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi
if [ "$1 $2 $3" = "-m pip install" ]; then echo "no route to host" >&2; exit 1; fi
"""
WORKING = """
echo "$@" >> calls
if [ "$1 $2" = "-m venv" ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder, with a space in its name, that holds what the Makefile needs."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, folder)
    return folder


def _interpreter(folder: Path, body: str) -> str:
    path = folder / "python-stand-in"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"./{path.name}"


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHON", "MAKEFLAGS", "ARGS"}}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    run = _make(REPOSITORY)
    listed = dict(re.findall(r"^  make (\w+) +(.+)$", run.stdout, flags=re.MULTILINE))
    assert sorted(listed) == sorted(TARGETS)


@pytest.mark.parametrize("target", ["setup", "serve", "test"])
def test_without_a_new_enough_python_the_user_learns_which_were_looked_for(checkout: Path, target: str) -> None:
    old = _interpreter(checkout, TOO_OLD)
    run = _make(checkout, target, f"PYTHON={old} python-that-is-not-there")
    assert run.returncode != 0
    assert "Python 3.11 or newer is needed" in run.stderr
    assert f"Looked for: {old} python-that-is-not-there" in run.stderr


def test_the_usual_interpreters_are_looked_for() -> None:
    assert re.search(r"^PYTHON \?= python3\.11 python3\.12 python3\.13 python3$", _text(), flags=re.MULTILINE)


def test_without_the_venv_module_the_package_to_install_is_named(checkout: Path) -> None:
    run = _make(checkout, "setup", f"PYTHON={_interpreter(checkout, NO_VENV)}")
    assert run.returncode != 0
    assert "python3.12-venv" in run.stderr


def test_when_pip_fails_the_user_learns_what_to_do_and_nothing_counts_as_installed(checkout: Path) -> None:
    run = _make(checkout, "setup", f"PYTHON={_interpreter(checkout, NO_NETWORK)}")
    assert run.returncode != 0
    assert "no route to host" in run.stderr
    assert "run make setup again" in run.stderr
    assert "Installing" in _make(checkout, "--dry-run", "setup").stdout


def test_set_up_installs_once_and_again_only_when_pyproject_changes(checkout: Path) -> None:
    python = f"PYTHON={_interpreter(checkout, WORKING)}"
    calls = checkout / "calls"
    assert _make(checkout, "setup", python).returncode == 0
    assert "-m pip install" in calls.read_text()
    assert ".[dev,bench,feeds,postgres]" in calls.read_text()
    calls.unlink()
    assert _make(checkout, "setup", python).returncode == 0
    assert not calls.exists()
    later = time.time() + 60
    os.utime(checkout / "pyproject.toml", (later, later))
    assert _make(checkout, "setup", python).returncode == 0
    assert "-m pip install" in calls.read_text()
    assert "-m venv" not in calls.read_text()


def test_tests_take_arguments(checkout: Path) -> None:
    assert "-m pytest -k layout" in _make(checkout, "--dry-run", "test", "ARGS=-k layout").stdout


def test_serve_prepares_the_models_first(checkout: Path) -> None:
    lines = _make(checkout, "--dry-run", "serve").stdout
    assert lines.index("manchete models prepare") < lines.index("manchete serve")


def test_clean_removes_what_was_made_and_no_source(checkout: Path) -> None:
    made = [checkout / ".venv", checkout / ".mypy_cache", checkout / "service" / "__pycache__"]
    for folder in made:
        folder.mkdir(parents=True)
    (checkout / "service" / "kept.py").touch()
    assert _make(checkout, "clean").returncode == 0
    assert not any(folder.exists() for folder in made)
    assert (checkout / "service" / "kept.py").exists()
    assert (checkout / "pyproject.toml").exists()


def _text() -> str:
    return (REPOSITORY / "Makefile").read_text(encoding="utf-8")
