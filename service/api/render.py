"""Results as JSON-able dictionaries: the one rendering that HTTP answers and `--json` output share.

Confidences are in `[0, 1]`, offsets count characters (code points), times are seconds. The dictionaries are typed, so
that the OpenAPI document is generated from the same definitions. Imports nothing heavier than the shared types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired

from msgspec.structs import asdict
from typing_extensions import TypedDict

from service.types import (
    Candidate,
    Detection,
    DigestResult,
    Notice,
    Signature,
    Span,
    SummarizeResult,
    Summary,
    SummarySentence,
    TranslatedSegment,
    Translation,
)

_DIGITS, _QUALITY_DIGITS = 6, 3


class SpanJson(TypedDict):
    """A half-open range of characters."""

    start: int
    end: int


class WarningJson(TypedDict):
    """Something to know about a result; `start` and `end` point into the source text, null where nothing is meant."""

    code: str
    message: str
    start: int | None
    end: int | None


class CandidateJson(TypedDict):
    """One ranked answer of language detection."""

    language: str
    confidence: float


class DetectedJson(TypedDict):
    """The language of the text, `und` when it could not be told, and who decided it."""

    language: str
    confidence: float
    candidates: list[CandidateJson]
    provenance: str


class SegmentJson(TypedDict):
    """A segment of the source; `quality` in `[0, 1]` is the chrF to expect, `method` and `beam` say what made it."""

    start: int
    end: int
    quality: float
    method: str
    beam: int


class TranslationJson(TypedDict):
    """A translated text; `quality` is a mean log-probability, null when nothing was decoded."""

    text: str
    source: str
    target: str
    route: list[str]
    warnings: list[WarningJson]
    quality: float | None
    segments: list[SegmentJson]


class SupportJson(SpanJson):
    """A sentence of the text that supports one of its summary; `source` is its range in the original."""

    source: NotRequired[SpanJson | None]


class SentenceJson(TypedDict):
    """One sentence of a summary, where it stands in the summarized text, and the sentences there that support it."""

    text: str
    start: int
    end: int
    sources: list[SupportJson]


class SummaryJson(TypedDict):
    """A summary and the sentences it is made of; `fallback_reason` says why it was not written as asked."""

    text: str
    sentences: list[SentenceJson]
    method: str
    style: str
    fallback_reason: str | None
    warnings: list[WarningJson]


class DigestSentenceJson(SentenceJson):
    """One sentence of a digest's summary; `source` is the range of the original that says the same."""

    source: SpanJson | None


class DigestSummaryJson(TypedDict):
    """The summary of a digest; `of` names the text that the sentences' offsets point into."""

    text: str
    sentences: list[DigestSentenceJson]
    method: str
    style: str
    fallback_reason: str | None
    warnings: list[WarningJson]
    of: str


class ModelSignatureJson(TypedDict):
    """A model that took part, and how it was run."""

    model: str
    revision: str
    engine: str
    dtype: str
    beam: int
    shortlist: bool


class SignatureJson(TypedDict):
    """What produced the result."""

    manchete: str
    models: list[ModelSignatureJson]
    detector: str | None
    summarizer: str | None
    libraries: dict[str, str]
    glossary: str | None


class SummarizeJson(TypedDict):
    """The answer of `POST /summarize` and of `manchete summarize --json`."""

    summary: SummaryJson
    detected: DetectedJson
    signature: SignatureJson
    timings: dict[str, float]


class DigestJson(TypedDict):
    """The answer of `POST /digest` and of `manchete digest --json`."""

    detected: DetectedJson
    translation: TranslationJson
    title: str | None
    summary: DigestSummaryJson
    signature: SignatureJson
    timings: dict[str, float]


def render_digest(result: DigestResult) -> DigestJson:
    """Render a digest; its summary is of the translation."""
    summary = result.summary
    return {
        "detected": render_detection(result.detected),
        "translation": render_translation(result.translation),
        "title": result.title,
        "summary": {
            "text": summary.text,
            "sentences": [_digest_sentence(sentence) for sentence in summary.sentences],
            "method": summary.method,
            "style": summary.style,
            "fallback_reason": summary.fallback_reason,
            "warnings": render_warnings(summary.warnings),
            "of": "translation",
        },
        "signature": render_signature(result.signature),
        "timings": render_timings(result.timings),
    }


def render_summarize(result: SummarizeResult) -> SummarizeJson:
    """Render a summary of a text in its own language."""
    return {
        "summary": render_summary(result.summary),
        "detected": render_detection(result.detected),
        "signature": render_signature(result.signature),
        "timings": render_timings(result.timings),
    }


def render_summary(summary: Summary) -> SummaryJson:
    """Render a summary with the offsets of its sentences."""
    return {
        "text": summary.text,
        "sentences": [_sentence(each) for each in summary.sentences],
        "method": summary.method,
        "style": summary.style,
        "fallback_reason": summary.fallback_reason,
        "warnings": render_warnings(summary.warnings),
    }


def render_translation(translation: Translation) -> TranslationJson:
    """Render a translation."""
    quality = translation.quality
    return {
        "text": translation.text,
        "source": translation.source,
        "target": translation.target,
        "route": list(translation.route),
        "warnings": render_warnings(translation.warnings),
        "quality": None if quality is None else round(quality, _DIGITS),
        "segments": [_segment(each) for each in translation.segments],
    }


def render_detection(detection: Detection) -> DetectedJson:
    """Render a detection with its ranked candidates."""
    return {
        "language": detection.language,
        "confidence": round(detection.confidence, _DIGITS),
        "candidates": [_candidate(each) for each in detection.candidates],
        "provenance": detection.provenance,
    }


def render_warnings(notices: Iterable[Notice]) -> list[WarningJson]:
    """Render warnings in the order given."""
    return [_warning(notice) for notice in notices]


def render_signature(signature: Signature) -> SignatureJson:
    """Render what produced a result."""
    models: list[Any] = [asdict(model) for model in signature.models]
    return {
        "manchete": signature.manchete,
        "models": models,
        "detector": signature.detector,
        "summarizer": signature.summarizer,
        "libraries": dict(signature.libraries),
        "glossary": signature.glossary,
    }


def render_timings(timings: Mapping[str, float]) -> dict[str, float]:
    """Seconds per stage, to the microsecond."""
    return {stage: round(seconds, _DIGITS) for stage, seconds in timings.items()}


def _range(span: Span) -> SpanJson:
    return {"start": span.start, "end": span.end}


def _candidate(candidate: Candidate) -> CandidateJson:
    return {"language": candidate.language, "confidence": round(candidate.confidence, _DIGITS)}


def _warning(notice: Notice) -> WarningJson:
    span = notice.span
    return {
        "code": notice.code,
        "message": notice.message,
        "start": None if span is None else span.start,
        "end": None if span is None else span.end,
    }


def _segment(segment: TranslatedSegment) -> SegmentJson:
    span, quality = segment.source, round(segment.quality, _QUALITY_DIGITS)
    return {"start": span.start, "end": span.end, "quality": quality, "method": segment.method, "beam": segment.beam}


def _sentence(sentence: SummarySentence) -> SentenceJson:
    sources: list[SupportJson] = [{"start": span.start, "end": span.end} for span in sentence.sources]
    return {"text": sentence.text, "start": sentence.start, "end": sentence.end, "sources": sources}


def _digest_sentence(sentence: SummarySentence) -> DigestSentenceJson:
    return {
        "text": sentence.text,
        "start": sentence.start,
        "end": sentence.end,
        "sources": [
            {"start": span.start, "end": span.end, "source": None if original is None else _range(original)}
            for span, original in zip(sentence.sources, sentence.originals, strict=True)
        ],
        "source": None if sentence.source is None else _range(sentence.source),
    }
