"""Trains a student on the toy languages, a vocabulary each, and exports it in int8 as Mozilla does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from hub_models import one_thread
from marian_files import (
    Parameters,
    Sizes,
    random_parameters,
    shortlist,
    student_model,
    train_vocabulary,
    vocabulary_size,
)
from torch import nn
from toy_language import in_characters, sentence_pairs
from transformers import MarianMTModel

from service.engines.marian import parse_marian
from service.engines.reference import reference_model
from service.engines.tokens import EOS_ID

SIZES = Sizes(width=64, heads=4, feed_forward=128, encoder_layers=2, decoder_layers=2)
_PAIRS = 2000
_STEPS = 400
_LEARNING_RATE = 2e-3
# As Mozilla's exports do, the scale of activations covers what was seen and something over.
_HEADROOM = 1.1


@one_thread()
def write_trained_student(folder: Path) -> dict[str, Path]:
    """The four files of a student that learnt the toy languages, the target in Chinese characters, by file type."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [(source, in_characters(target)) for source, target in sentence_pairs(_PAIRS)]
    vocabularies = {
        "srcvocab": train_vocabulary([source for source, _ in pairs[:400]], 120),
        # A multiple of 8, to which Mozilla's engine fills its candidates.
        "trgvocab": train_vocabulary([target for _, target in pairs[:400]], 88),
    }
    sizes = {kind: vocabulary_size(content) for kind, content in vocabularies.items()}
    parameters = random_parameters(sizes["srcvocab"], sizes["trgvocab"], SIZES)
    model = reference_model(parse_marian(student_model(parameters, SIZES)))
    named = dict(_named_tensors(model, parameters, sizes))
    encode = [sentencepiece.SentencePieceProcessor(model_proto=content) for content in vocabularies.values()]
    encoded = [
        tuple([*processor.encode(text), EOS_ID] for processor, text in zip(encode, pair, strict=True)) for pair in pairs
    ]
    _train(model, named, encoded)
    trained = _quantized(named, parameters, _largest_inputs(model, encoded[:64]))
    files = {
        "model": student_model(trained, SIZES),
        **vocabularies,
        # Every token is frequent: what was learnt shows, not what a made-up list allows.
        "lex": shortlist({}, sizes["srcvocab"], frequent=sizes["trgvocab"]),
    }
    for kind, content in files.items():
        (folder / kind).write_bytes(content)
    return {kind: folder / kind for kind in files}


def _linears(model: MarianMTModel) -> Iterator[tuple[str, str | None, nn.Linear]]:
    """Marian's names of every product's matrix and bias."""
    attention = (("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("o", "out_proj"))
    for side, layers in (("encoder", model.model.encoder.layers), ("decoder", model.model.decoder.layers)):
        for number, layer in enumerate(layers, start=1):
            name = f"{side}_l{number}"
            own, part = (layer.self_attn, "self") if side == "encoder" else (layer.encoder_attn, "context")
            for letter, module in attention:
                yield f"{name}_{part}_W{letter}", f"{name}_{part}_b{letter}", getattr(own, module)
            for place, linear in enumerate((layer.fc1, layer.fc2), start=1):
                yield f"{name}_ffn_W{place}", f"{name}_ffn_b{place}", linear
            if side == "decoder":
                yield f"{name}_rnn_W", None, layer.self_attn.candidate
                yield f"{name}_rnn_Wf", f"{name}_rnn_bf", layer.self_attn.gate


def _named_tensors(
    model: MarianMTModel, parameters: Parameters, sizes: Mapping[str, int]
) -> Iterator[tuple[str, torch.Tensor]]:
    """The model's tensors by Marian's names, as Marian lays them out; views, so that training changes them."""
    yield "encoder_Wemb", model.model.encoder.embed_tokens.weight.data[: sizes["srcvocab"]]
    yield "decoder_Wemb", model.model.decoder.embed_tokens.weight.data[: sizes["trgvocab"]]
    yield "decoder_ff_logit_out_b", model.final_logits_bias[:, : sizes["trgvocab"]]
    for matrix, bias, linear in _linears(model):
        yield matrix, linear.weight.data.T
        if bias is not None:
            yield bias, linear.bias.data[None]
    norms = {"encoder": ("self_Wo", "", "ffn_ffn"), "decoder": ("rnn_ffn", "context_Wo", "ffn_ffn")}
    for side, layers in (("encoder", model.model.encoder.layers), ("decoder", model.model.decoder.layers)):
        for number, layer in enumerate(layers, start=1):
            modules = (layer.self_attn_layer_norm, getattr(layer, "encoder_attn_layer_norm", None))
            for name, norm in zip(norms[side], (*modules, layer.final_layer_norm), strict=True):
                if norm is not None:
                    yield f"{side}_l{number}_{name}_ln_scale", norm.weight.data[None]
                    yield f"{side}_l{number}_{name}_ln_bias", norm.bias.data[None]


def _train(model: MarianMTModel, named: Mapping[str, torch.Tensor], pairs: list[tuple[list[int], list[int]]]) -> None:
    torch.manual_seed(1)
    for name, tensor in named.items():
        if name.endswith("Wemb"):
            nn.init.normal_(tensor, std=SIZES.width**-0.5)
        elif "_W" in name and "_ln_" not in name:
            nn.init.xavier_uniform_(tensor)
    padding = model.config.pad_token_id
    embedding = model.model.decoder.embed_tokens.weight
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=_LEARNING_RATE)
    chance = random.Random(1)
    for step in range(_STEPS):
        optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1.0, (step + 1) / 50) * (1 - step / _STEPS)
        source, mask, target = _batch(chance.sample(pairs, 32), padding)
        optimizer.zero_grad()
        model(input_ids=source, attention_mask=mask, labels=target).loss.backward()
        # What decoding starts from stays nothing.
        embedding.grad[padding] = 0.0
        optimizer.step()


def _batch(pairs: list[tuple[list[int], list[int]]], padding: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    widths = [max(map(len, side)) for side in zip(*pairs, strict=True)]
    source = torch.tensor([left + [padding] * (widths[0] - len(left)) for left, _ in pairs])
    mask = torch.tensor([[1] * len(left) + [0] * (widths[0] - len(left)) for left, _ in pairs])
    target = torch.tensor([right + [-100] * (widths[1] - len(right)) for _, right in pairs])
    return source, mask, target


def _largest_inputs(model: MarianMTModel, pairs: list[tuple[list[int], list[int]]]) -> dict[str, float]:
    """The largest absolute value that was multiplied with each matrix."""
    largest: dict[str, float] = {}
    hooks = []

    def watch(name: str, linear: nn.Linear) -> None:
        def see(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            largest[name] = max(largest.get(name, 0.0), float(inputs[0].abs().max()))

        hooks.append(linear.register_forward_pre_hook(see))

    for name, _, linear in _linears(model):
        watch(name, linear)
    watch("decoder_Wemb", model.lm_head)
    with torch.inference_mode():
        source, mask, target = _batch(pairs, model.config.pad_token_id)
        model(input_ids=source, attention_mask=mask, labels=target)
    for hook in hooks:
        hook.remove()
    return largest


def _quantized(named: Mapping[str, torch.Tensor], like: Parameters, largest: Mapping[str, float]) -> Parameters:
    matrices = {}
    for name in like.matrices:
        values = named[name].numpy()
        multiplier = 127.0 / float(np.abs(values).max())
        matrices[name] = np.rint(values * multiplier).astype(np.int8), multiplier
    scales = {name: 127.0 / (_HEADROOM * largest[name]) for name in like.scales}
    return Parameters(matrices, scales, {name: named[name].numpy() for name in like.floats})
