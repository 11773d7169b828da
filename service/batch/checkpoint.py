"""How far a run has come, kept beside its output so that it goes on after being killed at any moment.

The output grows in a `.part` file. After each portion the part is flushed to the disk and only then does a new
checkpoint take the place of the old one, whole or not at all. What the part holds behind the checkpoint's `written`
bytes was written by a run that was killed, and is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from service.batch.records import Place
from service.errors import InvalidInput

_VERSION: Final = 1


class Checkpoint(msgspec.Struct, frozen=True):
    """So many records of the input, up to its byte or row `offset`, are in the first `written` bytes of the part.

    `failed` of them hold an error; `complete` says that there are no more.
    """

    records: int = 0
    offset: int = 0
    written: int = 0
    failed: int = 0
    complete: bool = False

    @property
    def place(self) -> Place:
        """Where the input is to be read on."""
        return Place(self.records, self.offset)


class CheckpointFile:
    """The file of a run's checkpoint; `job` is what must be the same for a run to go on."""

    def __init__(self, path: Path, job: Mapping[str, Any]) -> None:
        self._path = path
        self._job = dict(job)

    def load(self) -> Checkpoint | None:
        """The last checkpoint, None where there is none; raises InvalidInput when it is of another job."""
        try:
            stored = json.loads(self._path.read_bytes())
            job, state = stored["job"], Checkpoint(**stored["state"])
            known = stored["version"] == _VERSION
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            known, job, state = False, {}, Checkpoint()
        if not known:
            raise self._refusal("cannot be read")
        changed = sorted(name for name in self._job.keys() | job.keys() if self._job.get(name) != job.get(name))
        if changed:
            raise self._refusal(f"is of a run with another {' and '.join(changed)}")
        return state

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the last checkpoint, in one step."""
        stored = {"version": _VERSION, "job": self._job, "state": asdict(checkpoint)}
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(stored, stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._path)

    def delete(self) -> None:
        """Forget the run."""
        self._path.unlink(missing_ok=True)

    def _refusal(self, why: str) -> InvalidInput:
        return InvalidInput(f"--out: {self._path.name} {why}; --overwrite starts anew", field="--out")
