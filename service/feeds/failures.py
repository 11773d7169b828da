"""Why a document could not be had."""

from __future__ import annotations

from service.errors import MancheteError


class FetchFailed(MancheteError):
    """A document could not be fetched or read; the message is one sentence for people.

    `transient` says that trying again soon may help, `retry_after` in how many seconds the server asks for that.
    """

    def __init__(self, message: str, *, transient: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.retry_after = retry_after


class AddressRefused(FetchFailed):
    """The URL leads to where this service does not go: another scheme, or an address that is not public."""
