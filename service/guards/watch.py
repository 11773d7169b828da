"""Who hears of findings."""

from __future__ import annotations

from collections.abc import Iterable


class Watch:
    """Hears what the guards find, for metrics. This one does nothing; a subclass overrides what it cares for.

    Called from any thread. It must raise nothing.
    """

    def found(self, codes: Iterable[str]) -> None:
        """The codes of the findings on first hypotheses."""

    def retried(self, result: str, segments: int) -> None:
        """Segments were searched again: `mended`, `improved`, `kept`, `refused` by the queue, or `failed`."""
