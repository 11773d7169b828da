"""Texts from files and standard input: whole, or line by line in bounded memory."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

import msgspec

from service.api.limits import check_text
from service.errors import InvalidInput, TooLarge

CHUNK_LINES: Final = 1024
CHUNK_BYTES: Final = 256 * 1024
_BLOCK_BYTES: Final = 64 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_MAX_BYTES_PER_CHARACTER: Final = 4


class Line(msgspec.Struct, frozen=True):
    """One line of the input, numbered from 1, without its end; `error` says why it cannot be used."""

    number: int
    text: str
    error: str | None = None


@contextmanager
def open_input(file: str) -> Iterator[BufferedReader]:
    """Open a file, or standard input for `-`; raises InvalidInput naming the file when it cannot be read."""
    if file == "-":
        yield cast(BufferedReader, sys.stdin.buffer)
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise InvalidInput(f"FILE: cannot read {file}: {error.strerror or error}", field="FILE") from error
        yield stream


def read_text(file: str) -> str:
    """Read a whole text; a byte order mark is dropped. Raises InvalidInput when it is not UTF-8."""
    with open_input(file) as stream:
        raw = stream.read().removeprefix(_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"FILE: {_name(file)} is not valid UTF-8 at byte {error.start}", field="FILE") from error


def read_chunks(stream: BufferedReader, char_limit: int) -> Iterator[list[Line]]:
    r"""Read lines in chunks of bounded size. Only `\n` and `\r\n` end a line; the last line needs no end.

    A chunk also ends where nothing more is waiting, so that lines typed or piped one by one are answered one by one.
    A line that is too long, not UTF-8 or holds a NUL character comes as a line with an error, never in part.
    """
    splitter = _Splitter(_MAX_BYTES_PER_CHARACTER * char_limit + len(b"\r"))
    chunk: list[Line] = []
    size = number = 0
    for block, waiting in _blocks(stream):
        for raw in splitter.feed(block):
            number += 1
            chunk.append(_line(number, raw, char_limit))
            size += len(raw or b"")
            if len(chunk) >= CHUNK_LINES or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk and not waiting:
            yield chunk
            chunk, size = [], 0
    chunk.extend(_line(number + 1, raw, char_limit) for raw in splitter.finish())
    if chunk:
        yield chunk


class _Splitter:
    """Cuts blocks at line feeds. A line of more than `max_bytes` is not kept: None stands for it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = b""
        self._overlong = False

    def feed(self, block: bytes) -> Iterator[bytes | None]:
        *lines, rest = (self._rest + block).split(b"\n")
        for line in lines:
            yield None if self._overlong or len(line) > self._max_bytes else line
            self._overlong = False
        self._overlong = self._overlong or len(rest) > self._max_bytes
        # One byte stands for the dropped part, so that a last line without an end is still a line.
        self._rest = rest[:1] if self._overlong else rest

    def finish(self) -> Iterator[bytes | None]:
        if self._rest:
            yield None if self._overlong else self._rest


def _line(number: int, raw: bytes | None, char_limit: int) -> Line:
    if raw is None:
        return Line(number, "", f"more than {char_limit} characters, the limit")
    raw = raw.removesuffix(b"\r")
    if number == 1:
        raw = raw.removeprefix(_BOM)
    try:
        return Line(number, check_text(raw.decode("utf-8"), "line", char_limit))
    except UnicodeDecodeError as error:
        return Line(number, "", f"not valid UTF-8 at byte {error.start}")
    except (TooLarge, InvalidInput) as error:
        return Line(number, "", error.message.removeprefix("line: "))


def _blocks(stream: BufferedReader) -> Iterator[tuple[bytes, bool]]:
    while block := stream.read1(_BLOCK_BYTES):
        yield block, _is_waiting(stream)


def _is_waiting(stream: BufferedReader) -> bool:
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        # Not something the system can wait for: read on, the next block is there or it is the end.
        return True


def _name(file: str) -> str:
    return "standard input" if file == "-" else file
