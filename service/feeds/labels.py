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
    "es": {
        "made": "Hecho el",
        "stories": "noticias",
        "articles": "artículos",
        "sources": "Fuentes",
        "both": "Original y traducción",
        "original": "Original",
        "translation": "Traducción",
        "warning": "Aviso",
        "untimed": "sin hora",
        "machine": "Traducción automática. El texto que vale es el original.",
        "empty": "No hay artículos.",
    },
    "fr": {
        "made": "Établi le",
        "stories": "sujets",
        "articles": "articles",
        "sources": "Sources",
        "both": "Original et traduction",
        "original": "Original",
        "translation": "Traduction",
        "warning": "Avertissement",
        "untimed": "heure inconnue",
        "machine": "Traduction automatique. L’original fait foi.",
        "empty": "Il n’y a pas d’articles.",
    },
    "de": {
        "made": "Erstellt am",
        "stories": "Themen",
        "articles": "Artikel",
        "sources": "Quellen",
        "both": "Original und Übersetzung",
        "original": "Original",
        "translation": "Übersetzung",
        "warning": "Hinweis",
        "untimed": "ohne Zeitangabe",
        "machine": "Maschinell übersetzt. Maßgeblich ist das Original.",
        "empty": "Keine Artikel.",
    },
}


def labels(language: str) -> Mapping[str, str]:
    """The words for a language, given as a BCP-47 tag."""
    return _LABELS.get(language.partition("-")[0], _ENGLISH)
