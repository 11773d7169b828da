"""Does the article say so: the guard that generated summaries have to pass."""

from __future__ import annotations

from service.summarize.faithfulness.guard import Guard, Verdict

__all__ = ["Guard", "Verdict"]
