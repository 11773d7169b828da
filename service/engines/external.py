"""Writes ONNX graphs of one model beside one file of weights that they share.

The greedy and the beam graph hold the same matrices. Kept outside of the graphs (ONNX external data), each is stored
once, and ONNX Runtime maps the file instead of parsing it: loading takes half the time and two thirds of the memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto

from service.engines.loading import WEIGHTS_FILE

# Smaller tensors stay in the graph, where constant folding sees them.
_LEAST_BYTES: Final = 1024
# Memory is mapped by pages.
_ALIGNMENT: Final = 4096


def write_graphs(graphs: Mapping[str, onnx.ModelProto], folder: Path) -> None:
    """Write each graph under its file name, and `weights.bin`; the graphs are changed by it."""
    weights = _Weights()
    for name, model in graphs.items():
        weights.take_from(model.graph)
        (folder / name).write_bytes(model.SerializeToString())
    (folder / WEIGHTS_FILE).write_bytes(weights.content)


class _Weights:
    """The content of `weights.bin`; equal tensors are kept once."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._offsets: dict[bytes, int] = {}

    def take_from(self, graph: onnx.GraphProto) -> None:
        """Move the large tensors of `graph` and of the graphs nested in it here."""
        for tensor in graph.initializer:
            if len(tensor.raw_data) >= _LEAST_BYTES:
                self._take(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    self.take_from(attribute.g)

    def _take(self, tensor: TensorProto) -> None:
        data = tensor.raw_data
        offset = self._offset(data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", WEIGHTS_FILE), ("offset", offset), ("length", len(data))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)

    def _offset(self, data: bytes) -> int:
        digest = hashlib.sha256(data).digest()
        if digest not in self._offsets:
            self.content.extend(bytes(-len(self.content) % _ALIGNMENT))
            self._offsets[digest] = len(self.content)
            self.content.extend(data)
        return self._offsets[digest]
