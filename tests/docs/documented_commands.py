"""Finds the commands in the project's documentation and checks that they do what the reader is told.

A fenced block marked `sh` is run as one script and must succeed. In a block marked `console` the commands follow `$ `
and are run one by one; marked `console deterministic`, each must print exactly what follows it. Commands that install
or start something are not run: what can be known about them without it is checked instead. The same holds for a block
marked `network`, whose commands need what a test cannot reach or what such a command brings.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from service.cli.parser import parse
from service.models.pairs import parse_pair
from service.models.sources import FIREFOX, OPUS

REPOSITORY = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):8000")
SECONDS = 180


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, the words after the fence, its text."""

    path: Path
    line: int
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Command:
    """One command, and the output shown below it (None in a block that shows none)."""

    line: str
    output: str | None = None

    @property
    def arguments(self) -> list[str]:
        words = shlex.split(self.line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        return words


def documents() -> list[Path]:
    return [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        words = tuple(token.info.split())
        if token.type == "fence" and token.map and words and words[0] in {"sh", "console"}:
            yield Block(path, token.map[0] + 1, words, token.content)


def commands(block: Block) -> list[Command]:
    """The commands of a block; a line that ends in a backslash or inside quotes goes on in the next."""
    found: list[Command] = []
    pending = ""
    for raw in block.text.splitlines():
        line = raw
        if block.words[0] == "console" and not pending:
            if not line.startswith("$ "):
                if not found:
                    raise ValueError(f"{block.path.name}:{block.line}: output before any `$ ` command")
                found[-1] = Command(found[-1].line, f"{found[-1].output}{line}\n")
                continue
            line = raw.removeprefix("$ ")
        pending = f"{pending}\n{line}" if pending else line
        if _is_complete(pending):
            if pending.strip() and not pending.lstrip().startswith("#"):
                found.append(Command(pending, "" if block.words[0] == "console" else None))
            pending = ""
    if pending:
        raise ValueError(f"{block.path.name}:{block.line}: unfinished command: {pending}")
    return found


def _is_complete(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return not text.endswith("\\")


def _check_make(arguments: list[str]) -> None:
    run = subprocess.run(["make", "--dry-run", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def _check_docker(arguments: list[str]) -> None:
    assert arguments[0] in {"build", "run"}, f"docker {arguments[0]} is not checked by anything"
    declared = re.findall(r"^ARG (\w+)", (REPOSITORY / "Dockerfile").read_text(), flags=re.MULTILINE)
    given = [value.partition("=")[0] for flag, value in pairwise(arguments) if flag == "--build-arg"]
    assert set(given) <= set(declared), f"build arguments {given}; the Dockerfile has {declared}"


def _check_pip(arguments: list[str]) -> None:
    assert arguments[0] == "install", f"pip {arguments[0]} is not checked by anything"


def _check_serve(arguments: list[str]) -> None:
    run = subprocess.run([executable(), *arguments, "--help"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def _check_networked(command: Command) -> None:
    name, *rest = command.arguments
    assert name == "manchete", f"{name} is not checked by anything in a block marked network"
    # What is not understood raises.
    parse(rest)
    if rest[:2] == ["models", "pull"]:
        what, flag, source = rest[2:5]
        assert flag == "--source", command.line
        assert source in {FIREFOX, OPUS} or parse_pair(what), f"a folder does not say its own languages: {command.line}"


def _accept(arguments: list[str]) -> None:
    """Nothing can be known about `git clone` and `cd` without the network."""


def static_check(command: Command) -> Callable[[], None] | None:
    """How to check a command that must not be run, or None when it can be run."""
    name, *rest = command.arguments or [""]
    checks = {"make": _check_make, "docker": _check_docker, "pip": _check_pip, "git": _accept, "cd": _accept}
    if name in checks:
        return lambda: checks[name](rest)
    if name == "manchete" and rest[:1] == ["serve"]:
        return lambda: _check_serve(rest)
    return None


def executable() -> Path:
    """The installed command; it stands beside the interpreter that runs the tests."""
    path = Path(sys.executable).with_name("manchete")
    assert path.exists(), f"{path} is not there: install the project into this environment (make setup)"
    return path


def workspace(folder: Path) -> Path:
    """A folder that looks like the repository to a command that reads, and takes what a command writes beside it."""
    for entry in REPOSITORY.iterdir():
        if entry.name not in {".git", ".venv"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def check(block: Block, folder: Path, environment: Mapping[str, str]) -> None:
    """Check every command of a block; raises AssertionError telling what differs."""
    found = commands(block)
    if "network" in block.words:
        for command in found:
            _check_networked(command)
        return
    static = [static_check(command) for command in found]
    if any(static):
        assert all(static), "a block either installs and starts things or runs commands: split it"
        for verify in static:
            verify()
        return
    scripts = found if block.words[0] == "console" else [Command(block.text)]
    for command in scripts:
        printed = _run(command.line, folder, environment)
        if command.output is not None and "deterministic" in block.words:
            assert printed == command.output, f"$ {command.line}\nprinted:\n{printed}\nshown:\n{command.output}"
        elif command.output:
            assert printed, f"$ {command.line}\nprinted nothing; shown:\n{command.output}"


def _run(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    bash = shutil.which("bash")
    assert bash, "bash is needed to run the documented commands"
    run = subprocess.run(
        [bash, "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"$ {script}\nexit status {run.returncode}\n{run.stdout}{run.stderr}"
    return run.stdout
