"""Writes small files in Marian's formats, for tests of the readers and of what is built on them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.engines.shortlist import SHARED_CANDIDATES

FLOAT32, INTGEMM8, CHARS = 0x404, 0x4101, 0x101
SHORTLIST_MAGIC = 0xF11A48D5013417F5

CONFIG = """\
dec-cell: ssru
dec-depth: {decoder_layers}
dim-emb: {width}
enc-depth: {encoder_layers}
{flags}
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
    """An int8 matrix `[K, N]`, stored as intgemm does: transposed, unless it is an embedding."""
    stored = values if name.endswith("Wemb") else values.T
    return name, INTGEMM8, values.shape, np.ascontiguousarray(stored).tobytes() + struct.pack("<f", multiplier)


def text(name: str, value: str) -> Item:
    """A character item."""
    data = value.encode() + b"\0"
    return name, CHARS, (len(data),), data


def shortlist(lists: Mapping[int, Sequence[int]], vocabulary: int, frequent: int = 2) -> bytes:
    """A `lex.bin` file for a source vocabulary of that size."""
    offsets, targets = [0], []
    for source in range(vocabulary):
        targets += lists.get(source, ())
        offsets.append(len(targets))
    header = struct.pack("<6Q", SHORTLIST_MAGIC, 0, frequent, 2, len(offsets), len(targets))
    return header + struct.pack(f"<{len(offsets)}Q", *offsets) + struct.pack(f"<{len(targets)}I", *targets)


@dataclass(frozen=True)
class Sizes:
    """Sizes of a student beside those of its vocabularies."""

    width: int = 16
    heads: int = 2
    feed_forward: int = 32
    encoder_layers: int = 1
    decoder_layers: int = 1


SMALL = Sizes()


@dataclass
class Parameters:
    """The parameters of a student by Marian's names: int8 matrices with multipliers, activation scales, floats."""

    matrices: dict[str, tuple[np.ndarray, float]]
    scales: dict[str, float]
    floats: dict[str, np.ndarray]


def random_parameters(source: int, target: int | None = None, sizes: Sizes = SMALL, seed: int = 0) -> Parameters:
    """Random parameters; with `target` the two languages have an embedding each, else one that they share."""
    random = np.random.default_rng(seed)
    made = Parameters({}, {}, {})
    width, wide = sizes.width, sizes.feed_forward

    def matrix(name: str, rows: int, columns: int) -> None:
        made.matrices[name] = random.integers(-127, 128, (rows, columns)).astype(np.int8), 127.0
        made.scales[name] = 32.0

    def bias(name: str, columns: int) -> None:
        made.floats[name] = random.normal(0.0, 0.1, (1, columns))

    def norm(name: str) -> None:
        made.floats[f"{name}_ln_scale"] = np.ones((1, width))
        bias(f"{name}_ln_bias", width)

    def attention(name: str) -> None:
        for part in "qkvo":
            matrix(f"{name}_W{part}", width, width)
            bias(f"{name}_b{part}", width)
        norm(f"{name}_Wo")

    def feed_forward(name: str) -> None:
        matrix(f"{name}_ffn_W1", width, wide)
        bias(f"{name}_ffn_b1", wide)
        matrix(f"{name}_ffn_W2", wide, width)
        bias(f"{name}_ffn_b2", width)
        norm(f"{name}_ffn_ffn")

    if target is None:
        matrix("Wemb", source, width)
    else:
        matrix("encoder_Wemb", source, width)
        matrix("decoder_Wemb", target, width)
        # Nothing is multiplied with it: rows are taken out of it.
        del made.scales["encoder_Wemb"]
    bias("decoder_ff_logit_out_b", target or source)
    sides = [("encoder", layer) for layer in range(1, sizes.encoder_layers + 1)]
    sides += [("decoder", layer) for layer in range(1, sizes.decoder_layers + 1)]
    for side, layer in sides:
        name = f"{side}_l{layer}"
        attention(f"{name}_{'self' if side == 'encoder' else 'context'}")
        feed_forward(name)
        if side == "decoder":
            matrix(f"{name}_rnn_W", width, width)
            matrix(f"{name}_rnn_Wf", width, width)
            bias(f"{name}_rnn_bf", width)
            norm(f"{name}_rnn_ffn")
    return made


def student_model(parameters: Parameters, sizes: Sizes = SMALL, flags: str | None = None) -> bytes:
    """A student as Mozilla exports them; `flags` are those of its embeddings where they are not the usual ones."""
    items = [int8(name, values, multiplier) for name, (values, multiplier) in parameters.matrices.items()]
    for name, scale in parameters.scales.items():
        key = f"{name}_QuantMultA"
        # What has an embedding's name in its own is quantized, be it only a scale.
        quantized = (key, INTGEMM8, (1, 1), struct.pack("<bf", 127, 127 / scale))
        items.append(quantized if name.endswith("Wemb") else floats(key, np.array([[scale]])))
    items += [floats(name, values) for name, values in parameters.floats.items()]
    config = CONFIG.format(
        flags=flags or f"tied-embeddings{'-all' if 'Wemb' in parameters.matrices else ''}: true",
        decoder_layers=sizes.decoder_layers,
        width=sizes.width,
        encoder_layers=sizes.encoder_layers,
        heads=sizes.heads,
    )
    return pack([*items, text("special:model.yml", config)])


def train_vocabulary(lines: Iterable[str], size: int) -> bytes:
    """A SentencePiece vocabulary of up to `size` pieces with Marian's ids for </s> and <unk>."""
    import sentencepiece

    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=content,
        vocab_size=size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        eos_id=0,
        unk_id=1,
        bos_id=-1,
        pad_id=-1,
        minloglevel=2,
    )
    return content.getvalue()


def vocabulary_size(vocabulary: bytes) -> int:
    """The number of its pieces."""
    import sentencepiece

    pieces: int = sentencepiece.SentencePieceProcessor(model_proto=vocabulary).get_piece_size()
    return pieces


_WORDS = ["casa", "cidade", "ponte", "rio", "sol", "lua", "mar", "terra", "homem", "mulher", "livro", "dia"]
# More characters than are frequent for every sentence, so that the shortlist decides.
CHARACTERS = "".join(map(chr, range(0x4E00, 0x4E00 + SHARED_CANDIDATES + 150)))


def _lines() -> list[str]:
    return [" ".join(_WORDS[(start + step * 5) % len(_WORDS)] for step in range(6)) for start in range(200)]


def student_files(seed: int = 0) -> dict[str, bytes]:
    """The three files of a tiny student that converts and runs: `model`, `vocab`, `lex`."""
    vocabulary = train_vocabulary(_lines(), 64)
    size = vocabulary_size(vocabulary)
    lists = {source: [(source * 7 + step) % size for step in range(4)] for source in range(size)}
    model = student_model(random_parameters(size, seed=seed))
    return {"model": model, "vocab": vocabulary, "lex": shortlist(lists, size)}


def two_vocabulary_files(seed: int = 0, *, reads_chinese: bool = False) -> dict[str, bytes]:
    """The four files of a tiny student that writes or reads Chinese: `model`, `srcvocab`, `trgvocab`, `lex`."""
    words = train_vocabulary(_lines(), 64)
    chinese = train_vocabulary([CHARACTERS[start : start + 12] for start in range(0, len(CHARACTERS), 12)], 3000)
    source, target = (chinese, words) if reads_chinese else (words, chinese)
    sizes = vocabulary_size(source), vocabulary_size(target)
    last = sizes[1] - 1
    lists = {one: [last - 2 * one % sizes[1], last - (2 * one + 1) % sizes[1]] for one in range(sizes[0])}
    parameters = random_parameters(*sizes, seed=seed)
    # It would write what few sentences may: whether the shortlist is obeyed shows.
    parameters.floats["decoder_ff_logit_out_b"][:, SHARED_CANDIDATES:] += 6.0
    model = student_model(parameters)
    return {"model": model, "srcvocab": source, "trgvocab": target, "lex": shortlist(lists, sizes[0])}
