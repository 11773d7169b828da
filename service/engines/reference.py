"""The float reference: a student as a transformers `MarianMTModel` whose decoder layers have SSRU cells.

The int8 graphs are checked against it, and it is the engine for CUDA. Encoder, cross-attention, feed-forward and
search are those of transformers; only the decoder's self-attention and the position vectors are replaced.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import EncoderDecoderCache, MarianConfig, MarianMTModel

from service.engines.architecture import (
    LAYER_NORM_EPSILON,
    POSITIONS,
    Architecture,
    positions_of,
    read_architecture,
)
from service.engines.marian import MarianModel
from service.engines.tokens import EOS_ID, UNK_ID
from service.engines.torch_engine import SearchIds, search_config


class SimpleRecurrentUnit(nn.Module):
    """SSRU (Kim et al. 2019, "From Research to Production and Back: Ludicrously Fast Neural Machine Translation").

    `c_t = f_t * c_(t-1) + (1 - f_t) * W x_t` with `f_t = sigmoid(W_f x_t + b_f)`; the output is `relu(c_t)`. It takes
    the place of a decoder layer's self-attention and keeps `c_t` in that attention's cache, so that beam search
    reorders it.
    """

    def __init__(self, width: int, layer_index: int) -> None:
        super().__init__()
        self.candidate = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, width)
        self.layer_index = layer_index

    def forward(self, hidden_states: Tensor, **arguments: object) -> tuple[Tensor, None]:
        """`hidden_states` `[rows, steps, width]` to the same shape; attention masks are of no use here and ignored."""
        # Told by its type: transformers 5.24 renamed the argument, and a cell that is lost shows only in the output.
        cache = next((value for value in arguments.values() if isinstance(value, EncoderDecoderCache)), None)
        candidate, gate = self.candidate(hidden_states), torch.sigmoid(self.gate(hidden_states))
        cell = self._previous(cache, candidate)
        cells = []
        for step in range(hidden_states.shape[1]):
            cell = gate[:, step] * cell + (1 - gate[:, step]) * candidate[:, step]
            cells.append(cell)
        states = torch.stack(cells, dim=1)
        if cache is not None:
            as_heads = states.unsqueeze(1)
            cache.self_attention_cache.update(as_heads, as_heads, self.layer_index)
        return torch.relu(states), None

    def _previous(self, cache: Any, like: Tensor) -> Tensor:
        if cache is not None and cache.self_attention_cache.get_seq_length(self.layer_index) > 0:
            last: Tensor = cache.self_attention_cache.layers[self.layer_index].keys[:, 0, -1]
            return last
        return torch.zeros_like(like[:, 0])


def reference_model(model: MarianModel) -> MarianMTModel:
    """Build the float32 model of a Marian student, in evaluation mode on the CPU.

    One id is added to the target's vocabulary for padding and for the start of decoding; its embedding is zero, as
    Marian's decoder starts from nothing but a position. Padding of a source is masked, so that it may share its id with
    a token of a larger source vocabulary. Raises MarianFormatError for an architecture this does not implement.
    """
    architecture = read_architecture(model)
    reference = MarianMTModel(_config(architecture))
    for index, layer in enumerate(reference.model.decoder.layers):
        layer.self_attn = SimpleRecurrentUnit(architecture.width, index)
    positions = torch.from_numpy(positions_of(model, architecture))
    reference.model.encoder.embed_positions.weight.data.copy_(positions)
    reference.model.decoder.embed_positions.weight.data.copy_(positions)
    for module in reference.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = LAYER_NORM_EPSILON
    _copy_parameters(reference, model, architecture)
    start = architecture.target_vocabulary
    reference.generation_config = search_config(SearchIds(start, EOS_ID, start, never=(start, UNK_ID)))
    reference.train(False)
    return reference


def _config(architecture: Architecture) -> MarianConfig:
    start = architecture.target_vocabulary
    shared = architecture.source_embedding == architecture.target_embedding
    return MarianConfig(
        vocab_size=max(architecture.source_vocabulary, start + 1),
        decoder_vocab_size=start + 1,
        share_encoder_decoder_embeddings=shared,
        d_model=architecture.width,
        encoder_layers=architecture.encoder_layers,
        decoder_layers=architecture.decoder_layers,
        encoder_attention_heads=architecture.heads,
        decoder_attention_heads=architecture.heads,
        encoder_ffn_dim=architecture.feed_forward,
        decoder_ffn_dim=architecture.feed_forward,
        activation_function="relu",
        max_position_embeddings=POSITIONS,
        scale_embedding=True,
        pad_token_id=start,
        decoder_start_token_id=start,
        eos_token_id=EOS_ID,
        forced_eos_token_id=None,
    )


def _copy_parameters(reference: MarianMTModel, model: MarianModel, architecture: Architecture) -> None:
    if architecture.source_embedding == architecture.target_embedding:
        _copy_embedding(reference.model.shared, model, architecture.target_embedding)
    else:
        _copy_embedding(reference.model.encoder.embed_tokens, model, architecture.source_embedding)
        _copy_embedding(reference.model.decoder.embed_tokens, model, architecture.target_embedding)
    # To the embeddings where they are one, and to the output layer in any case.
    reference.tie_weights()
    reference.final_logits_bias[0, :-1] = torch.from_numpy(model.floats["decoder_ff_logit_out_b"].reshape(-1))
    for number, layer in enumerate(reference.model.encoder.layers, start=1):
        name = f"encoder_l{number}"
        _copy_attention(layer.self_attn, model, f"{name}_self")
        _copy_norm(layer.self_attn_layer_norm, model, f"{name}_self_Wo")
        _copy_feed_forward(layer, model, name)
    for number, layer in enumerate(reference.model.decoder.layers, start=1):
        name = f"decoder_l{number}"
        _copy_matrix(layer.self_attn.candidate, model, f"{name}_rnn_W", None)
        _copy_matrix(layer.self_attn.gate, model, f"{name}_rnn_Wf", f"{name}_rnn_bf")
        _copy_norm(layer.self_attn_layer_norm, model, f"{name}_rnn_ffn")
        _copy_attention(layer.encoder_attn, model, f"{name}_context")
        _copy_norm(layer.encoder_attn_layer_norm, model, f"{name}_context_Wo")
        _copy_feed_forward(layer, model, name)


def _copy_embedding(embedding: nn.Embedding, model: MarianModel, name: str) -> None:
    """Rows that the file does not have are zero."""
    values = torch.from_numpy(model.quantized[name].dequantize())
    embedding.weight.data.zero_()
    embedding.weight.data[: len(values)].copy_(values)


def _copy_matrix(linear: nn.Linear, model: MarianModel, matrix: str, bias: str | None) -> None:
    # Marian multiplies [rows, K] by [K, N]; torch keeps [N, K].
    linear.weight.data.copy_(torch.from_numpy(model.quantized[matrix].dequantize().T))
    if bias is not None:
        linear.bias.data.copy_(torch.from_numpy(model.floats[bias].reshape(-1)))


def _copy_attention(attention: Any, model: MarianModel, name: str) -> None:
    for ours, theirs in (("q_proj", "q"), ("k_proj", "k"), ("v_proj", "v"), ("out_proj", "o")):
        _copy_matrix(getattr(attention, ours), model, f"{name}_W{theirs}", f"{name}_b{theirs}")


def _copy_norm(norm: nn.LayerNorm, model: MarianModel, name: str) -> None:
    norm.weight.data.copy_(torch.from_numpy(model.floats[f"{name}_ln_scale"].reshape(-1)))
    norm.bias.data.copy_(torch.from_numpy(model.floats[f"{name}_ln_bias"].reshape(-1)))


def _copy_feed_forward(layer: Any, model: MarianModel, name: str) -> None:
    _copy_matrix(layer.fc1, model, f"{name}_ffn_W1", f"{name}_ffn_b1")
    _copy_matrix(layer.fc2, model, f"{name}_ffn_W2", f"{name}_ffn_b2")
    _copy_norm(layer.final_layer_norm, model, f"{name}_ffn_ffn")
