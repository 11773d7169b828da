"""Reader of Marian's binary model format.

Layout (marian-dev `src/common/binary.cpp`, version 1), little-endian: `u64 version, u64 n`; n headers
`{u64 name_length, u64 type, u64 shape_length, u64 data_length}`; the NUL-terminated names; the int32 shapes; `u64 pad`,
pad bytes; the data. Every length is checked against the file before it is used; nothing in a file is ever executed.

Embeddings (marian-dev `src/models/transformer.h`): `Wemb` where source and target share one, else `encoder_Wemb` and
`decoder_Wemb`. All three lie row by row, `[vocabulary, d]`, in int8 files too: `src/common/binary.cpp` of browsermt's
fork takes every item with `Wemb` in its name out of the transposition that other matrices go through.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Int8Array = npt.NDArray[np.int8]

_VERSION: Final = 1
_TYPE_CHAR: Final = 0x101
_TYPE_FLOAT32: Final = 0x404
_TYPE_INTGEMM8: Final = 0x4101
_MAX_ITEMS: Final = 100_000
_CONFIG_ITEM: Final = "special:model.yml"
# intgemm stores every matrix product's right operand transposed; the embedding is looked up by row and is not.
_UNTRANSPOSED: Final = frozenset({"Wemb", "encoder_Wemb", "decoder_Wemb"})


class MarianFormatError(ValueError):
    """The bytes are not a Marian model; the message says where they stop making sense."""


class QuantizedMatrix(msgspec.Struct, frozen=True):
    """An int8 matrix `[K, N]` (embeddings: `[vocabulary, d]`) whose float value is `values / multiplier`."""

    values: Int8Array
    multiplier: float

    def dequantize(self) -> FloatArray:
        """The float32 matrix of the same shape."""
        return self.values.astype(np.float32) / np.float32(self.multiplier)


class MarianModel(msgspec.Struct, frozen=True):
    """The parameters of a model file by Marian's names, and the `special:model.yml` text that describes them.

    `channels` `[d]` says which of the file's channels lies where; None while they lie as in the file.
    """

    floats: Mapping[str, FloatArray]
    quantized: Mapping[str, QuantizedMatrix]
    config: str
    channels: npt.NDArray[np.int64] | None = None

    def activation_multiplier(self, *names: str) -> float:
        """Scale of the activations that are multiplied with a matrix (`int8 = float * multiplier`).

        `names` are what the matrix may be called, the first that has a scale counts. Raises MarianFormatError when the
        file carries none, as models without precomputed alphas do not.
        """
        keys = [f"{name}_QuantMultA" for name in names]
        for key in keys:
            if key in self.floats:
                return float(self.floats[key].reshape(-1)[0])
            if key in self.quantized:
                # Marian quantizes everything that has the embedding's name in its own, the embedding's scale included.
                return float(self.quantized[key].dequantize().reshape(-1)[0])
        raise MarianFormatError(
            f"no activation scale {' or '.join(keys)}: the model was not exported with precomputed alphas"
        )


class _Header(msgspec.Struct, frozen=True):
    name_length: int
    kind: int
    shape_length: int
    data_length: int


class _Cursor:
    """Bounds-checked reading; `what` names the part for the error message."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def take(self, length: int, what: str) -> memoryview:
        if length < 0 or length > len(self.data) - self.position:
            raise MarianFormatError(
                f"{what} needs {length} bytes at offset {self.position}, the file has {len(self.data)}"
            )
        piece = self.data[self.position : self.position + length]
        self.position += length
        return piece

    def u64(self, count: int, what: str) -> tuple[int, ...]:
        return struct.unpack(f"<{count}Q", self.take(8 * count, what))


def read_marian(path: Path) -> MarianModel:
    """Read a Marian `.bin` file.

    Raises MarianFormatError when the content is not such a file, OSError when it cannot be read.
    """
    return parse_marian(path.read_bytes())


def parse_marian(content: bytes) -> MarianModel:
    """Parse the content of a Marian `.bin` file; raises MarianFormatError."""
    cursor = _Cursor(memoryview(content))
    version, count = cursor.u64(2, "the file header")
    if version != _VERSION:
        raise MarianFormatError(f"binary version {version}, expected {_VERSION}")
    if count > _MAX_ITEMS:
        raise MarianFormatError(f"{count} items, more than {_MAX_ITEMS}")
    headers = [_Header(*cursor.u64(4, f"header {index}")) for index in range(count)]
    names = [_text(cursor.take(header.name_length, "an item name")).rstrip("\0") for header in headers]
    shapes = [_shape(cursor, header, name) for header, name in zip(headers, names, strict=True)]
    (padding,) = cursor.u64(1, "the padding length")
    cursor.take(padding, "the padding")

    floats: dict[str, FloatArray] = {}
    quantized: dict[str, QuantizedMatrix] = {}
    config = ""
    for header, name, shape in zip(headers, names, shapes, strict=True):
        data = cursor.take(header.data_length, name)
        if name == _CONFIG_ITEM:
            config = _text(data).rstrip("\0")
        elif header.kind == _TYPE_FLOAT32:
            floats[name] = _float_array(data, shape, name)
        elif header.kind == _TYPE_INTGEMM8:
            quantized[name] = _quantized_matrix(data, shape, name)
        elif header.kind != _TYPE_CHAR:
            raise MarianFormatError(f"{name} has type {header.kind:#x}, which this reader does not know")
    if not config:
        raise MarianFormatError(f"no {_CONFIG_ITEM} item")
    return MarianModel(floats, quantized, config)


def _text(data: memoryview) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise MarianFormatError("an item name or the configuration is not UTF-8") from error


def _shape(cursor: _Cursor, header: _Header, name: str) -> tuple[int, ...]:
    data = cursor.take(4 * header.shape_length, f"the shape of {name}")
    shape = struct.unpack(f"<{header.shape_length}i", data)
    if any(extent <= 0 for extent in shape):
        raise MarianFormatError(f"{name} has shape {shape}")
    return shape


def _elements(shape: tuple[int, ...]) -> int:
    total = 1
    for extent in shape:
        total *= extent
    return total


def _float_array(data: memoryview, shape: tuple[int, ...], name: str) -> FloatArray:
    needed = 4 * _elements(shape)
    if len(data) < needed:
        raise MarianFormatError(f"{name} of shape {shape} needs {needed} bytes, has {len(data)}")
    return np.frombuffer(data[:needed], dtype="<f4").reshape(shape).astype(np.float32)


def _multiplier(data: memoryview, elements: int, name: str) -> float:
    if len(data) < elements + 4:
        raise MarianFormatError(f"{name} needs {elements + 4} bytes, has {len(data)}")
    value = float(struct.unpack("<f", data[elements : elements + 4])[0])
    if not value > 0 or not np.isfinite(value):
        raise MarianFormatError(f"{name} has the quantization multiplier {value}")
    return value


def _quantized_matrix(data: memoryview, shape: tuple[int, ...], name: str) -> QuantizedMatrix:
    if len(shape) != 2:
        raise MarianFormatError(f"{name} is int8 with shape {shape}, expected a matrix")
    elements = _elements(shape)
    multiplier = _multiplier(data, elements, name)
    values = np.frombuffer(data[:elements], dtype=np.int8)
    rows, columns = shape
    matrix = values.reshape(rows, columns) if name in _UNTRANSPOSED else values.reshape(columns, rows).T
    return QuantizedMatrix(np.ascontiguousarray(matrix), multiplier)
