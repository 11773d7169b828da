"""Serves a folder of any sequence-to-sequence model with transformers: Marian OPUS-MT, NLLB, M2M100 and their like."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from service.engines.hub_folder import CONFIG_FILE, read_config, read_model, read_tokenizer
from service.engines.loading import Direction, Placement
from service.engines.opus import OpusVocabulary, unreadable
from service.engines.tokens import MAX_SOURCE_TOKENS, Vocabulary, source_limit
from service.engines.torch_engine import SearchIds, TorchEngine, search_config
from service.errors import InvalidInput
from service.types import ModelSignature

MARIAN: Final = "marian"


def load_seq2seq(folder: Path, signature: ModelSignature, placement: Placement, direction: Direction) -> TorchEngine:
    """Load the model in `folder`; raises ModelMissing or ModelCorrupt naming the file, InvalidInput for a direction
    that the model does not have.
    """
    model_id = signature.model
    config = read_config(folder, model_id)
    limit = max_source_tokens(config, folder, model_id)
    vocabulary: Vocabulary
    if config.model_type == MARIAN:
        _refuse(direction.languages, "languages", "takes none; it is told its target by target_token", model_id)
        opus = OpusVocabulary(folder, model_id, target_token=direction.target_token, max_source_tokens=limit)
        vocabulary, never, first = opus, (config.pad_token_id, opus.unknown), None
        padding = config.pad_token_id
    else:
        _refuse(direction.target_token, "target_token", "takes none; it is told its languages", model_id)
        tokenizer = read_tokenizer(folder, model_id)
        first = _first_token(tokenizer, direction, model_id)
        vocabulary = HubVocabulary(tokenizer, limit)
        padding = tokenizer.pad_token_id
        never = tuple(one for one in (padding, tokenizer.unk_token_id) if one is not None)
    model = read_model(folder, model_id)
    start = model.generation_config.decoder_start_token_id
    model.generation_config = search_config(SearchIds(start, vocabulary.end, padding, never, first))
    return TorchEngine(signature, model, vocabulary, placement)


def max_source_tokens(config: Any, folder: Path, model_id: str) -> int:
    """Tokens a text may have for the model; raises ModelCorrupt when it has positions for no text at all."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return MAX_SOURCE_TOKENS
    limit = source_limit(positions)
    if limit < 1:
        raise unreadable(folder / CONFIG_FILE, model_id, ValueError(f"{positions} positions are too few for any text"))
    return limit


class HubVocabulary(Vocabulary):
    """A tokenizer of transformers. What looks like a special token in a text, such as `</s>`, is text."""

    def __init__(self, tokenizer: Any, max_source_tokens: int) -> None:
        super().__init__(end=tokenizer.eos_token_id, max_source_tokens=max_source_tokens)
        self._tokenizer = tokenizer
        # The fast tokenizers refuse a second thread ("Already borrowed").
        self._lock = threading.Lock()

    def decode(self, ids: list[int]) -> str:
        """The text of target ids; special tokens are left out."""
        with self._lock:
            text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.strip()

    def _encode_one(self, text: str) -> list[int]:
        with self._lock:
            ids: list[int] = self._tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"]
        return ids


def _first_token(tokenizer: Any, direction: Direction, model_id: str) -> int | None:
    """Tell the tokenizer its source language; the id of the target's, None for a model without language tokens."""
    if not hasattr(tokenizer, "src_lang"):
        _refuse(direction.languages, "languages", "takes none", model_id)
        return None
    if direction.languages is None:
        raise InvalidInput(f"languages: {model_id} must be told a source and a target language", field="languages")
    source, target = direction.languages
    _language_id(tokenizer, source, model_id)
    tokenizer.src_lang = source
    return _language_id(tokenizer, target, model_id)


def _language_id(tokenizer: Any, language: str, model_id: str) -> int:
    try:
        # M2M100 has tokens like `__en__` and knows them by `en`; the tokens of the others are the names.
        found = getattr(tokenizer, "get_lang_id", tokenizer.convert_tokens_to_ids)(language)
    except KeyError:
        found = None
    if found is None or found == tokenizer.unk_token_id:
        raise InvalidInput(f"languages: {language[:40]} is no language of {model_id}", field="languages")
    return int(found)


def _refuse(given: object, field: str, why: str, model_id: str) -> None:
    if given is not None:
        raise InvalidInput(f"{field}: {model_id} {why}", field=field)
