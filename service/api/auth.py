"""The optional API key."""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import Request

from service.api.errors import InvalidKey
from service.errors import InvalidInput
from service.settings import Secret


def check_key(expected: Secret | None, given: Any, request: Request) -> None:
    """Let the request pass if no key is configured, or if the `api_key` field or the bearer token is that key.

    Raises InvalidInput when a key is needed and none came, InvalidKey when another one came.
    """
    if expected is None:
        return
    if given is not None and not isinstance(given, str):
        raise InvalidInput("api_key: must be a string", field="api_key")
    key = given.encode("utf-8", "surrogatepass") if given else _bearer_token(request)
    if not key:
        raise InvalidInput("Invalid request: missing api_key parameter", field="api_key")
    # Comparing bytes: compare_digest refuses a str that is not ASCII.
    if not hmac.compare_digest(key, expected.reveal().encode("utf-8")):
        raise InvalidKey("Invalid API key", field="api_key")


def _bearer_token(request: Request) -> bytes:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    # Headers are decoded as Latin-1 (ASGI); encoding them so gives back the bytes that were sent.
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
