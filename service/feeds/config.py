"""How feeds are fetched and digested: the values of the settings, with nothing of where they come from."""

from __future__ import annotations

import msgspec

from service.feeds.addresses import AddressPolicy


class FetchConfig(msgspec.Struct, frozen=True):
    """Limits of fetching. Sizes are in bytes, times in seconds.

    `max_bytes` bounds a body before and after decompression, `total_seconds` one attempt with all its redirects,
    `host_pause_seconds` is left between two requests to one host, which gets one at a time. `retries` further attempts
    follow one that may do better, `backoff_seconds` after the first and twice as long after each; a server's
    `Retry-After` is waited for up to `max_wait_seconds`, and else left to a later run.
    """

    addresses: AddressPolicy = msgspec.field(default_factory=AddressPolicy)
    concurrency: int = 16
    max_bytes: int = 8_000_000
    total_seconds: float = 30.0
    host_pause_seconds: float = 1.0
    retries: int = 2
    backoff_seconds: float = 0.5
    max_wait_seconds: float = 10.0
    max_redirects: int = 5
    user_agent: str = "manchete (self-hosted feed reader)"


class FeedsConfig(msgspec.Struct, frozen=True):
    """`max_items` is how many items of one document are taken, the first ones.

    Items are deleted `retention_days` after they were seen first; 0 keeps them.
    """

    max_items: int = 200
    retention_days: int = 90
    fetch: FetchConfig = msgspec.field(default_factory=FetchConfig)
