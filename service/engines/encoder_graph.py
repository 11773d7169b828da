"""Writes the ONNX graph of a student's encoder, up to what its decoder looks at.

Inputs   `ids` int64 `[S, B]`: the tokens of B rows, position by position; `bias` float32 `[B, 1, 1, S]`: 0 where a row
         has a token and `MASKED` beyond its end, or `[1, 1, 1, 1]`, 0, where all rows have S tokens.
Outputs  for every decoder layer `keys_N` float32 `[B, heads, head_width, S]` and `values_N` float32
         `[B, heads, S, head_width]`.

What is computed for a row is the same whatever is beside it; see `service.engines.encoding` for rows of unlike length.
"""

from __future__ import annotations

from typing import Final

import onnx

from service.engines.graph import FLOAT, INT64, GraphBuilder, as_model, tensor
from service.engines.marian import MarianModel
from service.engines.student_layers import StudentLayers

INPUTS: Final = (tensor("ids", INT64, ["S", "B"]), tensor("bias", FLOAT, [None, 1, 1, None]))


def encoder_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    layers.memory(graph, layers.encode(graph))
    return as_model(graph.build("encoder", INPUTS, layers.memory_tensors()))
