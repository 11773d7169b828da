"""Fetches a document over HTTP: conditionally, politely, within limits, and from public addresses only."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import httpcore
import httpx
import msgspec

from service.feeds.addresses import parse_url
from service.feeds.config import FetchConfig
from service.feeds.decoding import ENCODINGS, read_body
from service.feeds.failures import FetchFailed
from service.feeds.politeness import HostTurns
from service.feeds.transport import GuardedTransport, Resolve, resolve_by_system
from service.retry_after import retry_after_seconds

_CONNECT_SECONDS: Final = 10.0
_NOT_MODIFIED: Final = 304
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_FEED_TYPES: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_PAGE_TYPES: Final = "text/html, application/xhtml+xml, */*;q=0.1"


class Validators(msgspec.Struct, frozen=True):
    """What a server gave with a document, to be asked later whether it has changed (RFC 9110, section 13)."""

    etag: str | None = None
    last_modified: str | None = None


class Fetched(msgspec.Struct, frozen=True):
    """An answer. `body` is None where the document has not changed.

    `url` is where it came from after all redirects, `location` where it is asked for next time: that follows permanent
    redirects only.
    """

    url: str
    location: str
    content_type: str
    body: bytes | None
    validators: Validators


class Fetcher:
    """An HTTP client within the limits of a configuration; an async context manager."""

    def __init__(
        self, config: FetchConfig, *, resolve: Resolve = resolve_by_system, tls: ssl.SSLContext | None = None
    ) -> None:
        self._config = config
        self._turns = HostTurns(config.concurrency, config.host_pause_seconds)
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(config.addresses, resolve, tls),
            timeout=httpx.Timeout(config.total_seconds, connect=_CONNECT_SECONDS),
            headers={"user-agent": config.user_agent, "accept-encoding": ENCODINGS},
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def feed(self, url: str, known: Validators) -> Fetched:
        """Fetch a feed unless it is still what `known` belongs to; raises FetchFailed."""
        headers = {"accept": _FEED_TYPES}
        if known.etag:
            headers["if-none-match"] = known.etag
        if known.last_modified:
            headers["if-modified-since"] = known.last_modified
        return await self._patiently(url, headers)

    async def page(self, url: str) -> Fetched:
        """Fetch an article's page; raises FetchFailed."""
        return await self._patiently(url, {"accept": _PAGE_TYPES})

    async def _patiently(self, url: str, headers: Mapping[str, str]) -> Fetched:
        for attempt in range(self._config.retries + 1):
            try:
                return await self._follow(url, headers)
            except FetchFailed as failure:
                wait = failure.retry_after
                if wait is None:
                    # Spread, so that feeds of one broken host do not come back all at once.
                    wait = self._config.backoff_seconds * 2**attempt * random.uniform(1.0, 1.5)  # noqa: S311
                last = attempt == self._config.retries
                if last or not failure.transient or wait > self._config.max_wait_seconds:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _follow(self, url: str, headers: Mapping[str, str]) -> Fetched:
        location, permanent = url, True
        left = self._config.total_seconds
        for _ in range(self._config.max_redirects + 1):
            parsed = parse_url(url, self._config.addresses)
            # Waiting for the host's turn is not the server's fault and does not count.
            async with self._turns.turn(parsed.netloc.decode("ascii")):
                started = time.monotonic()
                answer = await self._once(parsed, headers, left)
                left -= time.monotonic() - started
            if isinstance(answer, Fetched):
                return Fetched(answer.url, location, answer.content_type, answer.body, answer.validators)
            permanent = permanent and answer.permanent
            url = answer.target
            if permanent:
                location = url
        raise FetchFailed(f"more than {self._config.max_redirects} redirects")

    async def _once(self, url: httpx.URL, headers: Mapping[str, str], seconds: float) -> Fetched | _Redirect:
        try:
            async with asyncio.timeout(seconds):
                request = self._client.build_request("GET", url, headers=headers)
                response = await self._client.send(request, stream=True)
                try:
                    return await self._read(url, response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            limit = f"{self._config.total_seconds:g}"
            raise FetchFailed(f"{url.host} took longer than the limit of {limit} seconds") from error
        except httpx.RemoteProtocolError as error:
            # The transport raises httpcore's errors; httpx itself has only this to object to.
            raise FetchFailed(f"{url.host} redirects to what is not a URL") from error
        except _CONNECTION_ERRORS as error:
            raise FetchFailed(_explained(url.host, error), transient=True) from error

    async def _read(self, url: httpx.URL, response: httpx.Response) -> Fetched | _Redirect:
        status = response.status_code
        validators = Validators(response.headers.get("etag"), response.headers.get("last-modified"))
        kind = response.headers.get("content-type", "")
        if status == _NOT_MODIFIED:
            return Fetched(str(url), str(url), kind, None, validators)
        if status in _REDIRECTS:
            return _redirect(url, response)
        if not response.is_success:
            wait = retry_after_seconds(response.headers.get("retry-after"))
            raise FetchFailed(
                f"{url.host} answered {status} {response.reason_phrase}".strip(),
                transient=status in _TRANSIENT,
                retry_after=wait,
            )
        encoding = response.headers.get("content-encoding", "")
        body = await read_body(response.aiter_raw(), encoding, self._config.max_bytes)
        return Fetched(str(url), str(url), kind, body, validators)


class _Redirect(msgspec.Struct, frozen=True):
    target: str
    permanent: bool


_CONNECTION_ERRORS: Final = (
    httpx.HTTPError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
)


def _redirect(url: httpx.URL, response: httpx.Response) -> _Redirect:
    target = response.headers.get("location", "")
    if not target:
        raise FetchFailed(f"{url.host} redirects without saying where to")
    joined = url.join(target)
    # From https to http is followed, but a network that forged it must not get to keep it.
    weaker = url.scheme == "https" and joined.scheme != "https"
    return _Redirect(str(joined), response.status_code in _PERMANENT and not weaker)


def _explained(host: str, error: Exception) -> str:
    if isinstance(error, httpcore.TimeoutException | httpx.TimeoutException):
        return f"{host} did not answer in time"
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLError):
        return f"{host}: no trusted TLS connection ({getattr(cause, 'verify_message', None) or cause.reason or cause})"
    if isinstance(error, httpcore.ConnectError):
        return f"{host} cannot be connected to"
    return f"the connection to {host} broke ({type(error).__name__})"
