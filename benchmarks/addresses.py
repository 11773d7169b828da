"""Addresses of servers to measure, as they are given on the command line."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_http_address(url: str) -> bool:
    """Whether `url` has what it takes to connect: http or https, a host and, where it names one, a possible port."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
