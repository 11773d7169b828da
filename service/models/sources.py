"""Where models come from, and who is told while they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

Report: TypeAlias = Callable[[str], None]
"""Told in sentences what happens."""
Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes are here, and of how many."""

FIREFOX: Final = "firefox"
OPUS: Final = "opus"


class Sources(msgspec.Struct, frozen=True):
    """Base addresses of the records server and of the hub, or of mirrors; `offline` forbids to ask either.

    A connection that broke is tried again after `first_pause_seconds`, then after twice as long, and so on.
    """

    firefox_url: str
    hub_url: str
    offline: bool = False
    first_pause_seconds: float = 0.5


class Listener(msgspec.Struct, frozen=True):
    """Who is told of a pull; `progress` counts the bytes of the whole model."""

    report: Report
    progress: Progress
