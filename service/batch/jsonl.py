"""JSON Lines: one object a line, UTF-8 (RFC 8259, I-JSON's rules for duplicate names and surrogates: RFC 7493)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from service.batch.records import BOM, Place, Record, bounded_lines


class JsonLines:
    """A file of JSON objects, one a line; a line that is none is a record with an error."""

    def __init__(self, path: Path, max_line_bytes: int) -> None:
        self._path = path
        self._max_line_bytes = max_line_bytes

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._path.stat().st_size

    def records(self, start: Place) -> Iterator[Record]:
        """The lines from a place on."""
        with self._path.open("rb") as stream:
            stream.seek(start.offset)
            for number, (raw, end) in enumerate(bounded_lines(stream, self._max_line_bytes), start.records + 1):
                try:
                    yield Record(number, self._object(raw, first=number == 1), end)
                except ValueError as error:
                    yield Record(number, {}, end, str(error))

    def _object(self, raw: bytes | None, *, first: bool) -> dict[str, Any]:
        if raw is None:
            raise ValueError(f"the line has more than {self._max_line_bytes} bytes, the limit")
        if first:
            raw = raw.removeprefix(BOM)
        if not raw.strip():
            raise ValueError("the line is empty")
        try:
            value = _DECODER.decode(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(f"the line is not valid UTF-8 at byte {error.start}") from error
        except json.JSONDecodeError as error:
            raise ValueError(f"the line is not JSON: {error.msg} at character {error.pos + 1}") from error
        except RecursionError as error:
            raise ValueError("the line is nested too deeply") from error
        if not isinstance(value, dict):
            raise ValueError("the line is JSON but not an object")  # noqa: TRY004 -- bad input, not a wrong call
        if rb"\u" in raw:
            _refuse_surrogates(value)
        return value


def _refuse_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("the line holds half a surrogate pair, which is no character") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in value if names.count(name) > 1)
        raise ValueError(f"{twice[:40]}: is given twice")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_finite, parse_constant=_no_constant)
