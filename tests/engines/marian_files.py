"""Writes small files in Marian's formats, for tests of the readers and of what is built on them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

FLOAT32, INTGEMM8, CHARS = 0x404, 0x4101, 0x101
SHORTLIST_MAGIC = 0xF11A48D5013417F5

CONFIG = """\
dec-cell: ssru
dec-depth: {decoder_layers}
dim-emb: {width}
enc-depth: {encoder_layers}
tied-embeddings-all: true
transformer-decoder-autoreg: rnn
transformer-ffn-activation: relu
transformer-heads: {heads}
transformer-postprocess: dan
transformer-preprocess: ""
type: transformer
"""

Item = tuple[str, int, tuple[int, ...], bytes]


def pack(items: Sequence[Item], version: int = 1) -> bytes:
    """A `.bin` file of the items."""
    header = struct.pack("<2Q", version, len(items))
    lengths = b"".join(
        struct.pack("<4Q", len(name.encode()) + 1, kind, len(shape), len(data)) for name, kind, shape, data in items
    )
    names = b"".join(name.encode() + b"\0" for name, *_ in items)
    shapes = b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in items)
    return header + lengths + names + shapes + struct.pack("<Q", 8) + bytes(8) + b"".join(data for *_, data in items)


def floats(name: str, values: np.ndarray) -> Item:
    """A float32 item."""
    return name, FLOAT32, values.shape, values.astype("<f4").tobytes()


def int8(name: str, values: np.ndarray, multiplier: float) -> Item:
    """An int8 matrix `[K, N]`, stored as intgemm does: transposed, unless it is the embedding."""
    stored = values if name == "Wemb" else values.T
    return name, INTGEMM8, values.shape, np.ascontiguousarray(stored).tobytes() + struct.pack("<f", multiplier)


def text(name: str, value: str) -> Item:
    """A character item."""
    data = value.encode() + b"\0"
    return name, CHARS, (len(data),), data


def shortlist(lists: Mapping[int, Sequence[int]], vocabulary: int, frequent: int = 2) -> bytes:
    """A `lex.bin` file."""
    offsets, targets = [0], []
    for source in range(vocabulary):
        targets += lists.get(source, ())
        offsets.append(len(targets))
    header = struct.pack("<6Q", SHORTLIST_MAGIC, 0, frequent, 2, len(offsets), len(targets))
    return header + struct.pack(f"<{len(offsets)}Q", *offsets) + struct.pack(f"<{len(targets)}I", *targets)


WIDTH, HEADS, FEED_FORWARD, ENCODER_LAYERS, DECODER_LAYERS = 16, 2, 32, 1, 1


def student_model(vocabulary: int, seed: int = 0) -> bytes:
    """A complete random student as Mozilla exports them, of the architecture that the student engine reads."""
    random = np.random.default_rng(seed)
    items: list[Item] = []

    def matrix(name: str, rows: int, columns: int) -> None:
        items.append(int8(name, random.integers(-127, 128, (rows, columns)).astype(np.int8), 127.0))
        items.append(floats(f"{name}_QuantMultA", np.array([[32.0]])))

    def bias(name: str, columns: int) -> None:
        items.append(floats(name, random.normal(0.0, 0.1, (1, columns))))

    def norm(name: str) -> None:
        items.append(floats(f"{name}_ln_scale", np.ones((1, WIDTH))))
        bias(f"{name}_ln_bias", WIDTH)

    def attention(name: str) -> None:
        for part in "qkvo":
            matrix(f"{name}_W{part}", WIDTH, WIDTH)
            bias(f"{name}_b{part}", WIDTH)
        norm(f"{name}_Wo")

    def feed_forward(name: str) -> None:
        for number, (rows, columns) in enumerate([(WIDTH, FEED_FORWARD), (FEED_FORWARD, WIDTH)], start=1):
            matrix(f"{name}_ffn_W{number}", rows, columns)
            bias(f"{name}_ffn_b{number}", columns)
        norm(f"{name}_ffn_ffn")

    matrix("Wemb", vocabulary, WIDTH)
    bias("decoder_ff_logit_out_b", vocabulary)
    for layer in range(1, ENCODER_LAYERS + 1):
        attention(f"encoder_l{layer}_self")
        feed_forward(f"encoder_l{layer}")
    for layer in range(1, DECODER_LAYERS + 1):
        matrix(f"decoder_l{layer}_rnn_W", WIDTH, WIDTH)
        matrix(f"decoder_l{layer}_rnn_Wf", WIDTH, WIDTH)
        bias(f"decoder_l{layer}_rnn_bf", WIDTH)
        norm(f"decoder_l{layer}_rnn_ffn")
        attention(f"decoder_l{layer}_context")
        feed_forward(f"decoder_l{layer}")
    config = CONFIG.format(decoder_layers=DECODER_LAYERS, width=WIDTH, encoder_layers=ENCODER_LAYERS, heads=HEADS)
    return pack([*items, text("special:model.yml", config)])


def student_vocabulary(folder: Path, size: int = 64) -> bytes:
    """A SentencePiece vocabulary of `size` pieces, trained on a few lines, with Marian's ids for </s> and <unk>."""
    import sentencepiece

    words = ["casa", "cidade", "ponte", "rio", "sol", "lua", "mar", "terra", "homem", "mulher", "livro", "dia"]
    lines = [" ".join(words[(start + step * 5) % len(words)] for step in range(6)) for start in range(200)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(folder / "vocabulary"),
        vocab_size=size,
        hard_vocab_limit=False,
        eos_id=0,
        unk_id=1,
        bos_id=-1,
        pad_id=-1,
        minloglevel=2,
    )
    return (folder / "vocabulary.model").read_bytes()


def student_files(folder: Path, seed: int = 0) -> dict[str, bytes]:
    """The three files of a tiny student that converts and runs: `model`, `vocab`, `lex`."""
    import sentencepiece

    vocabulary = student_vocabulary(folder)
    size = sentencepiece.SentencePieceProcessor(model_proto=vocabulary).get_piece_size()
    lists = {source: [(source * 7 + step) % size for step in range(4)] for source in range(size)}
    return {"model": student_model(size, seed), "vocab": vocabulary, "lex": shortlist(lists, size)}
