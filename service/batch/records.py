"""One record of an input file, and the part of reading that lines of every format share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import Any, Final, Protocol

import msgspec

# What a line may have beside its text: titles, addresses, other columns.
ALLOWANCE_BYTES: Final = 4 * 1024 * 1024
# A character outside the first plane is two escapes of six bytes in JSON.
_MAX_BYTES_PER_CHARACTER: Final = 12
BOM: Final = b"\xef\xbb\xbf"


class Record(msgspec.Struct, frozen=True):
    """A record, numbered from 1, with its columns; `error` says why it cannot be used.

    `end` is where the input goes on behind it: a byte of a file of lines, a row of a table.
    """

    number: int
    columns: Mapping[str, Any]
    end: int
    error: str | None = None


class Place(msgspec.Struct, frozen=True):
    """How far an input was read: so many records, up to the byte or row `offset`."""

    records: int = 0
    offset: int = 0


class Source(Protocol):
    """An input file. `size` is what `Record.end` is of the last record."""

    @property
    def size(self) -> int: ...

    def records(self, start: Place) -> Iterator[Record]:
        """The records from a place on; raises InvalidInput naming `--in` where the file as a whole cannot be read."""
        ...


def line_limit(char_limit: int) -> int:
    """The bytes a line may have, so that a file without line ends is refused rather than read into memory."""
    return _MAX_BYTES_PER_CHARACTER * char_limit + ALLOWANCE_BYTES


def bounded_lines(stream: BufferedReader, max_bytes: int) -> Iterator[tuple[bytes | None, int]]:
    r"""Lines with their ends, each with the byte behind it; only `\n` ends one.

    A line of more than `max_bytes` is not kept: None stands for it.
    """
    end = stream.tell()
    while line := stream.readline(max_bytes + 1):
        end += len(line)
        if len(line) <= max_bytes:
            yield line, end
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
            end += len(line)
        yield None, end
