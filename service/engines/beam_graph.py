"""Writes the ONNX graph of a student's beam search: the loop over target positions in one run.

Inputs   the outputs of `encoder_graph`, and `lengths` and the candidates as in `greedy_graph`;
         `limits` int64 `[B]`: tokens a row may have; `beam` int64 `[1]`: the number K of hypotheses kept for each row.
Outputs  `tokens` int64 `[T, B, K]`; `parents` int64 `[T, B, K]`: which hypothesis of the step before a token extends;
         `totals` float32 `[B, K]`: summed log-probabilities; `sizes` int64 `[B, K]`: tokens of each hypothesis, the
         end-of-sentence token included.

A finished hypothesis stays in its beam, extended by end-of-sentence tokens that cost nothing, and competes with the
open ones by its sum. Normalisation by length is left to the reader of the outputs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import helper

from service.engines.graph import BOOL, FLOAT, INT32, INT64, GraphBuilder, as_model, tensor
from service.engines.greedy_graph import SHORTLISTED
from service.engines.marian import MarianModel
from service.engines.student_layers import Memory, StudentLayers
from service.engines.student_output import MASKED, Candidates
from service.engines.tokens import EOS_ID

_PER_BEAM: Final = (None, None)


def beam_graph(model: MarianModel) -> onnx.ModelProto:
    """The ONNX model described at the top of this module; raises MarianFormatError for an unknown architecture."""
    layers = StudentLayers(model)
    graph = GraphBuilder()
    memory = _repeated(graph, layers.read_memory(graph))
    candidates = layers.output.candidates(graph, "beam")
    layers.constant_positions(graph)
    _only_end(graph, candidates)
    batch = graph.op("Shape", ["lengths"])
    beams = graph.op("Concat", [batch, "beam"], axis=0)
    rows = graph.op("Concat", [graph.op("Mul", [batch, "beam"]), graph.ints(layers.arch.width)], axis=0)
    zeros = graph.op("ConstantOfShape", [rows])
    totals = graph.op("Add", [graph.op("ConstantOfShape", [beams]), _initial_totals(graph)])
    finished = graph.op("ConstantOfShape", [beams], value=helper.make_tensor("false", BOOL, [1], [False]))
    sizes = graph.op("ConstantOfShape", [beams], value=helper.make_tensor("zero", INT64, [1], [0]))
    cells = [zeros] * layers.arch.decoder_layers
    carried = [graph.op("ReduceMax", ["limits"], keepdims=0), graph.scalar(True, np.bool_)]
    carried += [zeros, totals, finished, sizes, *cells]
    results = graph.ops("Loop", carried, len(carried), body=_step(layers, memory, candidates))
    for name, place in (("totals", 1), ("sizes", 3), ("tokens", -2), ("parents", -1)):
        graph.rename(results[place], name)
    outputs = [tensor("tokens", INT64, ["T", "B", "K"]), tensor("parents", INT64, ["T", "B", "K"])]
    outputs += [tensor("totals", FLOAT, ["B", "K"]), tensor("sizes", INT64, ["B", "K"])]
    inputs = [*layers.memory_tensors(), *SHORTLISTED, tensor("limits", INT64, ["B"]), tensor("beam", INT64, [1])]
    return as_model(graph.build("beam", inputs, outputs))


def _repeat_rows(graph: GraphBuilder, value: str) -> str:
    """`[B, ...]` to `[B * K, ...]`, each row K times in a row."""
    shape = graph.op("Shape", [value])
    tail = graph.op("Slice", [shape, graph.ints(1), graph.ints(9)])
    ones = graph.op("ConstantOfShape", [graph.op("Shape", [tail])], value=helper.make_tensor("one", INT64, [1], [1]))
    expansion = graph.op("Concat", [graph.ints(1), "beam", ones], axis=0)
    wide = graph.op("Expand", [graph.op("Unsqueeze", [value, graph.ints(1)]), expansion])
    return graph.op("Reshape", [wide, graph.op("Concat", [graph.ints(-1), tail], axis=0)])


def _repeated(graph: GraphBuilder, memory: Memory) -> Memory:
    layers = tuple((_repeat_rows(graph, keys), _repeat_rows(graph, values)) for keys, values in memory.keys_values)
    return Memory(layers, _repeat_rows(graph, memory.attention_bias))


def _only_end(graph: GraphBuilder, candidates: Candidates) -> None:
    """`width` `[1]`: how many candidates a row has, V; `only_end` `[1, 1, V]`: 0 for the end-of-sentence candidate,
    masked for the others."""
    graph.rename(graph.op("Shape", [candidates.ids], start=1), "width")
    places = graph.op("Range", [graph.scalar(0, np.int64), graph.op("Squeeze", ["width"]), graph.scalar(1, np.int64)])
    is_end = graph.op("Equal", [places, graph.scalar(EOS_ID, np.int64)])
    row = graph.op("Where", [is_end, graph.scalar(0.0), graph.scalar(MASKED)])
    graph.rename(graph.op("Unsqueeze", [row, graph.ints(0, 1)]), "only_end")


def _initial_totals(graph: GraphBuilder) -> str:
    """`[K]`: all hypotheses are the same at first, so only one of them may be extended."""
    beam = graph.op("Squeeze", ["beam"])
    places = graph.op("Range", [graph.scalar(0, np.int64), beam, graph.scalar(1, np.int64)])
    first = graph.op("Equal", [places, graph.scalar(0, np.int64)])
    return graph.op("Where", [first, graph.scalar(0.0), graph.scalar(MASKED)])


def _step(layers: StudentLayers, memory: Memory, candidates: Candidates) -> onnx.GraphProto:
    """The loop's body. Carried: the previous embedding, the beams' totals, ends and sizes, the SSRU cells."""
    graph = GraphBuilder("step_")
    width = layers.arch.width
    cell_names = layers.cell_names()
    value, cells = layers.decode(graph, "previous", graph.op("Gather", ["positions", "step"]), cell_names, memory)
    scored = _extensions(graph, layers.output.logits(graph, value, candidates))
    best, flat = graph.ops("TopK", [scored, "beam"], 2, axis=1)
    parent = graph.op("Div", [flat, "width"])
    token = graph.op("GatherElements", [candidates.ids, graph.op("Mod", [flat, "width"])], axis=1)
    was_finished = graph.op("GatherElements", ["finished", parent], axis=1)
    next_step = graph.op("Add", ["step", graph.scalar(1, np.int64)])
    at_limit = graph.op("Unsqueeze", [graph.op("GreaterOrEqual", [next_step, "limits"]), graph.ints(1)])
    ended = graph.op("Or", [graph.op("Equal", [token, graph.scalar(EOS_ID, np.int64)]), at_limit])
    finished = graph.op("Or", [was_finished, ended])
    grown = graph.op("Cast", [graph.op("Not", [was_finished])], to=INT64)
    sizes = graph.op("Add", [graph.op("GatherElements", ["sizes", parent], axis=1), grown])
    all_finished = graph.op("ReduceMin", [graph.op("Cast", [finished], to=INT32)], keepdims=0)
    rows = _row_numbers(graph, parent)
    graph.rename(graph.op("Not", [graph.op("Cast", [all_finished], to=BOOL)]), "go_on")
    graph.rename(layers.embed(graph, graph.reshape(token, -1)), "previous_next")
    for value_name, name in ((best, "totals"), (finished, "finished"), (sizes, "sizes")):
        graph.rename(value_name, f"{name}_next")
    for name, cell in zip(cell_names, cells, strict=True):
        graph.rename(graph.op("Gather", [cell, rows]), f"{name}_next")
    graph.rename(token, "token")
    graph.rename(parent, "parent")
    carried = [("previous", FLOAT, (None, width)), ("totals", FLOAT, _PER_BEAM), ("finished", BOOL, _PER_BEAM)]
    carried += [("sizes", INT64, _PER_BEAM), *((name, FLOAT, (None, width)) for name in cell_names)]
    inputs = [tensor("step", INT64, []), tensor("go_on_before", BOOL, [])]
    inputs += [tensor(name, kind, shape) for name, kind, shape in carried]
    outputs = [tensor("go_on", BOOL, [])]
    outputs += [tensor(f"{name}_next", kind, shape) for name, kind, shape in carried]
    outputs += [tensor("token", INT64, _PER_BEAM), tensor("parent", INT64, _PER_BEAM)]
    return graph.build("beam_step", inputs, outputs)


def _extensions(graph: GraphBuilder, logits: str) -> str:
    """Totals of every hypothesis with every candidate, `[B, K * V]`."""
    log_probabilities = graph.op("LogSoftmax", [logits], axis=-1)
    shape = graph.op("Concat", [graph.ints(-1), "beam", "width"], axis=0)
    per_beam = graph.op("Reshape", [log_probabilities, shape])
    ended = graph.op("Unsqueeze", ["finished", graph.ints(2)])
    allowed = graph.op("Where", [ended, "only_end", per_beam])
    totals = graph.op("Add", [allowed, graph.op("Unsqueeze", ["totals", graph.ints(2)])])
    extensions = graph.op("Mul", ["beam", "width"])
    return graph.op("Reshape", [totals, graph.op("Concat", [graph.ints(-1), extensions], axis=0)])


def _row_numbers(graph: GraphBuilder, parent: str) -> str:
    """`[B * K]`: the row of the flattened batch that each hypothesis extends."""
    batch = graph.op("Squeeze", [graph.op("Shape", [parent], start=0, end=1)])
    firsts = graph.op("Mul", [graph.op("Range", [graph.scalar(0, np.int64), batch, graph.scalar(1, np.int64)]), "beam"])
    return graph.reshape(graph.op("Add", [graph.op("Unsqueeze", [firsts, graph.ints(1)]), parent]), -1)
