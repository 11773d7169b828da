"""A tiny random OPUS-MT model in the layout of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from marian_files import student_vocabulary


def opus_files(folder: Path, target_tokens: Sequence[str] = ()) -> dict[str, bytes]:
    """The files by name; `target_tokens` such as `>>fra<<` go into the vocabulary."""
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel

    vocabulary = student_vocabulary(folder)
    processor = sentencepiece.SentencePieceProcessor(model_proto=vocabulary)
    pieces = [processor.id_to_piece(id_) for id_ in range(processor.get_piece_size())]
    tokens = list(dict.fromkeys(["</s>", "<unk>", *pieces, *target_tokens, "<pad>"]))
    size = len(tokens)
    config = MarianConfig(
        vocab_size=size,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=512,
        pad_token_id=size - 1,
        eos_token_id=0,
        decoder_start_token_id=size - 1,
        static_position_embeddings=True,
        scale_embedding=True,
        activation_function="swish",
        tie_word_embeddings=True,
    )
    MarianMTModel(config).save_pretrained(folder / "model")
    files = {path.name: path.read_bytes() for path in sorted((folder / "model").iterdir())}
    spm = {"source.spm": vocabulary, "target.spm": vocabulary}
    numbered = {token: number for number, token in enumerate(tokens)}
    return {**files, **spm, "vocab.json": json.dumps(numbered).encode()}
