"""CSV as RFC 4180 has it: a header, quoted fields that may hold line ends, UTF-8; comma, semicolon or tab."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from service.batch.records import BOM, Place, Record, bounded_lines
from service.errors import InvalidInput

_DELIMITERS: Final = ",;\t"


class CsvFile:
    """A CSV file with a header; a row that does not fit it is a record with an error.

    The delimiter is the one that the header has most of.
    """

    def __init__(self, path: Path, max_line_bytes: int) -> None:
        self._path = path
        self._max_line_bytes = max_line_bytes

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._path.stat().st_size

    def records(self, start: Place) -> Iterator[Record]:
        """The rows from a place on, the header apart; raises InvalidInput when there is none that can be read."""
        csv.field_size_limit(self._max_line_bytes)
        with self._path.open("rb") as stream:
            header, delimiter = self._header(_Lines(stream, self._max_line_bytes))
            lines = _Lines(stream, self._max_line_bytes, start.offset)
            rows = csv.reader(lines, delimiter=delimiter)
            if not start.offset:
                next(rows)
            number = start.records
            while True:
                number += 1
                lines.overlong = False
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Record(number, {}, lines.end, f"the row cannot be read: {error}")
                    continue
                too_long = f"the line has more than {self._max_line_bytes} bytes, the limit" if lines.overlong else None
                yield _record(number, row, header, lines.end, too_long)

    def _header(self, lines: _Lines) -> tuple[list[str], str]:
        first = next(iter(lines), "")
        delimiter = max(_DELIMITERS, key=first.count)
        lines.rewind()
        header = next(csv.reader(lines, delimiter=delimiter), [])
        if lines.overlong or not any(header) or _is_broken(header):
            raise InvalidInput("--in: the file has no header that can be read as UTF-8 CSV", field="--in")
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise InvalidInput(f"--in: the header names the column {twice[:40]!r} twice", field="--in")
        return header, delimiter


class _Lines:
    """The lines of a stream as text for a CSV reader; `end` is the byte behind the last one that it took.

    Bytes that are no UTF-8 stay recognisable as half surrogates; of a line that is too long nothing is kept.
    """

    def __init__(self, stream: BufferedReader, max_bytes: int, offset: int = 0) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self.overlong = False
        self.end = 0
        self.rewind(offset)

    def rewind(self, offset: int = 0) -> None:
        """Go on from a byte."""
        self._stream.seek(offset)
        self._lines = bounded_lines(self._stream, self._max_bytes)
        self.end = offset

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw, end = next(self._lines)
        if self.end == 0 and raw is not None:
            raw = raw.removeprefix(BOM)
        self.end = end
        if raw is None:
            self.overlong = True
            return "\n"
        return raw.decode("utf-8", errors="surrogateescape")


def _record(number: int, row: list[str], header: list[str], end: int, error: str | None) -> Record:
    if error is None and not row:
        error = "the line is empty"
    if error is None and _is_broken(row):
        error = "the row is not valid UTF-8"
    if error is None and len(row) != len(header):
        error = f"the row has {len(row)} fields, the header {len(header)}"
    columns = {} if error else dict(zip(header, row, strict=True))
    return Record(number, columns, end, error)


def _is_broken(row: list[str]) -> bool:
    try:
        "".join(row).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
