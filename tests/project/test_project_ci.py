"""`.ci/run` runs what it should, in order, and fails when something in it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose make and python only note how they are called; python exits as `pytest-status` says."""
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "run", folder / ".ci" / "run")
    _script(folder / ".venv" / "bin" / "python", 'echo "pytest $*" >> calls\nexit "$(cat pytest-status)"')
    _script(folder / "bin" / "make", 'echo "make $*" >> calls\ntest "$*" != "$(cat make-fails)"')
    _script(folder / "bin" / "initdb", "exit 0")
    _script(folder / "bin" / "chromium", "exit 0")
    _script(folder / "bin" / "chromedriver", "exit 0")
    (folder / "pytest-status").write_text("0")
    (folder / "make-fails").write_text("nothing")
    return folder


def _script(path: Path, body: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def _run(checkout: Path) -> tuple[int, list[str]]:
    run = subprocess.run(
        ["bash", ".ci/run"],
        cwd=checkout,
        env={"PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, (checkout / "calls").read_text().splitlines()


def test_everything_is_run_in_order_without_a_home_or_a_terminal(checkout: Path) -> None:
    status, calls = _run(checkout)
    assert status == 0
    made = ["make test", "make check", "make gate", "make llm"]
    assert calls == [*made, "pytest -m pytest -m slow", "pytest -m pytest -m browser"]


def test_a_mark_that_no_test_has_is_no_failure(checkout: Path) -> None:
    (checkout / "pytest-status").write_text("5")
    status, calls = _run(checkout)
    assert status == 0
    assert calls[-1] == "pytest -m pytest -m browser"


def test_a_failing_test_fails_the_run(checkout: Path) -> None:
    (checkout / "pytest-status").write_text("1")
    assert _run(checkout)[0] != 0


@pytest.mark.parametrize("target", ["test", "check", "gate"])
def test_a_failing_target_fails_the_run(checkout: Path, target: str) -> None:
    (checkout / "make-fails").write_text(target)
    status, calls = _run(checkout)
    assert status != 0
    assert calls[-1] == f"make {target}"


def test_the_script_can_be_executed() -> None:
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)


def test_the_hooks_before_a_commit_are_the_checks_of_make() -> None:
    configuration = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for source in configuration["repos"] for hook in source["hooks"]]
    assert {source["repo"] for source in configuration["repos"]} == {"local"}
    checks = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for hook in hooks:
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert f"$(BIN)/{tool}" in checks
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "mypy", "lint-imports"]
