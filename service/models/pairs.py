"""Pairs and lists of languages as people and sources write them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from service.errors import UnknownLanguage
from service.languages import normalise


def parse_pair(text: str) -> tuple[str, str] | None:
    """The two languages of `es-en` or `zh-Hans-pt-BR`, as tags; None where it is no pair of languages.

    Where several readings are possible the shortest source counts: `en-pt-BR` is English to Brazilian Portuguese.
    """
    parts = text.split("-")
    for source in list(accumulate(parts, lambda left, right: f"{left}-{right}"))[:-1]:
        try:
            return normalise(source, field="pair"), normalise(text[len(source) + 1 :], field="pair")
        except UnknownLanguage:
            continue
    return None


def known_languages(codes: Iterable[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of `codes`, each once, and the codes that are no language this service knows."""
    tags: dict[str, None] = {}
    unknown = []
    for code in codes:
        try:
            tags[normalise(str(code), field="language")] = None
        except UnknownLanguage:
            unknown.append(str(code))
    return tuple(tags), tuple(unknown)
