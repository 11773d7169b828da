"""Reads models from folders laid out as Hugging Face does, from safetensors only: a pickle may run code when read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from service.engines.opus import repair, unreadable
from service.errors import ModelCorrupt, ModelMissing

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "model.safetensors"
# Names the parts of weights that are in several files.
_WEIGHTS_INDEX_FILE: Final = "model.safetensors.index.json"
_PICKLE_FILE: Final = "pytorch_model.bin"
# Nothing is fetched, and no code that came with the weights is run.
_LOCAL: Final = {"local_files_only": True, "trust_remote_code": False}


def read_config(folder: Path, model_id: str) -> Any:
    """The configuration of the model in `folder`; raises ModelMissing or ModelCorrupt naming the file."""
    try:
        return AutoConfig.from_pretrained(folder, **_LOCAL)
    except (OSError, ValueError, KeyError) as error:
        raise unreadable(folder / CONFIG_FILE, model_id, error) from error


def read_model(folder: Path, model_id: str) -> Any:
    """The sequence-to-sequence model in `folder`, float32 and on the CPU.

    Raises ModelMissing or ModelCorrupt naming the file, also for weights that lack a matrix of the model or are only
    there as a pickle.
    """
    weights = _weights_file(folder, model_id)
    # It would draw on the terminal of whoever started the service.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            folder,
            config=read_config(folder, model_id),
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **_LOCAL,
        )
    except (ModelMissing, ModelCorrupt):
        raise
    except Exception as error:  # SafetensorError descends from Exception alone
        raise unreadable(weights, model_id, error) from error
    # transformers fills them with random numbers and goes on.
    lacking = sorted(report["missing_keys"])
    if lacking:
        raise unreadable(weights, model_id, ValueError(f"it lacks {', '.join(lacking[:3])}"))
    return model


def read_tokenizer(folder: Path, model_id: str) -> Any:
    """The tokenizer in `folder`; raises ModelCorrupt naming the folder."""
    try:
        return AutoTokenizer.from_pretrained(folder, **_LOCAL)
    except Exception as error:  # each kind of tokenizer fails in its own way
        message = f"{folder}: its tokenizer cannot be read ({type(error).__name__}); {repair(model_id)}"
        raise ModelCorrupt(message, model_id=model_id) from error


def _weights_file(folder: Path, model_id: str) -> Path:
    for name in (WEIGHTS_FILE, _WEIGHTS_INDEX_FILE):
        if (folder / name).is_file():
            return folder / name
    if (folder / _PICKLE_FILE).is_file():
        raise ModelMissing(
            f"{folder / WEIGHTS_FILE} is missing and {_PICKLE_FILE} is not read: it is a pickle, which may run code; "
            f"save the model as safetensors, or get a revision that has it",
            model_id=model_id,
        )
    raise ModelMissing(f"{folder / WEIGHTS_FILE} is missing; {repair(model_id)}", model_id=model_id)
