"""Loads a Marian student's own files as a float model: the reference of the int8 graphs, and the engine for CUDA."""

from __future__ import annotations

from pathlib import Path

from service.engines.loading import Placement
from service.engines.marian import MarianFormatError, read_marian
from service.engines.reference import reference_model
from service.engines.tokens import Tokenizer
from service.engines.torch_engine import TorchEngine
from service.errors import ModelCorrupt
from service.types import ModelSignature


def load_marian_torch(
    model_file: Path, vocabulary_file: Path, signature: ModelSignature, placement: Placement
) -> TorchEngine:
    """Load a Marian student's own files as a float model.

    Raises ModelCorrupt naming the file that cannot be used.
    """
    path = model_file
    try:
        model = reference_model(read_marian(model_file))
        path = vocabulary_file
        tokenizer = Tokenizer(vocabulary_file)
    except (MarianFormatError, OSError, RuntimeError) as error:
        raise ModelCorrupt(f"{path}: {error}", model_id=signature.model) from error
    return TorchEngine(signature, model, tokenizer, placement)
