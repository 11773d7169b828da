"""Directions as they are given on the command line."""

from __future__ import annotations

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
