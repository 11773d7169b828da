"""Makes small models in folders laid out as Hugging Face does, with random or trained weights."""

from __future__ import annotations

import io
import json
import random
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sentencepiece
import torch
from torch.nn.utils.rnn import pad_sequence
from toy_language import sentence_pairs
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    NllbTokenizer,
    PreTrainedTokenizerBase,
)

from service.engines.opus import OpusVocabulary

TARGET_TOKENS = (">>fra<<", ">>por<<")
_WIDTH = 64
_TRAINING_PAIRS = 2000
_STEPS = 350
_LEARNING_RATE = 2e-3


def write_sentencepiece(path: Path, sentences: Sequence[str]) -> list[str]:
    """Train a SentencePiece model; returns its pieces."""
    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=content,
        vocab_size=120,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    path.write_bytes(content.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(place) for place in range(processor.get_piece_size())]


def write_marian(folder: Path, *, positions: int = 512) -> MarianMTModel:
    """A `MarianMTModel` folder as OPUS-MT publishes them, over the toy languages, its weights random."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = sentence_pairs(400)
    pieces = write_sentencepiece(folder / "source.spm", [source for source, _ in pairs])
    pieces += write_sentencepiece(folder / "target.spm", [target for _, target in pairs])
    ordinary = [piece for piece in dict.fromkeys(pieces) if piece not in ("<unk>", "<s>", "</s>")]
    tokens = ["</s>", "<unk>", *ordinary, *TARGET_TOKENS, "<pad>"]
    ids = {token: place for place, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    torch.manual_seed(1)
    config = MarianConfig(
        vocab_size=len(tokens),
        d_model=_WIDTH,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=2 * _WIDTH,
        decoder_ffn_dim=2 * _WIDTH,
        max_position_embeddings=positions,
        activation_function="swish",
        scale_embedding=True,
        pad_token_id=ids["<pad>"],
        decoder_start_token_id=ids["<pad>"],
        eos_token_id=0,
        # Published folders have this, a beam of several and a length limit: what a request asks for must win.
        forced_eos_token_id=0,
        dropout=0.0,
    )
    model = MarianMTModel(config)
    model.generation_config.num_beams = 6
    model.generation_config.max_length = 512
    # Random weights of the usual size would make all tokens alike, and the sentences of a test with them.
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    # Marian knows no such token: its decoder starts from nothing.
    model.model.shared.weight.data[config.pad_token_id] = 0.0
    model.save_pretrained(folder)
    return model


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrices so small are multiplied faster by one thread than by several that wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
def write_trained_marian(folder: Path) -> None:
    """As `write_marian`, trained on the first 2,000 pairs of the toy languages."""
    config = write_marian(folder).config
    vocabulary = OpusVocabulary(folder, "toy")
    target = OpusVocabulary(_swapped(folder), "toy")
    pairs = [
        (vocabulary.encode([left])[0], target.encode([right])[0]) for left, right in sentence_pairs(_TRAINING_PAIRS)
    ]
    torch.manual_seed(1)
    model = MarianMTModel(config)
    embedding = model.model.shared.weight
    chance = random.Random(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=_LEARNING_RATE)
    for step in range(_STEPS):
        optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1.0, (step + 1) / 50) * (1 - step / _STEPS)
        sources, targets = zip(*chance.sample(pairs, 32), strict=True)
        ids = _padded(sources, config.pad_token_id)
        mask = (ids != config.pad_token_id).long()
        optimizer.zero_grad()
        model(input_ids=ids, attention_mask=mask, labels=_padded(targets, -100)).loss.backward()
        embedding.grad[config.pad_token_id] = 0.0
        optimizer.step()
    model.eval().save_pretrained(folder)


def _swapped(folder: Path) -> Path:
    """A folder beside `folder` in which the target side is the source side, to encode targets with."""
    other = folder.with_name(f"{folder.name}-swapped")
    other.mkdir()
    for name, origin in (("source.spm", "target.spm"), ("target.spm", "source.spm"), ("vocab.json", "vocab.json")):
        (other / name).write_bytes((folder / origin).read_bytes())
    return other


def _padded(rows: Sequence[list[int]], value: int) -> torch.Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)


def write_m2m100(folder: Path) -> None:
    """A random M2M100 folder with the languages of the published ones."""
    folder.mkdir()
    pieces = write_sentencepiece(folder / "sentencepiece.bpe.model", [source for source, _ in sentence_pairs(400)])
    ordinary = [piece for piece in pieces if piece not in ("<unk>", "<s>", "</s>")]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *ordinary]
    (folder / "vocab.json").write_text(json.dumps({token: place for place, token in enumerate(tokens)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"), src_lang="en")
    _write_m2m100(folder, tokenizer, list(tokenizer.lang_token_to_id))


def write_nllb(folder: Path) -> None:
    """A random NLLB folder; its vocabulary is letters."""
    folder.mkdir()
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁", *string.ascii_lowercase, "▁a"]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[("▁", "a")], src_lang="eng_Latn")
    languages = [token for token in tokenizer.get_vocab() if "_" in token]
    _write_m2m100(folder, tokenizer, languages)


def _write_m2m100(folder: Path, tokenizer: PreTrainedTokenizerBase, languages: Sequence[str]) -> None:
    torch.manual_seed(1)
    config = M2M100Config(
        vocab_size=1 + max([*tokenizer.get_vocab().values(), *tokenizer.convert_tokens_to_ids(languages)]),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=512,
        init_std=0.3,
    )
    model = M2M100ForConditionalGeneration(config)
    # Random logits would be largest for language tokens half of the time, and these are not written into texts.
    model.model.shared.weight.data[tokenizer.convert_tokens_to_ids(languages)] *= 0.3
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
