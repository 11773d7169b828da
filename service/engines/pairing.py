"""The order of a student's channels, chosen so that its int8 products do not overflow on processors without VNNI.

There, x86 multiplies unsigned activations with signed weights (`vpmaddubsw`) and adds two neighbouring products into 16
bits, which saturate: 255 times two weights of one column whose sum is beyond 128 does not fit. Weights are neighbours
if their input channels are. A model means the same in any order of its channels, so those are paired whose weights do
not add up; nothing is computed differently, and every processor comes to the same sums (docs/decisions/0032).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from service.engines.architecture import Architecture
from service.engines.marian import Int8Array, MarianModel, QuantizedMatrix

Order = npt.NDArray[np.int64]

# What two weights may add up to: 255 * 128 fits 16 bits.
SAFE_SUM: Final = 128
# How the names of parameters end whose rows, or whose columns, are the channels that layers hand on to each other.
_ROWS: Final = ("_Wq", "_Wk", "_Wv", "_W1", "_rnn_W", "_rnn_Wf")
_COLUMNS: Final = ("_Wo", "_W2", "_rnn_W", "_rnn_Wf", "_bo", "_b2", "_rnn_bf", "_ln_scale", "_ln_bias")


def arranged(model: MarianModel, arch: Architecture) -> MarianModel:
    """The same model with its channels in an order in which few neighbouring weights add up beyond `SAFE_SUM`."""
    embeddings = {arch.source_embedding, arch.target_embedding}
    inputs = [one.values for name, one in model.quantized.items() if name.endswith(_ROWS)]
    # As the output layer, the embedding is multiplied from its other side.
    channels = paired([*inputs, model.quantized[arch.target_embedding].values.T])
    rows = {name: channels for name in model.quantized if name.endswith(_ROWS)}
    columns = {name: channels for name in model.quantized if name in embeddings}
    columns |= {name: channels for name in (*model.quantized, *model.floats) if name.endswith(_COLUMNS)}
    for name in model.quantized:
        if name.endswith("_Wo"):
            _inner(rows, columns, name, ("_Wv", "_bv"), _paired_heads(model.quantized[name].values, arch))
        elif name.endswith("_W2"):
            _inner(rows, columns, name, ("_W1", "_b1"), paired([model.quantized[name].values]))
    floats = {name: _ordered(value, rows.get(name), columns.get(name)) for name, value in model.floats.items()}
    quantized = {
        name: QuantizedMatrix(_ordered(one.values, rows.get(name), columns.get(name)), one.multiplier)
        for name, one in model.quantized.items()
    }
    return replace(model, floats=floats, quantized=quantized, channels=channels)


def paired(matrices: Sequence[Int8Array]) -> Order:
    """An order of the K channels that go into `matrices` `[K, N]`, neighbours two by two.

    Those with the most to lose choose first, and take whom they go best with of those that are left.
    """
    excess = _excess(np.concatenate(matrices, axis=1))
    free = np.ones(len(excess), dtype=bool)
    order: list[int] = []
    for channel in np.argsort(-excess.sum(axis=1), kind="stable").tolist():
        if not free[channel]:
            continue
        free[channel] = False
        order.append(channel)
        if free.any():
            partner = int(np.where(free, excess[channel], np.inf).argmin())
            free[partner] = False
            order.append(partner)
    return np.array(order, dtype=np.int64)


def _excess(weights: Int8Array) -> npt.NDArray[np.float64]:
    """For every two channels how far their weights add up beyond `SAFE_SUM`, squared and summed over the columns."""
    wide = weights.astype(np.int16)
    # Of two that add up to more, one has more than half.
    large = np.abs(wide) > SAFE_SUM // 2
    excess = np.zeros((len(wide), len(wide)))
    for channel in np.flatnonzero(large.any(axis=1)):
        columns = large[channel]
        over = np.maximum(np.abs(wide[:, columns] + wide[channel, columns]) - SAFE_SUM, 0)
        excess[channel] = (over.astype(np.float64) ** 2).sum(axis=1)
    return np.maximum(excess, excess.T)


def _paired_heads(weights: Int8Array, arch: Architecture) -> Order:
    """An order of the channels that attention hands to its output matrix, each within its head."""
    heads = np.split(weights, arch.heads)
    return np.concatenate([paired([head]) + number * arch.head_width for number, head in enumerate(heads)])


def _inner(
    rows: dict[str, Order], columns: dict[str, Order], consumer: str, makers: tuple[str, str], order: Order
) -> None:
    """Note the order of channels that only `consumer` reads and that the parameters ending in `makers` make."""
    rows[consumer] = order
    columns.update({consumer[:-3] + maker: order for maker in makers})


def _ordered(value: npt.NDArray[Any], rows: Order | None, columns: Order | None) -> npt.NDArray[Any]:
    """`value` with its rows and its columns (the last axis) in these orders, where there are any."""
    value = value if rows is None else value[rows]
    return value if columns is None else np.ascontiguousarray(value[..., columns])
