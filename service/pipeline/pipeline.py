"""Answers requests: the only place that knows the order in which the rooms are called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from service import __version__, languages
from service.errors import MancheteError, TooLarge, UndetectedLanguage
from service.models import Route
from service.pipeline.journey import Journey, travel
from service.pipeline.planning import planning_notices
from service.pipeline.rooms import Rooms
from service.pipeline.steps import Pause, Steps, complete
from service.pipeline.summaries import check_manner, summarize, summarize_translation
from service.segment import sentences
from service.types import (
    UNDETERMINED,
    Detection,
    DigestRequest,
    DigestResult,
    LanguageEntry,
    Notice,
    RequestContext,
    Signature,
    SummarizeRequest,
    SummarizeResult,
    Summary,
    TranslateRequest,
    TranslateResult,
    Translation,
)

if TYPE_CHECKING:
    from service.markup.glossary import Glossary
    from service.pipeline.stories import StoryRequest, StoryResult

# So much text is detected and split in a few milliseconds.
SHORT_CHARACTERS = 2_000


class Pipeline:
    """Detects, translates, summarizes. May be called from many threads at once."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def load(self) -> None:
        """Read the detector's profiles now, so that the first request need not wait for them."""
        self._rooms.detector.load()

    def detect(self, text: str, *, field: str = "q") -> Detection:
        """The language of `text`, `und` where there is too little evidence; raises TooLarge naming `field`."""
        self._check_length(text, field)
        return self._identify(text, None)

    def translate(self, request: TranslateRequest, context: RequestContext) -> TranslateResult:
        """Translate one text; raises what `translate_many` would return in its place."""
        (result,) = self.translate_many([request], context)
        if isinstance(result, MancheteError):
            raise result
        return result

    def translate_many(
        self, requests: Sequence[TranslateRequest], context: RequestContext
    ) -> list[TranslateResult | MancheteError]:
        """Translate several texts, each of its own language, in order; an error takes the place of its own item only.

        Raises Overloaded or ShuttingDown when the request as a whole is not let in.
        """
        return complete(self.translate_steps(requests, context), context)

    def translate_steps(
        self, requests: Sequence[TranslateRequest], context: RequestContext
    ) -> Steps[list[TranslateResult | MancheteError]]:
        """What `translate_many` does, in steps for whoever waits in another way than by blocking a thread."""
        started = time.perf_counter()
        with self._rooms.batcher.admit(context) as ticket:
            if sum(len(request.text) for request in requests) > SHORT_CHARACTERS:
                yield Pause(blocks=True)
            planned: list[tuple[Detection, Journey] | MancheteError] = []
            yield from travel(self._planning(requests, planned), self._rooms, ticket)
        results: list[TranslateResult | MancheteError] = []
        for plan in planned:
            if isinstance(plan, MancheteError):
                results.append(plan)
                continue
            detected, journey = plan
            results.append(journey.error or self._translated(detected, journey, started))
        return results

    def summarize(self, request: SummarizeRequest, context: RequestContext) -> SummarizeResult:
        """Summarize one text in its own language; raises InvalidInput, Overloaded or ShuttingDown."""
        started = time.perf_counter()
        check_manner(request.manner, self._rooms.writer)
        with self._rooms.batcher.admit(context):
            self._check_length(request.text, "text")
            detected = self._detect(request.text, request.source)
            detection_done = time.perf_counter()
            # An unknown language is no obstacle: sentences and word statistics work without it, cue lists are skipped.
            spans = sentences(request.text, detected.language)
            summary = summarize(request, spans, detected.language, self._rooms.writer, context)
        timings = {"detect": detection_done - started, "total": time.perf_counter() - started}
        timings["summarize"] = timings["total"] - timings["detect"]
        return SummarizeResult(detected, summary, self._signature(detected, None, summary), timings)

    def summarize_together(self, request: StoryRequest, context: RequestContext) -> StoryResult:
        """Summarize several texts about one story in one summary; raises InvalidInput, Overloaded or ShuttingDown."""
        # Imported here: few requests bring several texts.
        from service.pipeline.stories import summarize_together

        return summarize_together(request, self._rooms, context)

    def digest(self, request: DigestRequest, context: RequestContext) -> DigestResult:
        """Detect, translate and summarize one article: the summary is of the translation, in the target language."""
        (result,) = self.digest_many([request], context)
        if isinstance(result, MancheteError):
            raise result
        return result

    def digest_many(
        self, requests: Sequence[DigestRequest], context: RequestContext, *, summarized: bool = True
    ) -> list[DigestResult | MancheteError]:
        """Digest several articles, in order; an error takes the place of its own article only.

        Not `summarized`, the summaries are empty and cost nothing. Raises Overloaded or ShuttingDown when the request
        as a whole is not let in.
        """
        started = time.perf_counter()
        with self._rooms.batcher.admit(context) as ticket:
            planned: list[_PlannedDigest | MancheteError] = []
            complete(travel(self._digest_journeys(requests, planned), self._rooms, ticket), context)
        return [
            plan if isinstance(plan, MancheteError) else self._digested(plan, started, context, summarized)
            for plan in planned
        ]

    def languages(self) -> tuple[LanguageEntry, ...]:
        """The languages that texts may be in, each with the targets it reaches, itself included."""
        entries = []
        for source in self._rooms.router.sources:
            targets: list[str] = []
            for target in self._rooms.router.reachable(source):
                variant = self._rooms.router.route(source, target).target_variant
                targets += [target] if variant is None else [target, variant]
            entries.append(LanguageEntry(source, languages.name(source), tuple(targets)))
        return tuple(entries)

    # --- planning

    def _planning(
        self, requests: Sequence[TranslateRequest], planned: list[tuple[Detection, Journey] | MancheteError]
    ) -> Iterator[Journey]:
        """The journeys of the requests that can be planned, one after the other; `planned` gets what became of each."""
        for request in requests:
            try:
                plan = self._planned(request, field="q")
            except MancheteError as error:
                planned.append(error)
                continue
            planned.append(plan)
            yield plan[1]

    def _planned(self, request: TranslateRequest, *, field: str) -> tuple[Detection, Journey]:
        """The language of the text and the journey it is to make; raises InvalidInput."""
        started = time.perf_counter()
        self._check_length(request.text, field)
        target = languages.normalise(request.target, field="target")
        detected = self._detect(request.text, request.source)
        source = detected.language
        if source == UNDETERMINED and sentences(request.text, source):
            raise UndetectedLanguage(
                f"{field}: too little evidence to tell the language of this text; name it in 'source'", field=field
            )
        # Without a word in it, a text is the same in every language.
        route = Route(())
        if source != UNDETERMINED:
            route = self._rooms.router.route(source, target, quality=request.quality, model=request.model)
        detection_done = time.perf_counter()
        journey = Journey(request.text, source, target, route, request.alternatives, _glossary(request))
        journey.spend("detect", detection_done - started)
        journey.notices += planning_notices(detected, journey)
        return detected, journey

    def _digest_journeys(
        self, requests: Sequence[DigestRequest], planned: list[_PlannedDigest | MancheteError]
    ) -> Iterator[Journey]:
        """The journeys of articles and titles as they are planned; `planned` gets what became of each request."""
        for request in requests:
            article = TranslateRequest(
                request.text,
                request.target,
                request.source,
                quality=request.quality,
                model=request.model,
                glossary=request.glossary,
            )
            try:
                check_manner(request.manner, self._rooms.writer)
                detected, journey = self._planned(article, field="text")
                plan = _PlannedDigest(request, detected, journey, self._title_journeys(request, journey))
            except MancheteError as error:
                planned.append(error)
                continue
            planned.append(plan)
            yield from (plan.article, *plan.titles)

    def _title_journeys(self, request: DigestRequest, article: Journey) -> tuple[Journey, ...]:
        """The title travels the article's route: its own language would be a guess from few words."""
        if request.title is None or not article.route.entries:
            return ()
        self._check_length(request.title, "title")
        return (Journey(request.title, article.source, article.target, article.route, glossary=article.glossary),)

    def _detect(self, text: str, source: str | None) -> Detection:
        return self._identify(text, None if source is None else languages.normalise(source, field="source"))

    def _identify(self, text: str, hint: str | None) -> Detection:
        # Of two languages that fit a short text as well, the one with a model is the likelier to have been sent.
        return self._rooms.detector.identify(text, hint=hint, prefer=self._rooms.router.sources)

    def _check_length(self, text: str, field: str) -> None:
        if len(text) > self._rooms.char_limit:
            raise TooLarge(
                f"{field}: {len(text)} characters are over the limit of {self._rooms.char_limit}", field=field
            )

    # --- results

    def _signature(self, detected: Detection, journey: Journey | None, summary: Summary | None) -> Signature:
        detector = None if detected.provenance == "caller" else self._rooms.detector.signature
        method = None if summary is None else summary.made_by or summary.method
        models = () if journey is None else tuple(journey.signatures)
        glossary = journey.glossary.signature if models and journey is not None and journey.glossary else None
        return Signature(__version__, models, detector, method, self._rooms.libraries, glossary)

    def _translated(self, detected: Detection, journey: Journey, started: float) -> TranslateResult:
        translation = Translation(
            text=journey.output,
            source=journey.source,
            target=journey.target,
            route=journey.route.pairs,
            sentences=journey.sentences,
            warnings=tuple(journey.notices),
            quality=journey.quality,
            segments=tuple(journey.segments),
        )
        timings = {**journey.seconds, "total": time.perf_counter() - started}
        signature = self._signature(detected, journey, None)
        return TranslateResult(detected, translation, signature, timings, journey.other_outputs)

    def _digested(
        self, plan: _PlannedDigest, started: float, context: RequestContext, summarized: bool
    ) -> DigestResult | MancheteError:
        for leg in (plan.article, *plan.titles):
            if leg.error is not None:
                return leg.error
        translated = self._translated(plan.detected, plan.article, started)
        title = plan.titles[0].output if plan.titles else plan.request.title
        translation = translated.translation
        summarizing = time.perf_counter()
        summary = Summary("", (), "none")
        if summarized:
            try:
                summary = summarize_translation(plan.request, translation, title, self._rooms.writer, context)
            except MancheteError as error:
                return error
        timings = {**translated.timings, "summarize": time.perf_counter() - summarizing}
        timings["total"] = time.perf_counter() - started
        for notice in plan.titles[0].notices if plan.titles else ():
            translation = replace(translation, warnings=(*translation.warnings, _about_title(notice)))
        signature = self._signature(plan.detected, plan.article, summary if summarized else None)
        return DigestResult(plan.detected, translation, summary, title, signature, timings)


class _PlannedDigest(msgspec.Struct, frozen=True):
    """An article to digest, on its way; `titles` holds the journey of its title, where that has to be translated."""

    request: DigestRequest
    detected: Detection
    article: Journey
    titles: tuple[Journey, ...]


def _glossary(request: TranslateRequest) -> Glossary | None:
    if not request.glossary:
        return None
    # Imported here: few requests have one.
    from service.markup.glossary import compiled

    return compiled(request.glossary)


def _about_title(notice: Notice) -> Notice:
    # Spans point into the text; a title has no place in it.
    return Notice(notice.code, f"title: {notice.message}")
