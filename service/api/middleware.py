"""What surrounds every request: its id, its time, the payload limit, security headers, the access log, the last catch.

Pure ASGI, so that nothing is buffered and a client's disconnect reaches the handlers.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.errors import internal_response
from service.errors import TooLarge

ACCESS_LOG: Final = logging.getLogger("service.api.access")
ERROR_LOG: Final = logging.getLogger("service.api.error")

OnAnswer = Callable[[str, int, float], None]

STARTED_KEY: Final = "started"
REQUEST_ID_KEY: Final = "request_id"
_PAGES: Final = frozenset({"/", "/docs", "/openapi.json"})
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
# Encoded once: as objects that look for each name they would cost every answer a hundredth of its time.
_SECURITY_HEADERS: Final = tuple(
    (name.encode("ascii"), value.encode("ascii")) for name, value in SECURITY_HEADERS.items()
)


class RequestEnvelope:
    """ASGI middleware around the whole application; see `__call__`."""

    def __init__(self, app: ASGIApp, *, payload_limit_bytes: int, on_answer: OnAnswer) -> None:
        self._app = app
        self._payload_limit = payload_limit_bytes
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        `scope["state"]` gets the request's id and its start on the monotonic clock. The answer gets `x-request-id`,
        `x-total-time` (milliseconds until its first byte) and those security headers it does not set itself. At the end
        `on_answer` is told the route's template, the status and the seconds.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._payload_limit)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 -- the last catch: whatever was not foreseen
            await exchange.fail(error)
        finally:
            self._on_answer(*exchange.finish())


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, payload_limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._payload_limit = payload_limit
        self._received = 0
        self._sent = 0
        self._status = 0
        self._started = time.monotonic()
        given = Headers(scope=scope).get("x-request-id", "")
        self._id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {}).update({STARTED_KEY: self._started, REQUEST_ID_KEY: self._id})

    async def receive(self) -> Message:
        message = await self._receive()
        # Counted here and not read off content-length, which chunked bodies do not have and others may lie about.
        self._received += len(message.get("body", b""))
        if self._received > self._payload_limit:
            raise TooLarge(f"body: more than {self._payload_limit} bytes, the limit", field="body")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = list(message.get("headers", ()))
            given = {name for name, _ in headers}
            headers += [header for header in _SECURITY_HEADERS if header[0] not in given]
            headers.append((b"x-request-id", self._id.encode("ascii")))
            headers.append((b"x-total-time", b"%.1f" % (1000 * (time.monotonic() - self._started))))
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            self._sent += len(message.get("body", b""))
        await self._send(message)

    async def fail(self, error: Exception) -> None:
        # Where it happened, but not the exception's own words: they may quote the text that caused it.
        frames = "".join(traceback.format_tb(error.__traceback__))
        ERROR_LOG.error("request %s: %s\n%s", self._id, type(error).__name__, frames)
        if not self._status:
            await internal_response()(self._scope, self._receive, self.send)

    def finish(self) -> tuple[str, int, float]:
        """Write the access log's line; returns the route's template, the status, and the seconds it all took."""
        # The template and not the path, whose free parts and query may hold texts and keys.
        path, method = self._scope["path"], self._scope["method"]
        route = path if path in _PAGES else getattr(self._scope.get("route"), "path", "(other)")
        seconds = time.monotonic() - self._started
        ACCESS_LOG.info(
            "%s %s %d %d bytes in %d bytes out %.1f ms %s",
            method if method.isalpha() else "?",
            route,
            self._status,
            self._received,
            self._sent,
            seconds * 1000,
            self._id,
        )
        return route, self._status, seconds
