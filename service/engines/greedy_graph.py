"""Writes the ONNX graph of a student's greedy search: a loop over target positions, from wherever it was left.

Inputs   the outputs of `encoder_graph`, and `lengths` int32 `[B]`; `candidates`, `weights`, `biases`, `block_rows` and
         `layout`, see below; `start` int64 `[1]`: the first position; `steps` int64 `[1]`: how many at most; `open`
         int64 `[B]`: 1 for a row that goes on, 0 for one that has ended; `waited` int64 `[1]`: the loop stops when so
         many rows, the first ones, have ended; `previous` float32 `[B, width]`: the last token's embedding, zero at
         first; for every decoder layer `cell_N` float32 `[B, width]`, zero at first.
Outputs  `tokens` int64 `[T, B]`; `log_probabilities` float32 `[T, B]`; `previous_next` and `cell_N_next`: what the next
         run begins with. What follows a row's end-of-sentence token is to be ignored.

What each row may write beside the frequent tokens comes in N blocks, each of one row: `candidates` int64
`[N, CANDIDATE_BLOCK]`, padded with the unknown token, which is never written; `weights` and `biases`, what
`candidate_graph` makes of them; `block_rows` int64 `[N]`: the row of each block; `layout` int64 `[B, M]`: the blocks of
each row, padded with a block of nothing but the unknown token.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx

from service.engines.graph import BOOL, FLOAT, INT8, INT32, INT64, GraphBuilder, as_model, tensor
from service.engines.marian import MarianModel
from service.engines.shortlist import CANDIDATE_BLOCK
from service.engines.student_layers import Memory, StudentLayers
from service.engines.student_output import Candidates

# What greedy and beam search are given beside the encoder's outputs.
SHORTLISTED: Final = (
    tensor("lengths", INT32, ["B"]),
    tensor("candidates", INT64, ["N", CANDIDATE_BLOCK]),
    tensor("weights", INT8, ["N", "width", CANDIDATE_BLOCK]),
    tensor("biases", FLOAT, ["N", 1, CANDIDATE_BLOCK]),
    tensor("block_rows", INT64, ["N"]),
    tensor("layout", INT64, ["B", "M"]),
)


def greedy_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    width, cells = layers.arch.width, layers.cell_names()
    memory, candidates = layers.read_memory(graph), layers.output.candidates(graph, graph.ints(1))
    layers.constant_positions(graph)
    end = graph.op("Add", ["start", "steps"])
    graph.rename(graph.op("Slice", ["positions", "start", end, graph.ints(0)]), "own_positions")
    steps = graph.op("Squeeze", ["steps"])
    carried = [steps, graph.scalar(True, np.bool_), "previous", "open", *cells]
    results = graph.ops("Loop", carried, 4 + len(cells), body=_step(layers, memory, candidates))
    states = [f"{name}_next" for name in ("previous", *cells)]
    for value, name in zip((results[0], *results[2:]), (*states, "tokens", "log_probabilities"), strict=True):
        graph.rename(value, name)
    inputs = [*layers.memory_tensors(), *SHORTLISTED, tensor("start", INT64, [1]), tensor("steps", INT64, [1])]
    inputs += [tensor("waited", INT64, [1]), tensor("open", INT64, ["B"])]
    inputs += [*(tensor(name, FLOAT, ["B", width]) for name in ("previous", *cells))]
    outputs = [tensor("tokens", INT64, ["T", "B"]), tensor("log_probabilities", FLOAT, ["T", "B"])]
    outputs += [tensor(name, FLOAT, ["B", width]) for name in states]
    return as_model(graph.build("greedy", inputs, outputs))


def _step(layers: StudentLayers, memory: Memory, candidates: Candidates) -> onnx.GraphProto:
    """The loop's body. Carried: the last token's embedding, 1 for a row that is open and 0 for others, the cells."""
    graph = GraphBuilder("step_")
    width, cell_names = layers.arch.width, tuple(f"{name}_before" for name in layers.cell_names())
    position = graph.op("Gather", ["own_positions", "step"])
    value, cells = layers.decode(graph, "previous_before", position, cell_names, memory)
    place, log_probability = _best(graph, layers.output.logits(graph, value, candidates))
    token = graph.op("Squeeze", [graph.op("GatherElements", [candidates.ids, place], axis=1), graph.ints(1)])
    # The end-of-sentence token is 0, and a row that was 0 once stays so.
    still_open = graph.op("Min", ["open_before", token])
    waited = graph.op("Slice", [still_open, graph.ints(0), "waited"])
    graph.rename(graph.op("Cast", [graph.op("ReduceMax", [waited], keepdims=0)], to=BOOL), "go_on")
    results = [layers.embed(graph, token), still_open, *cells]
    carried = [("previous", FLOAT, (None, width)), ("open", INT64, (None,))]
    carried += [(name, FLOAT, (None, width)) for name in layers.cell_names()]
    inputs = [tensor("step", INT64, []), tensor("go_on_before", BOOL, [])]
    outputs = [tensor("go_on", BOOL, [])]
    for result, (name, kind, shape) in zip(results, carried, strict=True):
        outputs.append(tensor(graph.rename(result, f"{name}_after"), kind, shape))
        inputs.append(tensor(f"{name}_before", kind, shape))
    outputs.append(tensor(graph.rename(token, "token"), INT64, [None]))
    outputs.append(tensor(graph.rename(log_probability, "log_probability"), FLOAT, [None]))
    return graph.build("greedy_step", inputs, outputs)


def _best(graph: GraphBuilder, logits: str) -> tuple[str, str]:
    """The place of the most probable candidate of each row, int64 `[B, 1]`, and its log-probability `[B]`.

    In two stages, the maximum of each block and then the place within the best block: several times faster than ArgMax.
    """
    blocks = graph.reshape(graph.op("Softmax", [logits], axis=-1), 0, -1, CANDIDATE_BLOCK)
    maxima = graph.op("ReduceMax", [blocks, graph.ints(2)], keepdims=0)
    probability, block = graph.ops("TopK", [maxima, graph.ints(1)], 2, axis=1)
    place = graph.op("Expand", [graph.op("Unsqueeze", [block, graph.ints(2)]), graph.ints(1, 1, CANDIDATE_BLOCK)])
    chosen = graph.op("Squeeze", [graph.op("GatherElements", [blocks, place], axis=1), graph.ints(1)])
    within = graph.op("ArgMax", [chosen], axis=1, keepdims=1)
    start = graph.op("Mul", [block, graph.scalar(CANDIDATE_BLOCK, np.int64)])
    return graph.op("Add", [start, within]), graph.op("Log", [graph.op("Squeeze", [probability, graph.ints(1)])])
