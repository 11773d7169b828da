"""Writes the ONNX graph of a student's greedy search: encoder and the loop over target positions in one run.

Inputs   `ids` int64 `[B, S]`, `lengths` int32 `[B]`, `candidates` int64 `[V]`, `allowed` bool `[B, V]`,
         `limits` int64 `[B]`.
Outputs  `tokens` int64 `[T, B]`: indices into `candidates`; `log_probabilities` float32 `[T, B]`. What follows a row's
         end-of-sentence token or its limit is to be ignored.

`candidates` is the union of the rows' lexical shortlists, padded to a multiple of `CANDIDATE_BLOCK` with ids that no
row is allowed; it begins with the end-of-sentence id. `allowed` keeps each row to its own shortlist, so that the rows
beside it do not change it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import helper

from service.engines.architecture import EOS_ID
from service.engines.graph import BOOL, FLOAT, INT32, INT64, GraphBuilder, as_model, tensor
from service.engines.marian import MarianModel
from service.engines.shortlist import CANDIDATE_BLOCK
from service.engines.student_layers import Memory, OutputLayer, StudentLayers

INPUTS: Final = (
    tensor("ids", INT64, ["B", "S"]),
    tensor("lengths", INT32, ["B"]),
    tensor("candidates", INT64, ["V"]),
    tensor("allowed", BOOL, ["B", "V"]),
    tensor("limits", INT64, ["B"]),
)


def greedy_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    memory = layers.memory(graph, layers.encode(graph))
    output = layers.output_layer(graph)
    batch = graph.op("Shape", ["ids"], start=0, end=1)
    zeros = graph.op("ConstantOfShape", [graph.op("Concat", [batch, graph.ints(layers.arch.width)], axis=0)])
    finished = graph.op("ConstantOfShape", [batch], value=helper.make_tensor("false", BOOL, [1], [False]))
    steps = graph.op("ReduceMax", ["limits"], keepdims=0)
    cells = [zeros] * layers.arch.decoder_layers
    body = _step(layers, memory, output)
    results = graph.ops(
        "Loop", [steps, graph.scalar(True, np.bool_), zeros, finished, *cells], 4 + len(cells), body=body
    )
    graph.rename(results[-2], "tokens")
    graph.rename(results[-1], "log_probabilities")
    outputs = [tensor("tokens", INT64, ["T", "B"]), tensor("log_probabilities", FLOAT, ["T", "B"])]
    return as_model(graph.build("greedy", INPUTS, outputs))


def _step(layers: StudentLayers, memory: Memory, output: OutputLayer) -> onnx.GraphProto:
    """The loop's body. Carried: the previous token's embedding (zero at first), who has finished, the SSRU cells."""
    graph = GraphBuilder("step_")
    width = layers.arch.width
    cell_names = tuple(f"cell_{layer}" for layer in range(layers.arch.decoder_layers))
    value, cells = layers.decode(graph, "previous", "step", cell_names, memory)
    token, log_probability = _best(graph, layers.logits(graph, value, output))
    ended = graph.op("Equal", [token, graph.scalar(EOS_ID, np.int64)])
    next_step = graph.op("Add", ["step", graph.scalar(1, np.int64)])
    at_limit = graph.op("GreaterOrEqual", [next_step, "limits"])
    finished = graph.op("Or", ["finished", graph.op("Or", [ended, at_limit])])
    all_finished = graph.op("ReduceMin", [graph.op("Cast", [finished], to=INT32)], keepdims=0)
    graph.rename(graph.op("Not", [graph.op("Cast", [all_finished], to=BOOL)]), "go_on")
    graph.rename(layers.embed(graph, output.rows, token), "previous_next")
    graph.rename(finished, "finished_next")
    for name, cell in zip(cell_names, cells, strict=True):
        graph.rename(cell, f"{name}_next")
    graph.rename(token, "token")
    graph.rename(log_probability, "log_probability")
    carried = [("previous", FLOAT, (None, width)), ("finished", BOOL, (None,))]
    carried += [(name, FLOAT, (None, width)) for name in cell_names]
    inputs = [tensor("step", INT64, []), tensor("go_on_before", BOOL, [])]
    inputs += [tensor(name, kind, shape) for name, kind, shape in carried]
    outputs = [tensor("go_on", BOOL, [])]
    outputs += [tensor(f"{name}_next", kind, shape) for name, kind, shape in carried]
    outputs += [tensor("token", INT64, [None]), tensor("log_probability", FLOAT, [None])]
    return graph.build("greedy_step", inputs, outputs)


def _best(graph: GraphBuilder, logits: str) -> tuple[str, str]:
    """The most probable candidate of each row, int64 `[B]`, and its log-probability.

    In two stages, the maximum of each block and then the place within the best block: several times faster than ArgMax.
    """
    blocks = graph.reshape(graph.op("Softmax", [logits], axis=-1), 0, -1, CANDIDATE_BLOCK)
    maxima = graph.op("ReduceMax", [blocks, graph.ints(2)], keepdims=0)
    probability, block = graph.ops("TopK", [maxima, graph.ints(1)], 2, axis=1)
    place = graph.op("Expand", [graph.op("Unsqueeze", [block, graph.ints(2)]), graph.ints(1, 1, CANDIDATE_BLOCK)])
    chosen = graph.op("Squeeze", [graph.op("GatherElements", [blocks, place], axis=1), graph.ints(1)])
    within = graph.op("ArgMax", [chosen], axis=1, keepdims=0)
    start = graph.op("Mul", [graph.op("Squeeze", [block, graph.ints(1)]), graph.scalar(CANDIDATE_BLOCK, np.int64)])
    return graph.op("Add", [start, within]), graph.op("Log", [graph.op("Squeeze", [probability, graph.ints(1)])])
