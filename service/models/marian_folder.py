"""What a folder in the layout of Hugging Face says of its model: the architecture, and which targets it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from service.errors import ModelCorrupt
from service.models.entry import ModelEntry, language_key
from service.models.pairs import known_languages
from service.models.sources import Report

_MARIAN: Final = "marian"
_TARGET_TOKEN: Final = re.compile(r">>([A-Za-z]{2,3}([_-][A-Za-z0-9]+)*)<<")
# What OPUS calls languages beside the codes of ISO 639.
_OPUS_CODES: Final = {"pob": "pt-BR"}


def completed(entry: ModelEntry, files: Mapping[str, Path], report: Report) -> ModelEntry:
    """The entry with what only the model's own files tell: the kind of engine and the target tokens.

    `entry.targets` has the targets wanted, or the code of a group, which stands for all that the vocabulary has tokens
    for. Raises ModelCorrupt when a file is not what it should be.
    """
    if _read_json(files["config.json"], entry).get("model_type") != _MARIAN:
        return replace(entry, kind="seq2seq")
    tokens, unknown = _target_tokens(_read_json(files["vocab.json"], entry))
    if unknown:
        report(f"{entry.model_id}: {len(unknown)} target languages have no name here: {', '.join(unknown[:10])}")
    wanted = {language_key(tag) for tag in known_languages(entry.targets)[0]}
    if wanted:
        tokens = {tag: token for tag, token in tokens.items() if language_key(tag) in wanted}
    elif not tokens:
        raise ModelCorrupt(f"{files['vocab.json']} has no target tokens of a group", model_id=entry.model_id)
    return replace(entry, kind="ctranslate2", target_tokens=tokens, targets=tuple(tokens) or entry.targets)


def _target_tokens(vocabulary: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Tokens by language, `{"fr": ">>fra<<"}`, and codes that are no language known here."""
    tokens: dict[str, str] = {}
    unknown: list[str] = []
    # The longest first: `>>cmn_Hans<<` says more than `>>cmn<<`, which is the same language here.
    for token in sorted(vocabulary, key=lambda text: (-len(text), text)):
        match = _TARGET_TOKEN.fullmatch(token)
        if match is None:
            continue
        tags, strange = known_languages([_OPUS_CODES.get(match[1], match[1])])
        unknown += strange
        for tag in tags:
            tokens.setdefault(tag, token)
    return dict(sorted(tokens.items())), unknown


def _read_json(path: Path, entry: ModelEntry) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise ModelCorrupt(f"{path} is not JSON ({error})", model_id=entry.model_id) from error
    if not isinstance(content, dict):
        raise ModelCorrupt(f"{path} is not a JSON object", model_id=entry.model_id)
    return content
