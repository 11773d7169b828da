"""Articles with reference summaries: JSON lines `{lang, title?, text, summaries}`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.results import DataSet
from service.errors import InvalidInput

OWN_ARTICLES: Final = Path(__file__).resolve().parent / "data" / "news.jsonl"
PARTS: Final[Mapping[str, slice]] = {"all": slice(None), "tune": slice(0, None, 2), "report": slice(1, None, 2)}


@dataclass(frozen=True, slots=True)
class Article:
    """A text in `language` (a BCP-47 tag), its headline where there is one, and summaries of it by people."""

    language: str
    title: str | None
    text: str
    summaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleSet:
    """Articles and what to call them."""

    name: str
    articles: tuple[Article, ...]

    @property
    def data_set(self) -> DataSet:
        """Its name, size and the SHA-256 of all its texts and summaries."""
        digest = hashlib.sha256()
        for article in self.articles:
            digest.update("\n".join([article.language, article.title or "", article.text, *article.summaries]).encode())
        return DataSet(self.name, len(self.articles), digest.hexdigest())


def load_articles(path: Path | None, part: str = "all") -> ArticleSet:
    """Read a file of articles, by default the project's own. A line may have other fields, which are ignored.

    `part` is `all`, or every other article: `tune` those in odd lines, `report` those in even lines. Raises
    InvalidInput naming the line and the field that is wrong.
    """
    if part not in PARTS:
        raise InvalidInput(f"--part: {part} is not one of {', '.join(PARTS)}", field="--part")
    path = path or OWN_ARTICLES
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidInput(f"--data: {path} cannot be read ({error.strerror or error})", field="--data") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"--data: {path} is not valid UTF-8 at byte {error.start}", field="--data") from error
    articles = [_article(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    chosen = tuple(articles[PARTS[part]])
    if not chosen:
        raise InvalidInput(f"--data: {path} has no articles", field="--data")
    name = "own news" if path.resolve() == OWN_ARTICLES else path.name
    return ArticleSet(name if part == "all" else f"{name}, {part} half", chosen)


def _article(path: Path, number: int, line: str) -> Article:
    def wrong(what: str) -> InvalidInput:
        return InvalidInput(f"--data: {path}, line {number}: {what}", field="--data")

    try:
        found: Any = json.loads(line)
    except ValueError as error:
        raise wrong("is not JSON") from error
    if not isinstance(found, dict):
        raise wrong("is not an object")
    text, title, summaries = found.get("text"), found.get("title"), found.get("summaries")
    if not isinstance(text, str) or not text.strip():
        raise wrong("text must be text")
    if title is not None and not isinstance(title, str):
        raise wrong("title must be text or null")
    if not isinstance(summaries, list) or not _are_texts(summaries):
        raise wrong("summaries must be a list of at least one text")
    language = found.get("lang", "en")
    if not isinstance(language, str) or not language:
        raise wrong("lang must be a language code")
    return Article(language, title, text, tuple(summaries))


def _are_texts(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(one, str) and one.strip() for one in values)
