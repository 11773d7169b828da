"""Frozen values that travel between rooms, without behaviour beyond trivial derived properties.

Offsets are Python string indices (code points), half-open `[start, end)`. Times are seconds, confidences in `[0, 1]`.
Languages are BCP-47 tags as `service.languages` writes them (`pt-BR`); `und`: none could be told (section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from threading import Event

import msgspec

from service.writing import EXTRACT, Manner

UNDETERMINED = "und"


class Span(msgspec.Struct, frozen=True):
    """A half-open range of characters in a text."""

    start: int
    end: int


class Notice(msgspec.Struct, frozen=True):
    """Something the caller should know about a result: a truncation, a fallback, a low confidence.

    `code` is stable and machine-readable (kebab-case), `message` is for people, `span` points into the source text.
    """

    code: str
    message: str
    span: Span | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One ranked answer of language detection."""

    language: str
    confidence: float


class Detection(msgspec.Struct, frozen=True):
    """The language of a text: the best candidate, or `und` with confidence 0 where there is too little evidence.

    `provenance` says who decided: `caller`, `script` (one language owns it), `langdetect` (its profiles), or `evidence`
    (abstained, too little to go on).
    """

    language: str
    confidence: float
    candidates: tuple[Candidate, ...]
    provenance: str


class DecodeOptions(msgspec.Struct, frozen=True):
    """How a hypothesis is searched for: beam width (1 = greedy) and how many hypotheses to return."""

    beam: int = 1
    n_best: int = 1


GREEDY = DecodeOptions()


class Hypothesis(msgspec.Struct, frozen=True):
    """What an engine made of one segment.

    `score` is the mean log-probability per target token, the end-of-sentence token included. `complete` is False
    when the decoder reached its length limit before it ended the sentence. `alternatives` holds the rest of the
    n-best, best first. `tokenize_seconds` are those of the batch that the segment was in, `infer_seconds` what
    the batch took until this hypothesis was there.
    """

    text: str
    score: float
    source_tokens: int
    target_tokens: int
    complete: bool = True
    alternatives: tuple[Hypothesis, ...] = ()
    tokenize_seconds: float = 0.0
    infer_seconds: float = 0.0


class Priority(IntEnum):
    """Who is served first when the queue is not empty; a lower value goes first."""

    INTERACTIVE = 0
    BULK = 1


class ModelSignature(msgspec.Struct, frozen=True):
    """What produced a translation: enough to produce it again."""

    model: str
    revision: str
    engine: str
    dtype: str
    beam: int
    shortlist: bool


class Signature(msgspec.Struct, frozen=True):
    """What produced a response: version, models in order of use, the methods around them, the glossary kept to."""

    manchete: str
    models: tuple[ModelSignature, ...] = ()
    detector: str | None = None
    summarizer: str | None = None
    libraries: Mapping[str, str] = msgspec.field(default_factory=dict)
    glossary: str | None = None


class AlignedSentence(msgspec.Struct, frozen=True):
    """One sentence of the source text and the range of the translation that renders it."""

    source: Span
    target: Span


class TranslatedSegment(msgspec.Struct, frozen=True):
    """What is known of one segment: its range of the source text, and how its translation was made by the first model.

    `quality` in `[0, 1]` is the chrF (as a share) to expect by the scores of the models and the faults that the guards
    found. `method` is `first`, or what mended the segment: `capitals`, `reworded`, `beam`, `split`. `beam` is the width
    of that search.
    """

    source: Span
    quality: float
    method: str
    beam: int


class Translation(msgspec.Struct, frozen=True):
    """A translated text. `route` lists the language pairs in order (`("es-en", "en-pt")`), empty when none was needed.

    `quality` is the mean hypothesis score of the segments weighted by target tokens, or None when nothing was decoded.
    """

    text: str
    source: str
    target: str
    route: tuple[str, ...]
    sentences: tuple[AlignedSentence, ...]
    warnings: tuple[Notice, ...] = ()
    quality: float | None = None
    segments: tuple[TranslatedSegment, ...] = ()


class SummarySentence(msgspec.Struct, frozen=True):
    """One sentence of a summary and where it stands in the text it came from.

    `source` is the range of the original where the summary is of a translation. `sources` support it in the summarized
    text, `originals` are what they render; a sentence that was written has its place at the first of them.
    """

    text: str
    start: int
    end: int
    source: Span | None = None
    sources: tuple[Span, ...] = ()
    originals: tuple[Span | None, ...] = ()


class Summary(msgspec.Struct, frozen=True):
    """A summary, its sentences in text order, its method (`extractive`, `abstractive`), and the model and prompt it was
    `made_by`; `fallback_reason` says, by a stable code, why it was not written as asked."""

    text: str
    sentences: tuple[SummarySentence, ...]
    method: str
    warnings: tuple[Notice, ...] = ()
    style: str = "brief"
    fallback_reason: str | None = None
    made_by: str | None = None


class SummaryLength(msgspec.Struct, frozen=True):
    """How long a summary may be: in words, else as a share of the text's words in (0, 1], else in sentences."""

    sentences: int | None = 3
    words: int | None = None
    ratio: float | None = None


class RequestContext(msgspec.Struct, frozen=True):
    """Who asks and how long they will wait: what batching needs to be fair and to stop early.

    `client` groups requests for fairness, `deadline` is on the monotonic clock (`time.monotonic()`), None for none.
    Setting `cancelled` (from any thread) makes the queue drop what it still holds of the request.
    """

    request_id: str
    client: str = "local"
    priority: Priority = Priority.INTERACTIVE
    deadline: float | None = None
    cancelled: Event = msgspec.field(default_factory=Event)


class TranslateRequest(msgspec.Struct, frozen=True):
    """One text to translate; `source` None means detect it.

    Where several installed models serve a pair, `quality` (`fast`, `best`) or `model` (a name) chooses among them.
    `glossary` has terms of the source language, each with how it is to read in the translation.
    """

    text: str
    target: str
    source: str | None = None
    alternatives: int = 0
    quality: str | None = None
    model: str | None = None
    glossary: tuple[tuple[str, str], ...] = ()


class SummarizeRequest(msgspec.Struct, frozen=True):
    """One text to summarize in its own language."""

    text: str
    source: str | None = None
    title: str | None = None
    length: SummaryLength = SummaryLength()
    manner: Manner = EXTRACT


class DigestRequest(msgspec.Struct, frozen=True):
    """One article to detect, translate and summarize; `quality`, `model` and `glossary` as in `TranslateRequest`."""

    text: str
    target: str
    source: str | None = None
    title: str | None = None
    length: SummaryLength = SummaryLength()
    quality: str | None = None
    model: str | None = None
    glossary: tuple[tuple[str, str], ...] = ()
    manner: Manner = EXTRACT


class TranslateResult(msgspec.Struct, frozen=True):
    """The answer to a `TranslateRequest`; `timings` maps a stage (`detect`, `queue`, `infer`, `total`) to seconds."""

    detected: Detection
    translation: Translation
    signature: Signature
    timings: Mapping[str, float]
    alternatives: tuple[str, ...] = ()


class SummarizeResult(msgspec.Struct, frozen=True):
    """The answer to a `SummarizeRequest`."""

    detected: Detection
    summary: Summary
    signature: Signature
    timings: Mapping[str, float]


class DigestResult(msgspec.Struct, frozen=True):
    """The answer to a `DigestRequest`; `title` is the translated title, None when none was given."""

    detected: Detection
    translation: Translation
    summary: Summary
    title: str | None
    signature: Signature
    timings: Mapping[str, float]


class LanguageEntry(msgspec.Struct, frozen=True):
    """One language the service translates from, and the targets it reaches, itself included."""

    code: str
    name: str
    targets: tuple[str, ...]
