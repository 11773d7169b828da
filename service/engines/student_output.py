"""The output layer of a student as ONNX nodes: the scores of what a row may write.

Every row may write the most frequent tokens, and its own candidates. The frequent ones are a matrix that never
changes, which ONNX Runtime lays out once, and one product for all rows. A row's own are a matrix of its own and so a
product of a vector with a matrix, for which nothing is laid out at all. One matrix for the union of the rows'
candidates, of which a row uses a fifth, takes more than twice as long (docs/decisions/0011). No row depends on those
beside it.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from service.engines.architecture import Architecture
from service.engines.graph import UINT8_ZERO_POINT, GraphBuilder
from service.engines.marian import FloatArray, MarianModel
from service.engines.shortlist import CANDIDATE_BLOCK, SHARED_CANDIDATES
from service.engines.tokens import UNK_ID

MASKED: Final = -1e9
# What browsermt's fork calls the output layer once a shortlist has narrowed it (`scripts/alphas/extract_stats.py`).
_NARROWED: Final = "none"


class Candidates(msgspec.Struct, frozen=True):
    """What each row may write, as values of a graph. V are the shared places and the P of a row's own.

    `ids` int64 `[B, V]`. `grouped` is the shape `[B, K, width]` of the states of K hypotheses a row, `flat` that of
    their scores, `[B * K, P]`.
    """

    ids: str
    grouped: str
    flat: str


class OutputLayer:
    """Adds the output layer of one model, the target's embedding, to a graph."""

    def __init__(self, model: MarianModel, arch: Architecture) -> None:
        self._embedding = model.quantized[arch.target_embedding]
        self._name = arch.target_embedding
        self._width = arch.width
        self._activation = model.activation_multiplier(arch.target_embedding, _NARROWED)
        # Marian never writes the unknown token: what the model cannot spell it leaves out.
        self._bias: FloatArray = model.floats["decoder_ff_logit_out_b"].reshape(-1).copy()
        self._bias[UNK_ID] = MASKED
        self._shared = min(SHARED_CANDIDATES, arch.target_vocabulary)

    def lay_out(self, graph: GraphBuilder) -> None:
        """The graph outputs `weights` and `biases` of the graph input `candidates`; see `candidate_graph`."""
        rows = graph.op("Gather", [graph.constant(self._embedding.values), "candidates"])
        biases = graph.op("Gather", [graph.constant(self._own_biases()), "candidates"])
        graph.rename(graph.op("Transpose", [rows], perm=[0, 2, 1]), "weights")
        graph.rename(graph.op("Unsqueeze", [biases, graph.ints(1)]), "biases")

    def candidates(self, graph: GraphBuilder, hypotheses: str) -> Candidates:
        """Read the graph inputs `candidates`, `layout` and `lengths`; `hypotheses` `[1]` says how many a row has."""
        graph.constant_as(self._name, self._embedding.values)
        shared = np.full(self._places(), UNK_ID, dtype=np.int64)
        shared[: self._shared] = np.arange(self._shared)
        everywhere = graph.op("Concat", [graph.op("Shape", ["lengths"]), graph.ints(len(shared))], axis=0)
        shared_ids = graph.op("Expand", [graph.constant(shared), everywhere])
        own = graph.op("Gather", ["candidates", "layout"])
        places = graph.op("Mul", [graph.op("Shape", ["layout"], start=1), graph.ints(CANDIDATE_BLOCK)])
        return Candidates(
            ids=graph.op("Concat", [shared_ids, graph.reshape(own, 0, -1)], axis=1),
            grouped=graph.op("Concat", [graph.ints(-1), hypotheses, graph.ints(self._width)], axis=0),
            flat=graph.op("Concat", [graph.ints(-1), places], axis=0),
        )

    def logits(self, graph: GraphBuilder, value: str, candidates: Candidates) -> str:
        """Scores `[rows, V]` float32 of decoder states `[rows, width]`, in the order of `candidates.ids`."""
        quantized = graph.quantize(value, self._activation)
        states = graph.op("Gather", [graph.op("Reshape", [quantized, candidates.grouped]), "block_rows"])
        products = graph.op("MatMulInteger", [states, "weights"])
        own = graph.op("DequantizeLinear", [products, graph.scalar(self._scale())])
        own = graph.op("Add", [own, "biases"])
        own = graph.op("Gather", [own, "layout"])
        # Where a row has one hypothesis, this is a copy in the same order.
        own = graph.op("Reshape", [graph.op("Transpose", [own], perm=[0, 2, 1, 3]), candidates.flat])
        return graph.op("Concat", [self._shared_logits(graph, quantized), own], axis=1)

    def _shared_logits(self, graph: GraphBuilder, quantized: str) -> str:
        weights = np.zeros((self._width, self._places()), dtype=np.int8)
        weights[:, : self._shared] = self._embedding.values[: self._shared].T
        bias = np.full(self._places(), MASKED, dtype=np.float32)
        bias[: self._shared] = self._bias[: self._shared]
        inputs = [
            quantized,
            graph.constant(weights),
            graph.scalar(1.0 / self._activation),
            graph.scalar(1.0 / self._embedding.multiplier),
            graph.scalar(UINT8_ZERO_POINT, np.uint8),
            "",
            graph.constant(bias),
        ]
        return graph.microsoft("MatMulIntegerToFloat", inputs)

    def _places(self) -> int:
        """Places of the shared candidates, in whole blocks."""
        return -(-self._shared // CANDIDATE_BLOCK) * CANDIDATE_BLOCK

    def _own_biases(self) -> FloatArray:
        """The biases, less what the zero point of the activations adds to a product that knows of none.

        Only a product without zero points is computed without laying its matrix out first.
        """
        added = UINT8_ZERO_POINT * self._embedding.values.sum(axis=1, dtype=np.int64)
        own: FloatArray = (self._bias - self._scale() * added).astype(np.float32)
        return own

    def _scale(self) -> float:
        return 1.0 / (self._activation * self._embedding.multiplier)
