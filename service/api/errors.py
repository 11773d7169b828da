"""The one table from domain errors to HTTP status codes, and the shape in which every error is answered.

Every error body is `{"error": "one sentence"}`. What the caller can mend names the field at fault; what they cannot
is answered without detail, so that no text, path of code or trace leaves the process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.errors import (
    AlreadyRunning,
    Cancelled,
    ConfigurationError,
    DeadlineExceeded,
    EngineFailure,
    InvalidInput,
    MancheteError,
    MissingExtra,
    ModelError,
    NotFound,
    Overloaded,
    ShuttingDown,
    TooLarge,
)


class UnsupportedMediaType(InvalidInput):
    """The body is neither JSON nor a form."""


class InvalidKey(MancheteError):
    """The request's API key is not the configured one."""


class NotReady(MancheteError):
    """The models are not loaded yet, or a worker has died."""


class InvalidItem(InvalidInput):
    """One text of a list cannot be served; carries what was wrong with it."""

    def __init__(self, field: str, cause: InvalidInput) -> None:
        sentence = cause.message.removeprefix(f"{cause.field}: ")
        super().__init__(f"{field}: {sentence}", field=field)
        self.cause = cause


CLIENT_CLOSED_REQUEST: Final = 499
STATUS: Final[Mapping[type[MancheteError], int]] = {
    InvalidInput: 400,
    InvalidKey: 403,
    NotFound: 404,
    AlreadyRunning: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    Overloaded: 429,
    Cancelled: CLIENT_CLOSED_REQUEST,
    EngineFailure: 500,
    MancheteError: 500,
    ConfigurationError: 503,
    MissingExtra: 501,
    ModelError: 503,
    NotReady: 503,
    ShuttingDown: 503,
    DeadlineExceeded: 504,
}
RETRY_AFTER_SECONDS: Final = 5.0
_GENERIC: Final[Mapping[int, str]] = {
    404: "Not found",
    405: "Method not allowed",
    500: "Internal error; the server's log has it under this request's id",
}


def status_of(error: MancheteError) -> int:
    """The HTTP status of a domain error: that of its nearest ancestor in the table."""
    if isinstance(error, InvalidItem):
        error = error.cause
    return next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Build an error answer; a character that UTF-8 cannot hold is replaced rather than failing the answer."""
    sentence = message.encode("utf-8", "replace").decode("utf-8")
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


def domain_response(error: MancheteError) -> JSONResponse:
    """Answer a domain error: its sentence, except for failures inside the service, whose detail stays in the log."""
    status = status_of(error)
    message = _GENERIC[500] if status == 500 else error.message
    return error_response(status, message, _retry_headers(status, error))


def internal_response() -> JSONResponse:
    """Answer an unforeseen failure."""
    return error_response(500, _GENERIC[500])


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of `app` take the one shape."""
    app.add_exception_handler(MancheteError, _on_domain_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


def documented_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What to put under `responses` of an endpoint, so that its errors are documented."""
    return {status: {"description": _DESCRIPTIONS[status], "content": _content(status)} for status in statuses}


async def _on_domain_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MancheteError)
    return domain_response(error)


async def _on_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, _GENERIC.get(error.status_code, error.detail), error.headers)


async def _on_validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return error_response(400, f"{field}: {first['msg']}")


def _retry_headers(status: int, error: MancheteError) -> dict[str, str] | None:
    if status not in (429, 503):
        return None
    seconds = error.retry_after if isinstance(error, Overloaded) else RETRY_AFTER_SECONDS
    return {"retry-after": str(max(1, math.ceil(seconds)))}


_DESCRIPTIONS: Final[Mapping[int, str]] = {
    400: "A field is missing, empty, of the wrong type or names an unsupported language; or the key is missing",
    403: "The API key is not valid",
    404: "What is named does not exist",
    409: "Such a job is in work already",
    413: "A text, a list or the body is over its limit",
    415: "The body is neither JSON nor a form",
    429: "Overloaded; `retry-after` says in how many seconds to try again",
    500: "The service failed; the log has it under `x-request-id`",
    503: "Not ready, shutting down, or a model is missing or corrupt; see `retry-after`",
    504: "The request's time ran out",
}
_EXAMPLES: Final[Mapping[int, str]] = {
    400: "target: zz is not supported",
    403: "Invalid API key",
    404: "feed: 7 is not subscribed to",
    409: "a run is in work already; ask GET /feeds/run how it fares",
    413: "q: 250000 characters are over the limit of 200000",
    415: "content-type: text/plain is not supported, send application/json or a form",
    429: "256 requests are in work, the limit",
    500: _GENERIC[500],
    503: "models are still loading",
    504: "no result within 120 seconds",
}


def _content(status: int) -> dict[str, Any]:
    schema = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    return {"application/json": {"schema": schema, "example": {"error": _EXAMPLES[status]}}}
