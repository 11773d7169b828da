"""How the tests of this folder turn a text into a summary: sentences from the real splitter, one call."""

from __future__ import annotations

from service.segment import sentences
from service.summarize import SourceSentence, summarize
from service.types import Summary, SummaryLength

EVERYTHING = SummaryLength(sentences=1000)


def split(text: str, language: str) -> list[SourceSentence]:
    return [SourceSentence(text[span.start : span.end], span.start, span.end) for span in sentences(text, language)]


def summary_of(text: str, language: str, *, title: str | None = None, length: SummaryLength = EVERYTHING) -> Summary:
    return summarize(text, split(text, language), language=language, length=length, title=title)


def codes(summary: Summary) -> set[str]:
    return {notice.code for notice in summary.warnings}
