"""Summaries within the pipeline: of a text in its own language, or of a translation with the places in the original."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from service.errors import InvalidInput
from service.types import (
    AlignedSentence,
    DigestRequest,
    RequestContext,
    Span,
    SummarizeRequest,
    Summary,
    SummarySentence,
    Translation,
)
from service.writing import Manner

if TYPE_CHECKING:
    from service.summarize import Job, SourceSentence, Writer


def check_manner(manner: Manner, writer: Writer | None) -> None:
    """Raise InvalidInput where a written summary is asked for and nothing is set up that writes."""
    if manner.method == "abstractive" and writer is None:
        raise InvalidInput(
            "method: abstractive needs something that writes, and MANCHETE_SUMMARY_BACKEND is none", field="method"
        )


def summarize(
    request: SummarizeRequest, spans: Sequence[Span], language: str, writer: Writer | None, context: RequestContext
) -> Summary:
    """The summary of a text whose sentences are at `spans`."""
    from service.summarize import Job

    parts = source_sentences(request.text, spans)
    job = Job(request.text, parts, language, request.length, request.manner.style, request.title)
    return _made(job, request.manner, writer, context)


def summarize_translation(
    request: DigestRequest, translation: Translation, title: str | None, writer: Writer | None, context: RequestContext
) -> Summary:
    """The summary of a translation, each sentence with the ranges of the original that it renders."""
    from service.summarize import Job

    parts = source_sentences(translation.text, [link.target for link in translation.sentences])
    job = Job(translation.text, parts, translation.target, request.length, request.manner.style, title)
    summary = _made(job, request.manner, writer, context)
    placed = tuple(_with_originals(sentence, translation.sentences) for sentence in summary.sentences)
    return replace(summary, sentences=placed)


def _made(job: Job, manner: Manner, writer: Writer | None, context: RequestContext) -> Summary:
    # Imported here: stemmers and stop words cost a translation on the command line a tenth of its time.
    from service.summarize import extracted

    if manner.method == "extractive" or writer is None:
        return extracted(job)
    return writer.summarize(replace(job, deadline=context.deadline, cancelled=context.cancelled))


def source_sentences(text: str, spans: Sequence[Span]) -> list[SourceSentence]:
    """The sentences of a text at `spans`, as a summary is made of them."""
    from service.summarize import SourceSentence

    return [SourceSentence(text[span.start : span.end], span.start, span.end) for span in spans]


def _with_originals(sentence: SummarySentence, links: Sequence[AlignedSentence]) -> SummarySentence:
    originals = tuple(_original(span, links) for span in sentence.sources)
    place = _original(Span(sentence.start, sentence.end), links)
    return replace(sentence, source=place, originals=originals)


def _original(span: Span, links: Sequence[AlignedSentence]) -> Span | None:
    touched = [link.source for link in links if link.target.start < span.end and span.start < link.target.end]
    return Span(touched[0].start, touched[-1].end) if touched else None
