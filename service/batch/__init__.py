"""Files of any length: every record is translated, or summarized as well, in order, and a killed run goes on."""

from __future__ import annotations

from service.batch.job import Job, Progress, run

__all__ = ["Job", "Progress", "run"]
