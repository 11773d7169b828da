"""Reading texts: whole files, and lines in bounded portions whatever the blocks they arrive in."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.inputs import CHUNK_BYTES, CHUNK_LINES, Line, read_chunks, read_text
from service.errors import InvalidInput

LIMIT = 100


class Blocks(io.RawIOBase):
    """A stream that gives its blocks one by one, however much is asked for."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = [block for block in blocks if block]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._blocks:
            return 0
        block = self._blocks.pop(0)
        size = min(len(block), len(buffer))
        buffer[:size] = block[:size]
        if block[size:]:
            self._blocks.insert(0, block[size:])
        return size


def lines_of(*blocks: bytes, char_limit: int = LIMIT) -> list[Line]:
    stream = io.BufferedReader(Blocks(list(blocks)))
    return [line for chunk in read_chunks(stream, char_limit) for line in chunk]


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"\n\n", ["", ""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\n", ["a\rb"]),
        (b"\r", [""]),
        ("a\u2028b\u2029c\x0bd\x0ce\x85f\x1cg\n".encode(), ["a\u2028b\u2029c\x0bd\x0ce\x85f\x1cg"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
    ],
)
def test_what_ends_a_line(raw: bytes, texts: list[str]) -> None:
    lines = lines_of(raw)
    assert [line.text for line in lines] == texts
    assert [line.number for line in lines] == list(range(1, len(texts) + 1))
    assert all(line.error is None for line in lines)


@given(raw=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_blocks_do_not_matter(raw: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(raw)), len(raw)]
    blocks = [raw[start:end] for start, end in pairwise(edges)]
    assert lines_of(*blocks) == lines_of(raw)
    assert len(lines_of(raw)) == raw.count(b"\n") + (not raw.endswith(b"\n") and raw != b"")


def test_a_line_that_is_not_utf8_is_reported_and_the_next_is_read() -> None:
    first, second, third = lines_of(b"ok\nol\xe1\nok\n")
    assert (first.error, third.error) == (None, None)
    assert second == Line(2, "", "not valid UTF-8 at byte 2")


def test_a_line_with_a_nul_is_reported() -> None:
    assert "NUL" in (lines_of(b"a\0b\n")[0].error or "")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_over_the_limit_is_one_line_with_an_error(end: bytes) -> None:
    at_limit, over, next_line = lines_of("é".encode() * LIMIT + b"\n", "é".encode() * (LIMIT + 1) + b"\nnext" + end)
    assert at_limit == Line(1, "é" * LIMIT)
    assert over.text == ""
    assert "over the limit of 100" in (over.error or "")
    assert next_line == Line(3, "next")


def test_an_endless_line_is_not_kept_in_memory() -> None:
    def blocks() -> Iterator[bytes]:
        yield from [b"x" * 60_000] * 200
        yield b"\nnext\n"

    over, after = lines_of(*blocks())
    assert over.error == "more than 100 characters, the limit"
    assert after == Line(2, "next")


def test_portions_are_bounded() -> None:
    stream = io.BufferedReader(Blocks([b"a\n" * 5000]))
    assert max(len(chunk) for chunk in read_chunks(stream, LIMIT)) <= CHUNK_LINES
    stream = io.BufferedReader(Blocks([b"a" * 1000 + b"\n"] * 2000))
    assert max(sum(len(line.text) for line in chunk) for chunk in read_chunks(stream, 1000)) <= CHUNK_BYTES + 1000


def test_lines_that_wait_are_given_before_more_come() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as other_end:  # noqa: PTH123
        chunks = read_chunks(stream, LIMIT)  # type: ignore[arg-type]
        other_end.write(b"one\ntwo\n")
        assert [line.text for line in next(chunks)] == ["one", "two"]
        other_end.write(b"three\n")
        assert [line.text for line in next(chunks)] == ["three"]


def test_a_whole_text_keeps_every_character(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeff um\r\n\u2028dois\x85 ".encode())
    assert read_text(str(file)) == " um\r\n\u2028dois\x85 "


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"ol\xe1")
    for path in (tmp_path / "absent.txt", tmp_path, broken):
        with pytest.raises(InvalidInput, match=path.name) as caught:
            read_text(str(path))
        assert caught.value.field == "FILE"
