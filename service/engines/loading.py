"""Where other rooms ask for engines: each loader imports its libraries only when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.engines.base import Engine
from service.types import ModelSignature

# Raised when the graphs change, so that models converted by an earlier version are converted again.
CONVERTER_VERSION: Final = 3
STUDENT: Final = "student"
# Files of a converted student whose sizes tell what it will take in memory.
SHORTLIST_FILE: Final = "lex.bin"
WEIGHTS_FILE: Final = "weights.bin"
TRANSFORMERS: Final = "transformers"
# What one batch of a student takes beside the weights.
WORKSPACE_BYTES: Final = 24 * 2**20


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a PyTorch model runs and in which number format: `cpu`, `cuda`, `cuda:1`; `float32`, `bfloat16`."""

    device: str = "cpu"
    dtype: str = "float32"


def convert(model: Path, vocabulary: Path, shortlist: Path, *, destination: Path, model_id: str) -> int:
    """Convert a Marian student's files into `destination` for `load_student`; returns the vocabulary size.

    Raises ModelCorrupt naming the source file that is not what it should be, OSError when the disk refuses.
    """
    from service.engines.convert import StudentFiles, convert_student

    return convert_student(StudentFiles(model, vocabulary, shortlist), destination, model_id)


def load_student(folder: Path, model_id: str, revision: str, vocabulary_size: int) -> Engine:
    """Load a converted student with ONNX Runtime; raises ModelCorrupt naming the file that cannot be used."""
    from service.engines.student import load_student as load

    signature = ModelSignature(model_id, revision, STUDENT, "int8", beam=1, shortlist=True)
    return load(folder, signature, vocabulary_size)


def load_marian_torch(model: Path, vocabulary: Path, model_id: str, revision: str, placement: Placement) -> Engine:
    """Load a Marian student's own files with transformers and PyTorch; raises ModelCorrupt naming the file at fault."""
    from service.engines.marian_torch import load_marian_torch as load

    signature = ModelSignature(model_id, revision, TRANSFORMERS, placement.dtype, beam=1, shortlist=False)
    return load(model, vocabulary, signature, placement)


def expected_bytes(engine: str, model_bytes: int, shortlist_bytes: int) -> int:
    """Estimate of what a model will take in memory, from the sizes of its published files."""
    if engine == STUDENT:
        # int8 weights as read and as packed for the processor, the shortlist's arrays, and a batch's workspace.
        return 2 * model_bytes + shortlist_bytes + WORKSPACE_BYTES
    # int8 weights become float32.
    return 4 * model_bytes
