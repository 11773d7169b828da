"""What a server asks for with `Retry-After`, read in one way by all who wait for servers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# More digits would be more than thirty years, and very many more no number that can be kept.
_MOST_DIGITS: Final = 9


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait, never less than 0, or None where the header is missing or says nothing that can be read.

    A number of seconds or a date (RFC 9110, section 10.2.3); a date without a zone is taken for UTC, which the only
    zone of HTTP dates is. `now` is the time to count from, aware of its zone; None means the present.
    """
    if value is None:
        return None
    given = value.strip()
    if given.isascii() and given.isdigit():
        return float(given) if len(given.lstrip("0")) <= _MOST_DIGITS else float("9" * _MOST_DIGITS)
    try:
        when = parsedate_to_datetime(given)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
