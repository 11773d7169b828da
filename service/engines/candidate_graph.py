"""Writes the ONNX graph that lays out what the rows of a batch may write, once for all of its steps.

Input    `candidates` int64 `[N, CANDIDATE_BLOCK]`: token ids in blocks.
Outputs  `weights` int8 `[N, width, CANDIDATE_BLOCK]`: the embeddings of each block, read from one end to the other;
         `biases` float32 `[N, 1, CANDIDATE_BLOCK]`.
"""

from __future__ import annotations

import onnx

from service.engines.graph import FLOAT, INT8, INT64, GraphBuilder, as_model, tensor
from service.engines.marian import MarianModel
from service.engines.shortlist import CANDIDATE_BLOCK
from service.engines.student_layers import StudentLayers


def candidate_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    layers.output.lay_out(graph)
    outputs = [
        tensor("weights", INT8, ["N", layers.arch.width, CANDIDATE_BLOCK]),
        tensor("biases", FLOAT, ["N", 1, CANDIDATE_BLOCK]),
    ]
    return as_model(graph.build("candidates", [tensor("candidates", INT64, ["N", CANDIDATE_BLOCK])], outputs))
