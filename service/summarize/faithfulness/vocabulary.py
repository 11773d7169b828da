"""The word lists that the guard reads sentences by: one TOML file a language in `words/`, data and no code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from service.guards.lexicon import LANGUAGES, lexicon

# Shorter ones are abbreviations, and other words too ("mar", "set"), but for these.
_ABBREVIATED = 3
_SHORT = frozenset({"may", "mai", "mayo"})
_LISTS = (
    "determiners",
    "coordinators",
    "pronouns",
    "functions",
    "negations",
    "hedges",
    "more",
    "fewer",
    "weekdays",
    "said",
    "told",
    "denied",
    "neutral",
    "generic",
)


class Vocabulary(msgspec.Struct, frozen=True):
    """What one language marks grammar, denial, doubt and speech with, in lower case.

    `prepositions` maps a preposition to its class: what may stand for it. `same` maps a stem to the groups of near
    synonyms that it is in, `opposite` holds pairs of stems. `said` are verbs of claims, `told` those of announcements,
    which may be left out; `denied` those of denials.
    """

    determiners: frozenset[str]
    prepositions: Mapping[str, str]
    coordinators: frozenset[str]
    pronouns: frozenset[str]
    functions: frozenset[str]
    negations: frozenset[str]
    hedges: frozenset[str]
    more: frozenset[str]
    fewer: frozenset[str]
    weekdays: frozenset[str]
    months: frozenset[str]
    said: frozenset[str]
    told: frozenset[str]
    denied: frozenset[str]
    source: tuple[tuple[str, ...], ...]
    neutral: frozenset[str]
    generic: frozenset[str]
    same: Mapping[str, frozenset[int]]
    opposite: frozenset[frozenset[str]]

    @property
    def reporting(self) -> frozenset[str]:
        """Every verb of speech."""
        return self.said | self.told | self.denied


def stems(words: Iterable[str], language: str) -> list[str]:
    """Snowball stems; the words themselves where the language has no stemmer."""
    import Stemmer

    try:
        stemmer = Stemmer.Stemmer(language, 0)
    except KeyError:
        return list(words)
    return list(stemmer.stemWords(list(words)))


@lru_cache(maxsize=32)
def load_vocabulary(language: str) -> Vocabulary:
    """The lists of a primary subtag; all of them empty where the language has none."""
    path = files("service.summarize.faithfulness").joinpath("words", f"{language}.toml")
    table: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def words(key: str) -> frozenset[str]:
        return frozenset(str(table.get(key, "")).split())

    prepositions = {word: word for word in words("prepositions")}
    for kind in ("of", "by", "before", "after"):
        prepositions |= dict.fromkeys(words(kind), kind)
    months = lexicon(language).months if language in LANGUAGES else ()
    capital = language in {"en", "de"}
    return Vocabulary(
        **{name: words(name) for name in _LISTS},
        prepositions=prepositions,
        months=frozenset(
            name.capitalize() if capital else name for name in months if len(name) > _ABBREVIATED or name in _SHORT
        ),
        source=tuple(tuple(phrase.split()) for phrase in str(table.get("source", "")).split("|") if phrase),
        same=_groups(table.get("same", ()), language),
        opposite=frozenset(frozenset(stems(pair.split(), language)) for pair in table.get("opposite", ())),
    )


def _groups(lines: Iterable[str], language: str) -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for stem in stems(line.split(), language):
            groups.setdefault(stem, set()).add(number)
    return {stem: frozenset(numbers) for stem, numbers in groups.items()}
