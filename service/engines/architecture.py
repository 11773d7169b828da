"""The architecture of a student, read from the `special:model.yml` text of its file and from its matrices.

Which embeddings there are is said by three flags (marian-dev `src/models/transformer.h`): source and target share
`Wemb` with `tied-embeddings-all` or `tied-embeddings-src`, else they have `encoder_Wemb` and `decoder_Wemb`; the output
layer is the target's embedding with `tied-embeddings-all` or `tied-embeddings`, else a matrix of its own. Students of
languages with a vocabulary each (Chinese, Japanese, Korean) are of the kind `tied-embeddings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from service.engines.marian import FloatArray, MarianFormatError, MarianModel

LAYER_NORM_EPSILON: Final = 1e-6
# More than the target tokens that the longest source may have.
POSITIONS: Final = 1024
# The first half of a position's vector holds sines, the second cosines, of these wavelengths.
_POSITION_BASE: Final = 10_000.0


class Architecture(msgspec.Struct, frozen=True):
    """Sizes of a Marian transformer student with an SSRU decoder whose output layer is the target's embedding.

    `source_embedding` and `target_embedding` name matrices `[vocabulary, width]`, the same one where it is shared.
    """

    source_embedding: str
    target_embedding: str
    source_vocabulary: int
    target_vocabulary: int
    width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


# What the graphs below implement; a file that says otherwise would be translated into nonsense without an error.
_REQUIRED: Final = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "transformer-preprocess": "",
    "transformer-postprocess": "dan",
    "transformer-postprocess-emb": "d",
    "transformer-ffn-activation": "relu",
    "transformer-ffn-depth": "2",
    "transformer-train-position-embeddings": "false",
    "transformer-no-projection": "false",
}
_SHARED: Final = "Wemb"
_SEPARATE: Final = ("encoder_Wemb", "decoder_Wemb")


def read_architecture(model: MarianModel) -> Architecture:
    """The architecture of `model`; raises MarianFormatError when this engine does not implement it."""
    settings = _top_level_settings(model.config)
    for key, expected in _REQUIRED.items():
        if settings.get(key, expected) != expected:
            raise MarianFormatError(f"{key} is {settings[key]!r}; this engine implements {expected!r} only")
    source, target = _embeddings(settings)
    try:
        source_shape, target_shape = (model.quantized[name].values.shape for name in (source, target))
        bias = model.floats["decoder_ff_logit_out_b"].size
        feed_forward = model.quantized["encoder_l1_ffn_W1"].values.shape[1]
        architecture = Architecture(
            source_embedding=source,
            target_embedding=target,
            source_vocabulary=source_shape[0],
            target_vocabulary=target_shape[0],
            width=target_shape[1],
            heads=int(settings["transformer-heads"]),
            feed_forward=feed_forward,
            encoder_layers=int(settings["enc-depth"]),
            decoder_layers=int(settings["dec-depth"]),
        )
    except (KeyError, ValueError) as error:
        raise MarianFormatError(f"the model does not say or hold {error}") from error
    if architecture.width % architecture.heads or architecture.width % 2:
        raise MarianFormatError(f"width {architecture.width} does not divide into {architecture.heads} heads")
    if source_shape[1] != target_shape[1]:
        raise MarianFormatError(f"{source} has width {source_shape[1]}, {target} has width {target_shape[1]}")
    if bias != target_shape[0]:
        raise MarianFormatError(f"decoder_ff_logit_out_b has {bias} values, {target} has {target_shape[0]} rows")
    return architecture


def _embeddings(settings: Mapping[str, str]) -> tuple[str, str]:
    """Names of the source's and of the target's embedding."""
    everywhere, source, output = (
        settings.get(key) == "true" for key in ("tied-embeddings-all", "tied-embeddings-src", "tied-embeddings")
    )
    if not (everywhere or output):
        raise MarianFormatError(
            "neither tied-embeddings-all nor tied-embeddings is true; "
            "this engine implements an output layer that is the target's embedding only"
        )
    return (_SHARED, _SHARED) if everywhere or source else _SEPARATE


def _top_level_settings(config: str) -> dict[str, str]:
    # Marian writes plain `key: value` lines; the nested ones (vocabulary sizes) are read off the matrices instead,
    # so no YAML parser has to be trusted with the file.
    settings = {}
    for line in config.splitlines():
        key, separator, value = line.partition(":")
        if separator and not key.startswith((" ", "-")):
            settings[key.strip()] = value.strip().strip('"')
    return settings


def positions_of(model: MarianModel, architecture: Architecture) -> FloatArray:
    """The position vectors `[POSITIONS, width]` as the model's channels lie."""
    table = position_table(POSITIONS, architecture.width)
    return table if model.channels is None else table[:, model.channels]


def position_table(positions: int, width: int) -> FloatArray:
    """Marian's sinusoidal position vectors, shape `[positions, width]`.

    Position `p` has `sin(p * w_k)` in the first half and `cos(p * w_k)` in the second, with
    `w_k = 1e4^(-k / (width/2 - 1))`.
    """
    half = width // 2
    wavelengths = _POSITION_BASE ** (-np.arange(half, dtype=np.float64) / (half - 1))
    angles = np.arange(positions, dtype=np.float64)[:, None] * wavelengths[None, :]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
