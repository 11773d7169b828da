"""Times as they are told to programs."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(seconds: int | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None where there is no time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
