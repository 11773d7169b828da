"""Progress on standard error: one line that rewrites itself on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO


class Progress:
    """Counts steps out of a total that is known before. Use as a context manager, which clears the line at the end."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._done = 0
        self._stream = stream or sys.stderr
        self._rewrites = self._stream.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rewrites:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def step(self, what: str) -> None:
        """Say what is being done from now on."""
        self._done += 1
        line = f"[{self._done}/{self._total}] {what}"
        self._stream.write(f"\r\x1b[K{line}" if self._rewrites else f"{line}\n")
        self._stream.flush()
