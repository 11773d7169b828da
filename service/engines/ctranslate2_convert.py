"""Turns an OPUS-MT folder into what the ctranslate2 engine loads: int8 weights, and the vocabulary as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from ctranslate2.converters import TransformersConverter

from service.engines.ctranslate2_engine import VOCABULARY_FILES
from service.engines.hub_folder import CONFIG_FILE, WEIGHTS_FILE, read_config, read_model
from service.engines.opus import END, PADDING, UNKNOWN, OpusVocabulary, unreadable
from service.engines.seq2seq import MARIAN
from service.engines.tokens import MAX_SOURCE_TOKENS, source_limit
from service.errors import ModelCorrupt, ModelError

_NOTHING: Final = 1e-6


def convert_ctranslate2(source: Path, destination: Path, model_id: str) -> int:
    """Write the model of the folder `source` into the folder `destination`; returns the vocabulary size.

    Raises ModelMissing or ModelCorrupt naming the source file that is not what it should be, OSError when the disk
    refuses.
    """
    config = read_config(source, model_id)
    vocabulary = OpusVocabulary(source, model_id)
    fault = _fault(config, vocabulary.tokens)
    if fault is not None:
        raise unreadable(source / CONFIG_FILE, model_id, ValueError(fault))
    destination.mkdir(parents=True, exist_ok=True)
    # The library wants a folder that does not exist yet.
    with tempfile.TemporaryDirectory(dir=destination, prefix=".ctranslate2-") as scratch:
        converted = Path(scratch) / "model"
        try:
            _Converter(source, vocabulary.tokens, model_id).convert(str(converted), quantization="int8")
        except (ModelError, OSError):
            raise
        except Exception as error:  # the converter raises whatever its steps do
            message = f"{source} cannot be converted by ctranslate2 ({type(error).__name__}: {error})"
            raise ModelCorrupt(message, model_id=model_id) from error
        for path in converted.iterdir():
            path.replace(destination / path.name)
    for name in VOCABULARY_FILES:
        (destination / name).write_bytes((source / name).read_bytes())
    return len(vocabulary.tokens)


def _fault(config: Any, tokens: list[str]) -> str | None:
    if config.model_type != MARIAN:
        return f"model_type is {config.model_type}; this engine serves {MARIAN} only, 'seq2seq' serves others"
    if config.vocab_size != len(tokens):
        return f"vocab_size is {config.vocab_size}, but the vocabulary has {len(tokens)} tokens"
    # The library takes the last row of the embedding away, since it starts decoding from nothing.
    if tokens[-1] != PADDING or config.pad_token_id != len(tokens) - 1:
        return f"{PADDING} is not the last token"
    if source_limit(config.max_position_embeddings) < MAX_SOURCE_TOKENS:
        return f"{config.max_position_embeddings} positions are too few for {MAX_SOURCE_TOKENS} tokens"
    return None


class _Converter(TransformersConverter):  # type: ignore[misc]
    """The library's converter, given the model and the vocabulary as this project reads them."""

    def __init__(self, source: Path, tokens: list[str], model_id: str) -> None:
        super().__init__(str(source))
        self._source = source
        self._tokens = tokens
        self._model_id = model_id

    def load_model(self, *_arguments: Any, **_options: Any) -> Any:
        """The model, from safetensors only."""
        model = read_model(self._source, self._model_id)
        # Marian's decoder starts from nothing, and so does the library's. A model trained further with transformers
        # starts from what its padding token has become.
        if model.get_input_embeddings().weight[-1].abs().max() > _NOTHING:
            fault = ValueError(f"its {PADDING} is not zero: decoding does not start as Marian's; 'seq2seq' serves it")
            raise unreadable(self._source / WEIGHTS_FILE, self._model_id, fault)
        return model

    def load_tokenizer(self, *_arguments: Any, **_options: Any) -> Any:
        """What the converter asks of a tokenizer."""
        return _Tokens(self._tokens)


class _Tokens:
    eos_token = END
    unk_token = UNKNOWN

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def get_vocab(self) -> dict[str, int]:
        """Token to id."""
        return {token: place for place, token in enumerate(self._tokens)}
