"""The parent's side of measured processes: started on their cores, asked in turn, never waited for without a limit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Final, Self

from benchmarks.conditions import child_environment, pinned
from service.errors import EngineFailure

ANSWER_SECONDS: Final = 900.0
_CLOSE_SECONDS: Final = 20.0
_SHOWN_CHARACTERS: Final = 300


class SystemFailed(EngineFailure):
    """A measured system failed, died or took too long; `message` says which and why."""


class Worker:
    """One `benchmarks.worker` process, pinned to `cores`. Use as a context manager, from one thread.

    `module` is another program that answers in the same manner, `environment` what it is told besides.
    """

    def __init__(
        self,
        system: str,
        cores: Sequence[int],
        seconds: float = ANSWER_SECONDS,
        *,
        module: str = "benchmarks.worker",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._system = system
        self._seconds = seconds
        self._late = threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the worker
        with pinned(cores):
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", module, system],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=child_environment(environment),
                text=True,
                encoding="utf-8",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            # Interrupted: nobody wants to wait until it has finished what it does.
            self._process.kill()
        self.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """Send a request and wait for its answer; raises SystemFailed."""
        timer = threading.Timer(self._seconds, self._give_up)
        timer.start()
        try:
            answer = self._exchange(json.dumps({"do": do, **fields}))
        finally:
            timer.cancel()
        if "error" in answer:
            raise SystemFailed(f"{self._system} failed to {do}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process: by closing its input, and by force when it does not leave."""
        if self._process.stdin is not None:
            # Broken when the process has died already.
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def _exchange(self, line: str) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the worker's pipes are made with it")
        try:
            stdin.write(line + "\n")
            stdin.flush()
            reply = stdout.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            raise SystemFailed(self._obituary())
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _give_up(self) -> None:
        self._late.set()
        self._process.kill()

    def _obituary(self) -> str:
        if self._late.is_set():
            return f"{self._system} took longer than {self._seconds:g} s"
        code = self._process.wait()
        return f"{self._system} died with exit status {code}: {last_line(self._errors)}"


def last_line(log: IO[bytes]) -> str:
    """The last line of a log that says something, shortened."""
    log.seek(0)
    text = log.read().decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_SHOWN_CHARACTERS] if lines else "it said nothing"
