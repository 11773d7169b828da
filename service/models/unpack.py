"""Decompresses what sources serve compressed: Zstandard (RFC 8878) and gzip (RFC 1952), told by their first bytes."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, Final, Protocol

import zstandard

from service.errors import ModelCorrupt
from service.models.download import RemoteFile
from service.models.manifest import sha256_of

# The largest student there is has some 60 MB; a small file that unpacks to more than this is an attack.
MAX_UNPACKED_BYTES: Final = 2 * 2**30
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_GZIP: Final = b"\x1f\x8b"
_CHUNK_BYTES: Final = 2**20


class Readable(Protocol):
    """What gives its content piece by piece."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


def unpack(path: Path, file: RemoteFile, model_id: str) -> Path:
    """Where the content of `path` is: beside it where it was compressed; its SHA-256 is checked where it is known.

    Raises ModelCorrupt when it is not what it should be, OSError when the disk refuses.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    content = path
    if start == _ZSTANDARD or start[:2] == _GZIP:
        content = path.with_name(f"{path.name}.content")
        with path.open("rb") as compressed, content.open("wb") as output:
            try:
                _copy(_reader(compressed, start), output, path, model_id)
            except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
                raise _corrupt(path, f"cannot be decompressed ({error})", model_id) from error
    if file.content_sha256 is not None and sha256_of(content) != file.content_sha256:
        raise _corrupt(path, "has the wrong SHA-256 checksum once decompressed", model_id)
    return content


def _reader(compressed: IO[bytes], start: bytes) -> Readable:
    if start[:2] == _GZIP:
        return gzip.GzipFile(fileobj=compressed)
    return zstandard.ZstdDecompressor().stream_reader(compressed)


def _copy(source: Readable, output: IO[bytes], path: Path, model_id: str) -> None:
    done = 0
    while chunk := source.read(_CHUNK_BYTES):
        done += len(chunk)
        if done > MAX_UNPACKED_BYTES:
            raise _corrupt(path, f"unpacks to more than {MAX_UNPACKED_BYTES} bytes", model_id)
        output.write(chunk)


def _corrupt(path: Path, what: str, model_id: str) -> ModelCorrupt:
    return ModelCorrupt(f"{model_id}: {path.name} {what}", model_id=model_id)
