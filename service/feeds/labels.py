"""The few words that a rendering adds of its own, in the digest's language where we have them, else in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "made": "Made",
    "stories": "stories",
    "articles": "articles",
    "sources": "Sources",
    "both": "Original and translation",
    "original": "Original",
    "translation": "Translation",
    "warning": "Warning",
    "untimed": "no time given",
    "machine": "Translated by machine. The original is the authority.",
    "empty": "There are no articles.",
}
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _ENGLISH,
    "pt": {
        "made": "Feito em",
        "stories": "histórias",
        "articles": "artigos",
        "sources": "Fontes",
        "both": "Original e tradução",
        "original": "Original",
        "translation": "Tradução",
        "warning": "Aviso",
        "untimed": "sem hora",
        "machine": "Tradução automática. O que vale é o original.",
        "empty": "Não há artigos.",
    },
}


def labels(language: str) -> Mapping[str, str]:
    """The words for a language, given as a BCP-47 tag."""
    return _LABELS.get(language.partition("-")[0], _ENGLISH)
