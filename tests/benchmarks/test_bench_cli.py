"""The command line: what it refuses, and that the documented commands are ones it takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from benchmarks.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.cli", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["speed", "--systems", "manchete,marian"], "--systems: marian is not known; there are: manchete, fxtranslate"),
        (["speed", "--systems", "manchete-0"], "--systems: manchete-0 is not known"),
        (["speed", "--systems", ","], "--systems: name at least one system"),
        (["speed", "--direction", "pt-xx"], "--direction: there is no model for pt-xx; there are: pt-en, en-pt, both"),
        (["speed", "--data", "docs"], "--data: docs has no flores200-devtest/por.devtest or sentences.pt.txt"),
        (["speed", "--core", "4096"], "--core: 4096 is not a core this process may use"),
        (["speed", "--rounds", "0"], "--rounds"),
        (["load", "--spawn", "--url", "http://127.0.0.1:1"], "--spawn: a server of its own has no --url"),
        (["load", "--direction", "both"], "--direction: name one pair"),
        (["load", "--url", "localhost:8000"], "--url: localhost:8000 is not an address"),
        (["load", "--url", "http://127.0.0.1:99999"], "--url: http://127.0.0.1:99999 is not an address"),
        (["load", "--url", "http://127.0.0.1:1"], "http://127.0.0.1:1 does not translate pt-en: ClientConnectorError"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments: list[str], complaint: str) -> None:
    run = _bench(*arguments)
    assert run.returncode == 2
    last = run.stderr.splitlines()[-1]
    assert complaint in last
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def _documented() -> list[str]:
    text = re.sub(r"\\\n\s*", "", PAGE.read_text(encoding="utf-8"))
    return re.findall(r"^manchete bench (.+)$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("line", _documented())
def test_documented_commands_have_options_that_exist(line: str) -> None:
    name, *arguments = shlex.split(line, comments=True)
    group = typer.main.get_command(app)
    context = group.make_context("bench", [name, *arguments])
    command = group.get_command(context, name)  # type: ignore[attr-defined]
    assert command is not None, f"there is no bench {name}"
    command.make_context(name, arguments, parent=context)


def test_every_command_is_documented() -> None:
    group = typer.main.get_command(app)
    names = set(group.list_commands(group.make_context("bench", [], resilient_parsing=True)))  # type: ignore[attr-defined]
    assert {line.split()[0] for line in _documented()} == names
