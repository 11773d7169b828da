"""Writes small files in Marian's formats, for tests of the readers and of what is built on them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

FLOAT32, INTGEMM8, CHARS = 0x404, 0x4101, 0x101
SHORTLIST_MAGIC = 0xF11A48D5013417F5

CONFIG = """\
dec-cell: ssru
dec-depth: {decoder_layers}
dim-emb: {width}
enc-depth: {encoder_layers}
tied-embeddings-all: true
transformer-decoder-autoreg: rnn
transformer-ffn-activation: relu
transformer-heads: {heads}
transformer-postprocess: dan
transformer-preprocess: ""
type: transformer
"""

Item = tuple[str, int, tuple[int, ...], bytes]


def pack(items: Sequence[Item], version: int = 1) -> bytes:
    """A `.bin` file of the items."""
    header = struct.pack("<2Q", version, len(items))
    lengths = b"".join(
        struct.pack("<4Q", len(name.encode()) + 1, kind, len(shape), len(data)) for name, kind, shape, data in items
    )
    names = b"".join(name.encode() + b"\0" for name, *_ in items)
    shapes = b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in items)
    return header + lengths + names + shapes + struct.pack("<Q", 8) + bytes(8) + b"".join(data for *_, data in items)


def floats(name: str, values: np.ndarray) -> Item:
    """A float32 item."""
    return name, FLOAT32, values.shape, values.astype("<f4").tobytes()


def int8(name: str, values: np.ndarray, multiplier: float) -> Item:
    """An int8 matrix `[K, N]`, stored as intgemm does: transposed, unless it is the embedding."""
    stored = values if name == "Wemb" else values.T
    return name, INTGEMM8, values.shape, np.ascontiguousarray(stored).tobytes() + struct.pack("<f", multiplier)


def text(name: str, value: str) -> Item:
    """A character item."""
    data = value.encode() + b"\0"
    return name, CHARS, (len(data),), data


def shortlist(lists: Mapping[int, Sequence[int]], vocabulary: int, frequent: int = 2) -> bytes:
    """A `lex.bin` file."""
    offsets, targets = [0], []
    for source in range(vocabulary):
        targets += lists.get(source, ())
        offsets.append(len(targets))
    header = struct.pack("<6Q", SHORTLIST_MAGIC, 0, frequent, 2, len(offsets), len(targets))
    return header + struct.pack(f"<{len(offsets)}Q", *offsets) + struct.pack(f"<{len(targets)}I", *targets)
