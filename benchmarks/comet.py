"""COMET (Rei 2020) by its own command, `comet-score`, with a model that is on this machine.

The package wants older libraries than the service, so it lives in an environment of its own; only its command is run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.processes import SystemFailed, last_line

COMMAND_VARIABLE: Final = "COMET_SCORE"
_SECONDS: Final = 7200


def missing(checkpoint: Path | None) -> str | None:
    """Why COMET cannot be measured, None where it can."""
    if checkpoint is None:
        return "no model was given (--comet CHECKPOINT)"
    if not checkpoint.is_file():
        return f"{checkpoint} is no file"
    if _command() is None:
        return f"there is no comet-score on PATH or in {COMMAND_VARIABLE} (package unbabel-comet)"
    return None


def comet_score(checkpoint: Path, sources: Sequence[str], outputs: Sequence[str], references: Sequence[str]) -> float:
    """The score of all outputs together, as the model scales it, mostly 0 to 1; raises SystemFailed."""
    command = _command()
    if command is None:
        raise SystemFailed("there is no comet-score")
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile() as log:
        folder = Path(name)
        for file, lines in {"sources": sources, "outputs": outputs, "references": references}.items():
            (folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        arguments = [
            "-s",
            "sources",
            "-t",
            "outputs",
            "-r",
            "references",
            "--gpus",
            "0",
            "--quiet",
            "--to_json",
            "scores",
        ]
        try:
            run = subprocess.run(  # noqa: S603
                [command, *arguments, "--model", str(checkpoint.resolve())],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_SECONDS,
                check=False,
            )
            if run.returncode:
                raise SystemFailed(f"comet-score ended with exit status {run.returncode}: {last_line(log)}")
            scores = json.loads((folder / "scores").read_text(encoding="utf-8"))
            segments = [float(segment["COMET"]) for segment in scores["outputs"]]
        except subprocess.TimeoutExpired as error:
            raise SystemFailed(f"comet-score took longer than {_SECONDS} s") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SystemFailed(f"comet-score wrote no scores ({type(error).__name__})") from error
    if len(segments) != len(outputs):
        raise SystemFailed(f"comet-score scored {len(segments)} of {len(outputs)} lines")
    return sum(segments) / len(segments)


def _command() -> str | None:
    return shutil.which(os.environ.get(COMMAND_VARIABLE, "comet-score"))
