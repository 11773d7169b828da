"""One reader for everything a client may send: JSON, both kinds of form, and the query string, merged.

Each value keeps the field's name, so that whatever is wrong with it can be reported by name. Text that is not valid
UTF-8 is refused, never patched over with replacement characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from service.api.errors import UnsupportedMediaType
from service.errors import InvalidInput

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
MULTIPART_TYPE: Final = "multipart/form-data"

_DECIMAL: Final = re.compile(r"[0-9]{0,18}\.[0-9]{1,18}", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


async def read_fields(request: Request, *, lists: frozenset[str], numbers: frozenset[str]) -> dict[str, Any]:
    """Read the request's fields; the body wins over the query string, and a null counts as not given.

    Fields in `lists` may be repeated in a form or query string, which makes a list of them. Fields in `numbers` are
    converted where they arrive as text. Raises InvalidInput for what cannot be read, UnsupportedMediaType for a body
    that is neither JSON nor a form.
    """
    fields = _textual(_parse_urlencoded(request.scope["query_string"], "query"), lists, numbers)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body:
        fields |= await _read_body(request, media_type or JSON_TYPE, body, (lists, numbers))
    return {name: value for name, value in fields.items() if value is not None}


async def _read_body(
    request: Request, media_type: str, body: bytes, kinds: tuple[frozenset[str], frozenset[str]]
) -> dict[str, Any]:
    if media_type == JSON_TYPE or media_type.endswith("+json"):
        return _parse_json(_decode(body))
    if media_type == FORM_TYPE:
        return _textual(_parse_urlencoded(body, "body"), *kinds)
    if media_type == MULTIPART_TYPE:
        return _textual(await _parse_multipart(request, _decode(body)), *kinds)
    raise UnsupportedMediaType(
        f"content-type: {media_type[:80]} is not supported, send {JSON_TYPE} or a form", field="content-type"
    )


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"body: not valid UTF-8 at byte {error.start}", field="body") from error


def _parse_json(text: str) -> dict[str, Any]:
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(f"body: not valid JSON: {error}", field="body") from error
    if not isinstance(value, dict):
        raise InvalidInput("body: must be a JSON object", field="body")
    return value


def _parse_urlencoded(raw: bytes, field: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{field}: not valid UTF-8", field=field) from error


async def _parse_multipart(request: Request, text: str) -> list[tuple[str, str]]:
    # The body's own size is limited already; the parser's default limits would refuse long texts and long lists.
    size = len(text)
    try:
        async with request.form(max_files=0, max_fields=size + 1, max_part_size=4 * size + 1) as form:
            return [(name, value) for name, value in form.multi_items() if not isinstance(value, UploadFile)]
    except HTTPException as error:
        raise InvalidInput(f"body: {error.detail}", field="body") from error
    except UnicodeError as error:
        raise InvalidInput("body: not valid in the charset its content type names", field="body") from error


def _textual(pairs: Iterable[tuple[str, str]], lists: frozenset[str], numbers: frozenset[str]) -> dict[str, Any]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: _value(name, values, lists, numbers) for name, values in grouped.items()}


def _value(name: str, values: list[str], lists: frozenset[str], numbers: frozenset[str]) -> Any:
    if len(values) > 1:
        if name not in lists:
            raise InvalidInput(f"{name[:40]}: given {len(values)} times, expected once", field=name)
        return values
    if name in numbers and _INTEGER.fullmatch(values[0]):
        return int(values[0])
    if name in numbers and _DECIMAL.fullmatch(values[0]):
        return float(values[0])
    return values[0]
