"""The codes by which models that are told their languages know them: `en` (M2M100), `eng_Latn` (NLLB)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from service.errors import UnknownLanguage
from service.languages import normalise, primary

_TOKENIZER_FILE: Final = "tokenizer_config.json"
# FLORES-200 names, which NLLB's tokenizer lists: ISO 639-3 and the script.
_FLORES: Final = re.compile(r'"([a-z]{3}_[A-Z][a-z]{3})"')


def own_codes(folder: Path, source: str, target: str) -> tuple[str, str] | None:
    """The codes of two tags for the model in a folder as Hugging Face lays it out.

    None for a model that is told no languages. A tag that the model's list does not have is given as it is, so that the
    engine can say so.
    """
    try:
        text = (folder / _TOKENIZER_FILE).read_text(encoding="utf-8")
        told = "src_lang" in json.loads(text)
    except (OSError, ValueError, TypeError):
        return None
    if not told:
        return None
    names = _FLORES.findall(text)
    return _own_code(names, source), _own_code(names, target)


def _own_code(names: list[str], tag: str) -> str:
    if not names:
        return primary(tag)
    # The second pass is for scripts that are written in more than one way (`Hang` and `Kore` for Korean).
    for exact in (True, False):
        for name in names:
            try:
                known = normalise(name if exact else name.partition("_")[0], field="language")
            except UnknownLanguage:
                continue
            if known == tag:
                return name
    return tag
