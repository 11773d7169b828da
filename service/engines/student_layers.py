"""The layers of a student as ONNX nodes: int8 matrix products with the file's static scales, float32 between them.

Activations are quantized to uint8 with zero point 128, which is Marian's int8 shifted: the unsigned-by-signed products
are the ones that processors have an instruction for. A static scale makes a row independent of the rows beside it.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
import onnx

from service.engines.architecture import LAYER_NORM_EPSILON, Architecture, positions_of, read_architecture
from service.engines.graph import FLOAT, INT32, UINT8_ZERO_POINT, GraphBuilder, tensor
from service.engines.marian import FloatArray, MarianModel
from service.engines.student_output import MASKED, OutputLayer

# The order that attention needs the axes `[S, B, heads, head_width]` of queries, keys and values in.
_AXES: Final = {"q": (1, 2, 0, 3), "k": (1, 2, 3, 0), "v": (1, 2, 0, 3)}


class Linear(msgspec.Struct, frozen=True):
    """A matrix and what is added to the product with it.

    `rectified_for` names the matrix that consumes the result after a ReLU; the result is multiplied by `factor`.
    """

    matrix: str
    bias: str | None
    rectified_for: str | None = None
    factor: float = 1.0


class Memory(msgspec.Struct, frozen=True):
    """What the decoder looks at: per layer keys `[B, heads, head_width, S]` and values `[B, heads, S, head_width]`."""

    keys_values: tuple[tuple[str, str], ...]
    attention_bias: str


class StudentLayers:
    """Adds the layers of one model to a graph; every method returns the names of its outputs."""

    def __init__(self, model: MarianModel) -> None:
        self._model = model
        self.arch: Architecture = read_architecture(model)
        self.output = OutputLayer(model, self.arch)

    # --- encoder

    def encode(self, graph: GraphBuilder) -> str:
        """Encoder states `[S * B, width]` float32 of the graph inputs of `encoder_graph`."""
        embedding = self.arch.source_embedding
        graph.constant_as(embedding, self._model.quantized[embedding].values)
        self.constant_positions(graph)
        length = graph.op("Shape", ["ids"], start=0, end=1)
        positions = graph.op("Slice", ["positions", graph.ints(0), length, graph.ints(0)])
        embedded = self._embed(graph, embedding, "ids")
        value = graph.op("Add", [embedded, graph.op("Unsqueeze", [positions, graph.ints(1)])])
        value = graph.reshape(value, -1, self.arch.width)
        heads = graph.ints(self.arch.heads, self.arch.head_width)
        graph.rename(graph.op("Concat", [graph.op("Shape", ["ids"]), heads], axis=0), "by_head")
        for layer in range(1, self.arch.encoder_layers + 1):
            name = f"encoder_l{layer}"
            update = self._self_attention(graph, value, f"{name}_self")
            value = self._residual_norm(graph, value, update, f"{name}_self_Wo")
            value = self._feed_forward(graph, value, name)
        return value

    def constant_positions(self, graph: GraphBuilder) -> None:
        """Add the position vectors as `positions` `[POSITIONS, width]`."""
        graph.constant_as("positions", positions_of(self._model, self.arch))

    def embed(self, graph: GraphBuilder, ids: str) -> str:
        """Scaled float32 target embeddings of `ids`."""
        return self._embed(graph, self.arch.target_embedding, ids)

    def _embed(self, graph: GraphBuilder, embedding: str, ids: str) -> str:
        scale = math.sqrt(self.arch.width) / self._model.quantized[embedding].multiplier
        return graph.op("DequantizeLinear", [graph.op("Gather", [embedding, ids]), graph.scalar(scale)])

    def _self_attention(self, graph: GraphBuilder, value: str, name: str) -> str:
        # Not ONNX Runtime's operator for it, which takes twice as long, and with the padding of unlike rows four times.
        quantized = self._quantize(graph, value, f"{name}_Wq")
        query, key, val = (self._by_head(graph, quantized, name, part) for part in "qkv")
        scores = graph.microsoft("FusedMatMul", [query, key], alpha=1.0 / math.sqrt(self.arch.head_width))
        scores = graph.op("Add", [scores, "bias"])
        mixed = graph.op("MatMul", [graph.op("Softmax", [scores], axis=-1), val])
        mixed = graph.reshape(graph.op("Transpose", [mixed], perm=[2, 0, 1, 3]), -1, self.arch.width)
        return self._project(graph, mixed, Linear(f"{name}_Wo", f"{name}_bo"))

    def _by_head(self, graph: GraphBuilder, quantized: str, name: str, part: str) -> str:
        """Queries (`part` q), keys (k) or values (v) of every position, their axes in the order of `_AXES`."""
        product = self._linear(graph, quantized, Linear(f"{name}_W{part}", f"{name}_b{part}"))
        return graph.op("Transpose", [graph.op("Reshape", [product, "by_head"])], perm=_AXES[part])

    # --- what the decoder computes once

    def memory(self, graph: GraphBuilder, encoded: str) -> None:
        """Keys and values of every decoder layer, as graph outputs called `keys_1`, `values_1` and so on."""
        for number, name in enumerate(self._decoder_layers(), start=1):
            context = f"{name}_context"
            quantized = self._quantize(graph, encoded, f"{context}_Wk")
            for part, kind in (("k", "keys"), ("v", "values")):
                graph.rename(self._by_head(graph, quantized, context, part), f"{kind}_{number}")

    def memory_tensors(self) -> list[onnx.ValueInfoProto]:
        """What `memory` gives and a decoder graph takes."""
        tensors = []
        for number in range(1, self.arch.decoder_layers + 1):
            heads, width = self.arch.heads, self.arch.head_width
            tensors.append(tensor(f"keys_{number}", FLOAT, ["B", heads, width, "S"]))
            tensors.append(tensor(f"values_{number}", FLOAT, ["B", heads, "S", width]))
        return tensors

    def read_memory(self, graph: GraphBuilder) -> Memory:
        """The keys and values that the graph is given, and the bias that hides padding by `lengths`."""
        layers = tuple((f"keys_{number}", f"values_{number}") for number in range(1, self.arch.decoder_layers + 1))
        length = graph.op("Cast", [graph.op("Squeeze", [graph.op("Shape", ["keys_1"], start=3, end=4)])], to=INT32)
        steps = graph.op("Range", [graph.scalar(0, np.int32), length, graph.scalar(1, np.int32)])
        within = graph.op("Less", [steps, graph.op("Unsqueeze", ["lengths", graph.ints(1)])])
        bias = graph.op("Where", [within, graph.scalar(0.0), graph.scalar(MASKED)])
        return Memory(layers, graph.op("Unsqueeze", [bias, graph.ints(1, 2)]))

    # --- one target position

    def cell_names(self) -> tuple[str, ...]:
        """What the SSRU cells of the decoder layers are called, `cell_1` and so on."""
        return tuple(f"cell_{number}" for number in range(1, self.arch.decoder_layers + 1))

    def decode(
        self, graph: GraphBuilder, previous: str, position: str, cells: tuple[str, ...], memory: Memory
    ) -> tuple[str, tuple[str, ...]]:
        """Decoder state `[rows, width]` and the new SSRU cells, given the previous embedding and the position's."""
        value = graph.op("Add", [previous, position])
        updated = []
        for name, cell, keys_values in zip(self._decoder_layers(), cells, memory.keys_values, strict=True):
            value, new_cell = self._ssru(graph, value, cell, name)
            updated.append(new_cell)
            value = self._cross_attention(graph, value, keys_values, memory.attention_bias, name)
            value = self._feed_forward(graph, value, name)
        return value, tuple(updated)

    def _ssru(self, graph: GraphBuilder, value: str, cell: str, name: str) -> tuple[str, str]:
        quantized = self._quantize(graph, value, f"{name}_rnn_W")
        candidate = self._linear(graph, quantized, Linear(f"{name}_rnn_W", None))
        gate = self._linear(graph, quantized, Linear(f"{name}_rnn_Wf", f"{name}_rnn_bf"))
        # f * c + (1 - f) * x, with one product less
        kept = graph.op("Mul", [graph.op("Sigmoid", [gate]), graph.op("Sub", [cell, candidate])])
        updated = graph.op("Add", [candidate, kept])
        return self._residual_norm(graph, value, graph.op("Relu", [updated]), f"{name}_rnn_ffn"), updated

    def _cross_attention(
        self, graph: GraphBuilder, value: str, keys_values: tuple[str, str], attention_bias: str, name: str
    ) -> str:
        context = f"{name}_context"
        keys, values = keys_values
        scale = 1.0 / math.sqrt(self.arch.head_width)
        query = self._project(graph, value, Linear(f"{context}_Wq", f"{context}_bq", factor=scale))
        query = graph.reshape(query, -1, self.arch.heads, 1, self.arch.head_width)
        scores = graph.op("Add", [graph.op("MatMul", [query, keys]), attention_bias])
        mixed = graph.op("MatMul", [graph.op("Softmax", [scores], axis=-1), values])
        mixed = graph.reshape(mixed, -1, self.arch.width)
        update = self._project(graph, mixed, Linear(f"{context}_Wo", f"{context}_bo"))
        return self._residual_norm(graph, value, update, f"{context}_Wo")

    # --- pieces that encoder and decoder share

    def _decoder_layers(self) -> list[str]:
        return [f"decoder_l{layer}" for layer in range(1, self.arch.decoder_layers + 1)]

    def _float(self, name: str) -> FloatArray:
        return self._model.floats[name]

    def _quantize(self, graph: GraphBuilder, value: str, name: str) -> str:
        return graph.quantize(value, self._model.activation_multiplier(name))

    def _linear(
        self, graph: GraphBuilder, quantized: str, linear: Linear, *, zero_point: int = UINT8_ZERO_POINT
    ) -> str:
        """`quantized` uint8 `[rows, K]` times the matrix, `[rows, N]` float32, or uint8 for the next product.

        With `rectified_for` the result is quantized for that matrix with zero point 0: saturation is then the ReLU.
        """
        multiplier = self._model.activation_multiplier(linear.matrix)
        weights = self._model.quantized[linear.matrix]
        # In double precision, for the bias below: one that is rounded to another integer changes some texts.
        scale = np.float64(1.0 / weights.multiplier)
        columns = weights.values.shape[1]
        bias = np.zeros(columns) if linear.bias is None else self._float(linear.bias).reshape(-1)
        # A product for each matrix, with a scale for all of its columns: a vector of scales takes up to a third longer,
        # and one scale for several matrices costs 0.2-0.3 BLEU.
        inputs = [
            quantized,
            graph.scalar(1.0 / multiplier),
            graph.scalar(zero_point, np.uint8),
            graph.constant(weights.values),
            graph.scalar(linear.factor * scale),
            graph.scalar(0, np.int8),
            graph.constant(np.rint(bias * multiplier / scale).astype(np.int32)),
        ]
        if linear.rectified_for is not None:
            following = self._model.activation_multiplier(linear.rectified_for)
            inputs += [graph.scalar(1.0 / following), graph.scalar(0, np.uint8)]
        return graph.microsoft("QGemm", inputs)

    def _project(self, graph: GraphBuilder, value: str, linear: Linear) -> str:
        quantized = self._quantize(graph, value, linear.matrix)
        return self._linear(graph, quantized, linear)

    def _residual_norm(self, graph: GraphBuilder, value: str, update: str, name: str) -> str:
        total = graph.op("Add", [value, update])
        scale, bias = self._float(f"{name}_ln_scale"), self._float(f"{name}_ln_bias")
        return graph.layer_norm(total, scale, bias, LAYER_NORM_EPSILON)

    def _feed_forward(self, graph: GraphBuilder, value: str, name: str) -> str:
        first, second = f"{name}_ffn_W1", f"{name}_ffn_W2"
        hidden = self._project(graph, value, Linear(first, f"{name}_ffn_b1", rectified_for=second))
        update = self._linear(graph, hidden, Linear(second, f"{name}_ffn_b2"), zero_point=0)
        return self._residual_norm(graph, value, update, f"{name}_ffn_ffn")
