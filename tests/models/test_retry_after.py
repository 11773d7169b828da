"""What servers ask for with `Retry-After`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.retry_after import retry_after_seconds

NOW = datetime(2026, 3, 2, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 400, 999_999_999.0),
        ("0000000000007", 7.0),
        ("Mon, 02 Mar 2026 08:01:30 GMT", 90.0),
        # Without a zone, and with the one that RFC 5322 has for an unknown one.
        ("Mon, 02 Mar 2026 08:01:30", 90.0),
        ("Mon, 02 Mar 2026 08:01:30 -0000", 90.0),
        ("Mon, 02 Mar 2026 09:01:30 +0100", 90.0),
        ("Mon, 02 Mar 2026 07:00:00 GMT", 0.0),
        ("Mon, 99 Mar 2026 07:00:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_read_alike(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_without_a_time_the_present_counts() -> None:
    assert retry_after_seconds("Mon, 02 Mar 2026 07:00:00 GMT") == 0.0
    assert (retry_after_seconds("Thu, 02 Mar 2090 07:00:00 GMT") or 0) > 1_000_000
