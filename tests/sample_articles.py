"""The sample articles: invented news, written for the project, with what each must yield.

`data/articles/<name>.txt` is an article as a reader copies it from a page; `<name>.toml` states its expectations.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "data" / "articles"


@dataclass(frozen=True, slots=True)
class Fact:
    """What a translation must keep: `source` stands in the article, one of `target` must stand in its translation."""

    source: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """An article and its expectations.

    `title` may or may not stand in `text`. A summary must contain `lead` and nothing of `never`. Facts are for a
    translation from Portuguese into English, or from English into Portuguese.
    """

    name: str
    language: str
    title: str
    text: str
    lead: str
    never: tuple[str, ...]
    facts: tuple[Fact, ...]


@cache
def load_articles() -> tuple[Article, ...]:
    """Every sample article, ordered by name."""
    return tuple(_load(path) for path in sorted(FOLDER.glob("*.toml")))


def _load(path: Path) -> Article:
    expected = tomllib.loads(path.read_text(encoding="utf-8"))
    return Article(
        name=path.stem,
        language=expected["language"],
        title=expected["title"],
        text=path.with_suffix(".txt").read_text(encoding="utf-8"),
        lead=expected["lead"],
        never=tuple(expected["never"]),
        facts=tuple(Fact(fact["source"], tuple(fact["target"])) for fact in expected["facts"]),
    )
