"""Writes the ONNX graph of a student's encoder, up to what its decoder looks at.

Inputs   `ids` int64 `[N]`: the tokens of all rows, one row after the other, without padding; `places` int64 `[N]`: the
         position of each in its row; `padded` int64 `[B, S]`: where each place of the padded layout is in `ids` (any
         index where it is padding); `packed` int64 `[N]`: where each token is in the flattened padded layout;
         `lengths` int32 `[B]`.
Outputs  for every decoder layer `keys_N` float32 `[B, heads, head_width, S]` and `values_N` float32
         `[B, heads, S, head_width]`.
"""

from __future__ import annotations

from typing import Final

import onnx

from service.engines.graph import INT32, INT64, GraphBuilder, as_model, tensor
from service.engines.marian import MarianModel
from service.engines.student_layers import StudentLayers

INPUTS: Final = (
    tensor("ids", INT64, ["N"]),
    tensor("places", INT64, ["N"]),
    tensor("padded", INT64, ["B", "S"]),
    tensor("packed", INT64, ["N"]),
    tensor("lengths", INT32, ["B"]),
)


def encoder_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    layers.memory(graph, layers.encode(graph))
    return as_model(graph.build("encoder", INPUTS, layers.memory_tensors()))
