"""Summaries of what every system makes of the same articles, each sentence with what supports it in the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.numbers import lost_numbers
from benchmarks.outputs import Output, Source
from service.errors import InvalidInput
from service.segment import sentences
from service.types import SummaryLength

_LENGTH: Final = SummaryLength(sentences=3)
_FIELD: Final = "--articles"


@dataclass(frozen=True, slots=True)
class Article:
    """A text by the name of its file, as the sentences that systems are given."""

    name: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supported:
    """A sentence of a summary, the sentence of the source that it renders, and the numbers that it lost of it."""

    text: str
    source: str
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """The summary of one system's translation of an article."""

    article: str
    system: str
    sentences: tuple[Supported, ...]


def read_articles(folder: Path, language: str) -> tuple[Article, ...]:
    """The `.txt` files of a folder as sentences; raises InvalidInput naming what cannot be used."""
    paths = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if not paths:
        raise InvalidInput(f"{_FIELD}: {folder} is no folder with .txt files", field=_FIELD)
    articles = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{_FIELD}: {path} cannot be read as UTF-8", field=_FIELD) from error
        parts = (" ".join(text[span.start : span.end].split()) for span in sentences(text, language))
        articles.append(Article(path.stem, tuple(part for part in parts if part)))
    return tuple(article for article in articles if article.sentences)


def source_of(articles: Sequence[Article], direction: str) -> Source:
    """All sentences of all articles, one after the other."""
    return Source(direction, [sentence for article in articles for sentence in article.sentences])


def summaries(articles: Sequence[Article], output: Output) -> list[ArticleSummary]:
    """Summarize each article of an output that holds the translations of `source_of` these articles."""
    target = output.direction.partition("-")[2]
    made, at = [], 0
    for article in articles:
        lines = output.lines[at : at + len(article.sentences)]
        at += len(article.sentences)
        made.append(ArticleSummary(article.name, output.system, _summary(article.sentences, lines, target)))
    return made


def _summary(sources: Sequence[str], lines: Sequence[str], language: str) -> tuple[Supported, ...]:
    from service.summarize import SourceSentence, summarize

    parts: list[SourceSentence] = []
    origins: list[tuple[str, str]] = []
    place = 0
    for source, line in zip(sources, lines, strict=True):
        if line.strip():
            parts.append(SourceSentence(line, place, place + len(line)))
            origins.append((source, line))
            place += len(line) + 1
    text = " ".join(part.text for part in parts)
    starts = [part.start for part in parts]
    summary = summarize(text, parts, language=language, length=_LENGTH)
    # A sentence of a summary may begin later than the one it came from, where a dateline was left out.
    return tuple(_supported(one.text, *origins[bisect_right(starts, one.start) - 1]) for one in summary.sentences)


def _supported(text: str, source: str, line: str) -> Supported:
    lost = tuple(source[number.start : number.end] for number in lost_numbers(source, line))
    return Supported(text, source, lost)
