"""A thin builder over `onnx.helper` for the graphs that `student_graph` writes.

Values are referred to by name. Every method that adds a node returns the name of its output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
MICROSOFT_OPSET = 1
IR_VERSION = 9
UINT8_ZERO_POINT = 128

Array = npt.NDArray[Any]


class GraphBuilder:
    """Collects nodes and initializers of one graph; `prefix` keeps names of nested graphs apart."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, Array] = {}
        self._aliases: dict[str, str] = {}
        self._count = 0

    def _fresh(self, hint: str) -> str:
        self._count += 1
        return f"{self._prefix}{hint}_{self._count}"

    def op(self, kind: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        return self.ops(kind, inputs, 1, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: Any
    ) -> tuple[str, ...]:
        """Add a node with several outputs."""
        names = tuple(self._fresh(kind) for _ in range(outputs))
        known = [self._aliases.get(name, name) for name in inputs]
        self._nodes.append(helper.make_node(kind, known, list(names), domain=domain, **attributes))
        return names

    def microsoft(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node of ONNX Runtime's contributed operators."""
        return self.op(kind, inputs, domain="com.microsoft", **attributes)

    def constant(self, value: Array, hint: str = "const") -> str:
        """Add an initializer."""
        name = self._fresh(hint)
        self._initializers[name] = value
        return name

    def constant_as(self, name: str, value: Array) -> None:
        """Add an initializer under a name of the caller's choice, for nested graphs to refer to."""
        self._initializers[name] = value

    def scalar(self, value: float, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a zero-dimensional initializer."""
        return self.constant(np.asarray(value, dtype=dtype))

    def ints(self, *values: int) -> str:
        """Add a one-dimensional int64 initializer, as shapes and axes are given."""
        return self.constant(np.asarray(values, dtype=np.int64))

    def rename(self, source: str, target: str) -> str:
        """Give a value the name that a graph output must have.

        The node that makes the value and those that use it so far are changed; a node that copies it would cost time
        in every step of a loop. A value that no node of this graph makes is copied all the same.
        """
        maker = next((node for node in self._nodes if source in node.output), None)
        if maker is None:
            self._nodes.append(helper.make_node("Identity", [source], [target]))
            return target
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [target if name == source else name for name in names]
        self._aliases[source] = target
        return target

    def reshape(self, value: str, *shape: int) -> str:
        """Reshape; 0 keeps an extent, -1 infers one."""
        return self.op("Reshape", [value, self.ints(*shape)])

    def layer_norm(self, value: str, scale: Array, bias: Array, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        names = [value, self.constant(scale.reshape(-1)), self.constant(bias.reshape(-1))]
        return self.op("LayerNormalization", names, axis=-1, epsilon=epsilon)

    def quantize(self, value: str, multiplier: float) -> str:
        """Activations as uint8 with zero point 128: `round(value * multiplier) + 128`, saturated."""
        inputs = [value, self.scalar(1.0 / multiplier), self.scalar(UINT8_ZERO_POINT, np.uint8)]
        return self.op("QuantizeLinear", inputs)

    def build(
        self, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> onnx.GraphProto:
        """The finished graph."""
        tensors = [numpy_helper.from_array(value, key) for key, value in self._initializers.items()]
        return helper.make_graph(self._nodes, name, list(inputs), list(outputs), tensors)


def tensor(name: str, kind: int, shape: Sequence[int | str | None]) -> onnx.ValueInfoProto:
    """Describe a graph input or output; `kind` is a `TensorProto` data type."""
    return helper.make_tensor_value_info(name, kind, shape)


def as_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """Wrap a graph into a model of the operator sets used here."""
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", MICROSOFT_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="manchete")


FLOAT = int(TensorProto.FLOAT)
INT8 = int(TensorProto.INT8)
INT32 = int(TensorProto.INT32)
INT64 = int(TensorProto.INT64)
BOOL = int(TensorProto.BOOL)
