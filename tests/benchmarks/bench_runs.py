"""What a benchmark command gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """A command that has run."""

    code: int
    out: str
    err: str


Bench = Callable[..., Ran]
