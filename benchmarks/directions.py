"""Directions as they are given on the command line."""

from __future__ import annotations

import re
from typing import Final

from service.errors import InvalidInput

BOTH: Final = "both"


def parse_directions(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The directions that `text` names (`both`: those of every model there is) and their languages, each once.

    Raises InvalidInput for a direction without a model.
    """
    from service.models import Catalog

    entries = {entry.pair: entry for entry in Catalog()}
    if text != BOTH and text not in entries:
        known = ", ".join([*entries, BOTH])
        raise InvalidInput(f"--direction: there is no model for {text}; there are: {known}", field="--direction")
    chosen = tuple(entries) if text == BOTH else (text,)
    languages = dict.fromkeys(tag for pair in chosen for tag in (entries[pair].source, entries[pair].target))
    return chosen, tuple(languages)


def parse_any_directions(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same for outputs that may come from elsewhere: any pair of language codes, or `both`; raises InvalidInput."""
    if text == BOTH:
        return parse_directions(text)
    if not re.fullmatch(r"[a-z]{2,3}-[a-z]{2,3}", text):
        raise InvalidInput(f"--direction: {text[:80]} is not a pair such as pt-en, or {BOTH}", field="--direction")
    source, _, target = text.partition("-")
    return (text,), (source, target)
