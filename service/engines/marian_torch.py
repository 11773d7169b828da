"""Loads a Marian student's own files as a float model: the reference of the int8 graphs, and the engine for CUDA."""

from __future__ import annotations

from service.engines.architecture import read_architecture
from service.engines.loading import Placement, StudentFiles
from service.engines.marian import MarianFormatError, read_marian
from service.engines.reference import reference_model
from service.engines.tokens import Tokenizer, VocabularyFormatError
from service.engines.torch_engine import TorchEngine
from service.errors import ModelCorrupt
from service.types import ModelSignature


def load_marian_torch(files: StudentFiles, signature: ModelSignature, placement: Placement) -> TorchEngine:
    """Load a Marian student's own files as a float model.

    Raises ModelCorrupt naming the file that cannot be used.
    """
    try:
        marian = read_marian(files.model)
        arch = read_architecture(marian)
        tokenizer = Tokenizer(*files.vocabularies)
        tokenizer.check_sizes(files.vocabularies, arch.source_vocabulary, arch.target_vocabulary)
        model = reference_model(marian)
    except VocabularyFormatError as error:
        raise ModelCorrupt(f"{error.path} {error}", model_id=signature.model) from error
    except (MarianFormatError, OSError, RuntimeError) as error:
        raise ModelCorrupt(f"{files.model}: {error}", model_id=signature.model) from error
    return TorchEngine(signature, model, tokenizer, placement)
