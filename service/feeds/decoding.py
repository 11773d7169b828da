"""Decompression of bodies that is stopped as soon as more comes out than may."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Callable, Iterator
from typing import Final, Protocol

import brotli

from service.feeds.failures import FetchFailed

# What is asked for with `Accept-Encoding`, and understood.
ENCODINGS: Final = "gzip, deflate, br"
_PIECE_BYTES: Final = 65_536


class Decoder(Protocol):
    """Takes compressed pieces and gives decompressed ones, none much larger than 64 KiB."""

    def decode(self, piece: bytes) -> Iterator[bytes]:
        """What comes out of a piece."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the compressed stream has reached its end."""
        ...


class _Plain:
    finished = True

    def decode(self, piece: bytes) -> Iterator[bytes]:
        yield piece


class _Zlib:
    """Gzip (RFC 1952), with any number of members, and both things that are called deflate: zlib and raw."""

    def __init__(self, *, raw_allowed: bool) -> None:
        self._raw_allowed = raw_allowed
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self.finished = False

    def decode(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._inflate.eof:
                if piece.strip(b"\0") == b"":
                    return
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
            yield self._step(piece)
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data
            self.finished = self._inflate.eof
            self._raw_allowed = False

    def _step(self, piece: bytes) -> bytes:
        try:
            return self._inflate.decompress(piece, _PIECE_BYTES)
        except zlib.error:
            if not self._raw_allowed:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflate.decompress(piece, _PIECE_BYTES)


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._decompressor.is_finished())

    def decode(self, piece: bytes) -> Iterator[bytes]:
        yield self._decompressor.process(piece, output_buffer_limit=_PIECE_BYTES)
        while not self._decompressor.can_accept_more_data():
            yield self._decompressor.process(b"", output_buffer_limit=_PIECE_BYTES)


_DECODERS: Final[dict[str, Callable[[], Decoder]]] = {
    "": _Plain,
    "identity": _Plain,
    "gzip": lambda: _Zlib(raw_allowed=False),
    "x-gzip": lambda: _Zlib(raw_allowed=False),
    "deflate": lambda: _Zlib(raw_allowed=True),
    "br": _Brotli,
}


async def read_body(pieces: AsyncIterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The decompressed body; raises FetchFailed as soon as it is over `max_bytes`, or when it is damaged.

    `encoding` is the value of `Content-Encoding`. Neither what arrives nor what comes out is held beyond the limit.
    """
    name = encoding.strip().lower()
    if name not in _DECODERS:
        raise FetchFailed(f"the body is encoded as {name[:40]}, which was not asked for")
    decoder = _DECODERS[name]()
    body = bytearray()
    arrived = 0
    try:
        async for piece in pieces:
            arrived += len(piece)
            for part in decoder.decode(piece):
                body += part
                if max(len(body), arrived) > max_bytes:
                    raise FetchFailed(_too_large(name, arrived, max_bytes))
    except (zlib.error, brotli.error) as error:
        raise FetchFailed(f"the body is not valid {name}") from error
    if arrived and not decoder.finished:
        raise FetchFailed(f"the {name} body ended early", transient=True)
    return bytes(body)


def _too_large(encoding: str, arrived: int, max_bytes: int) -> str:
    if arrived > max_bytes or encoding in ("", "identity"):
        return f"the body is over the limit of {max_bytes} bytes"
    return f"{arrived} bytes of {encoding} decompress to more than the limit of {max_bytes} bytes"
