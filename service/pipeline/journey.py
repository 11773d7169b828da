"""One text on its way through the models of its route, and a group of them travelling together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from service.batching import Outcome, Ticket
from service.errors import MancheteError
from service.models import ModelEntry, Route
from service.pipeline.carriage import Cargo, load
from service.pipeline.quality import lowered, segments
from service.pipeline.repair import FIRST, Made, Repair, inspect, notices, place_lost, settle, try_again
from service.pipeline.rooms import Rooms
from service.pipeline.steps import Pause, Steps, outcome
from service.segment import Document, sentences
from service.types import (
    GREEDY,
    AlignedSentence,
    DecodeOptions,
    Hypothesis,
    ModelSignature,
    Notice,
    RequestContext,
    Span,
    TranslatedSegment,
)

if TYPE_CHECKING:
    from service.markup.glossary import Glossary

# How many texts of a request are queued together: few at first, so that no worker is idle while the others are split.
_FIRST_WINDOW = 32
_WINDOW = 256


class Journey(msgspec.Struct):
    """A text, where it goes, and what has become of it so far.

    `alternatives` asks for as many further renderings of the whole text; they exist after the last model only.
    """

    text: str
    source: str
    target: str
    route: Route
    alternatives: int = 0
    glossary: Glossary | None = None
    output: str = ""
    sentences: tuple[AlignedSentence, ...] = ()
    other_outputs: tuple[str, ...] = ()
    segments: list[TranslatedSegment] = msgspec.field(default_factory=list)
    notices: list[Notice] = msgspec.field(default_factory=list)
    signatures: list[ModelSignature] = msgspec.field(default_factory=list)
    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    error: MancheteError | None = None
    log_probability: float = 0.0
    target_tokens: int = 0

    def __post_init__(self) -> None:
        self.output = self.text
        if not self.route.entries:
            spans = sentences(self.text, self.source)
            self.sentences = tuple(AlignedSentence(span, span) for span in spans)

    @property
    def quality(self) -> float | None:
        """Mean log-probability per target token over all segments and hops."""
        return self.log_probability / self.target_tokens if self.target_tokens else None

    def glossary_of(self, hop: int) -> Glossary | None:
        """What the model of a hop has to keep to: what the first one rendered, the others leave as it is."""
        return self.glossary.renderings() if self.glossary is not None and hop else self.glossary

    def spend(self, stage: str, seconds: float) -> None:
        """Add to a stage's time."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


class _Leg(msgspec.Struct):
    """One journey's passage through one model: the segments sent and, once queued, the futures of their hypotheses."""

    journey: Journey
    entry: ModelEntry
    cargo: Cargo
    options: DecodeOptions
    texts: list[str]
    tokens: list[int]
    started: float = 0.0
    futures: list[Future[Outcome]] = msgspec.field(default_factory=list)
    outcomes: list[Outcome] = msgspec.field(default_factory=list)


def travel(journeys: Iterable[Journey], rooms: Rooms, ticket: Ticket) -> Steps[None]:
    """The steps that take every journey to its end. What fails is noted on its own journey; the others go on.

    The segments of many journeys are queued together, so that those of like length find each other in a batch; not of
    all, so that the first are translated while the next are still being planned, as `journeys` gives them, and split.
    """
    travelling: Iterable[Journey] = (journey for journey in journeys if journey.route.entries)
    hop = 0
    while True:
        legs: list[_Leg] = []
        for window in _windows(travelling):
            if any(not rooms.pool.holds(one.route.entries[hop].model_id) for one in window):
                yield Pause(blocks=True)
            departed: list[_Leg] = []
            for journey in window:
                with _noting_errors([journey]):
                    departed.append(_depart(journey, hop, rooms))
            _queue(departed, rooms, ticket)
            legs += departed
        if not legs:
            return
        yield from _arrivals(legs, hop, rooms, ticket)
        hop += 1
        journeyed = [leg.journey for leg in legs]
        travelling = [one for one in journeyed if one.error is None and hop < len(one.route.entries)]


def _windows(journeys: Iterable[Journey]) -> Iterator[list[Journey]]:
    source = iter(journeys)
    size = _FIRST_WINDOW
    while window := list(islice(source, size)):
        yield window
        size = _WINDOW


def _arrivals(legs: Sequence[_Leg], hop: int, rooms: Rooms, ticket: Ticket) -> Steps[None]:
    """Finish each leg as soon as it can be, while the workers go on with the others; those with faults come last."""
    faulty: list[tuple[_Leg, Repair]] = []
    for leg in legs:
        if leg.journey.error is not None:
            continue
        yield Pause(leg.futures)
        with _noting_errors([leg.journey]):
            repair = _inspect(leg, rooms, ticket.context)
            if repair.cases:
                # At once, while there are other segments in the queue to share a batch with.
                try_again(repair, rooms, ticket)
                faulty.append((leg, repair))
            else:
                _arrive(leg, hop, repair)
    yield from _mend([repair for _, repair in faulty], rooms, ticket)
    for leg, repair in faulty:
        place_lost(repair, rooms.check)
        _arrive(leg, hop, repair)


def _mend(repairs: Sequence[Repair], rooms: Rooms, ticket: Ticket) -> Steps[None]:
    """Try again, in rounds over all texts, what a first other try has not mended: many short tries make one batch."""
    while open_repairs := [repair for repair in repairs if repair.cases]:
        yield Pause([future for repair in open_repairs for future in repair.futures])
        for repair in open_repairs:
            settle(repair, rooms)
        for repair in open_repairs:
            try_again(repair, rooms, ticket)


@contextmanager
def _noting_errors(journeys: Sequence[Journey]) -> Iterator[None]:
    try:
        yield
    except MancheteError as error:
        for journey in journeys:
            journey.error = error


def _depart(journey: Journey, hop: int, rooms: Rooms) -> _Leg:
    """Split the text into segments that the hop's model takes."""
    entry = journey.route.entries[hop]
    last = hop == len(journey.route.entries) - 1
    started = time.perf_counter()
    with rooms.pool.lease(entry.model_id) as engine:
        measure = (engine.count_tokens, engine.max_source_tokens)
        cargo = load(journey.output, entry.source, journey.glossary_of(hop), measure, in_place=last)
        texts = cargo.given
        tokens = engine.count_tokens(texts)
        journey.signatures.append(engine.signature)
    journey.spend("segment", time.perf_counter() - started)
    return _Leg(journey, entry, cargo, _options(journey.alternatives) if last else GREEDY, texts, tokens)


def _queue(legs: Sequence[_Leg], rooms: Rooms, ticket: Ticket) -> None:
    """Queue the segments of all legs, those of the same model and search in one go."""
    groups: dict[tuple[str, DecodeOptions], list[_Leg]] = {}
    for leg in legs:
        groups.setdefault((leg.entry.model_id, leg.options), []).append(leg)
    for (model_id, options), group in groups.items():
        with _noting_errors([leg.journey for leg in group]):
            texts = [text for leg in group for text in leg.texts]
            tokens = [count for leg in group for count in leg.tokens]
            queued = time.perf_counter()
            futures = iter(rooms.batcher.submit(ticket, model_id, texts, tokens, options))
            for leg in group:
                leg.started = queued
                leg.futures = list(islice(futures, len(leg.texts)))


def _options(alternatives: int) -> DecodeOptions:
    n_best = alternatives + 1
    return DecodeOptions(beam=max(4, n_best), n_best=n_best) if alternatives else GREEDY


def _inspect(leg: _Leg, rooms: Rooms, context: RequestContext) -> Repair:
    """Take the leg's hypotheses and check them."""
    leg.outcomes = [outcome(future, context) for future in leg.futures]
    made = [Made(FIRST, leg.options.beam)] * len(leg.texts)
    repair = Repair(leg.entry, leg.cargo, [one.hypothesis for one in leg.outcomes], made)
    inspect(repair, leg.tokens, rooms)
    return repair


def _arrive(leg: _Leg, hop: int, repair: Repair) -> None:
    """Put the leg's hypotheses, mended where they could be, where their segments stood."""
    journey, outcomes, hypotheses = leg.journey, leg.outcomes, repair.hypotheses
    document = leg.cargo.document
    signature = journey.signatures.pop()
    # Every search that a segment of the answer came from.
    beams = dict.fromkeys([leg.options.beam, *(made.beam for made in repair.made)])
    journey.signatures += [signature if beam == signature.beam else replace(signature, beam=beam) for beam in beams]
    joined = document.join([hypothesis.text for hypothesis in hypotheses])
    if journey.alternatives and hop == len(journey.route.entries) - 1:
        others = _other_outputs(document, hypotheses, journey.alternatives)
        journey.other_outputs = tuple(text for text in others if text != joined.text)
    journey.sentences = _composed(journey.sentences, joined.sentences) if hop else joined.sentences
    journey.output = joined.text
    if hop == 0:
        # Offsets of notices are offsets in the caller's text, which only the first model has read.
        journey.notices += _notices(document, hypotheses)
    journey.segments = lowered(journey.segments, repair) if hop else segments(repair)
    journey.notices += notices(repair, None if hop else document.text)
    journey.log_probability += sum(one.score * one.target_tokens for one in hypotheses)
    journey.target_tokens += sum(one.target_tokens for one in hypotheses)
    journey.spend("translate", time.perf_counter() - leg.started)
    journey.spend("queue", max((one.queue_seconds for one in outcomes), default=0.0))
    journey.spend("tokenize", max((one.tokenize_seconds for one in hypotheses), default=0.0))
    journey.spend("infer", max((one.infer_seconds for one in hypotheses), default=0.0))


def _other_outputs(document: Document, hypotheses: Sequence[Hypothesis], count: int) -> tuple[str, ...]:
    """Whole-text alternatives: the k-th takes each segment's k-th hypothesis, or its best where there are fewer."""
    outputs = []
    for rank in range(count):
        chosen = [one.alternatives[rank] if rank < len(one.alternatives) else one for one in hypotheses]
        outputs.append(document.join([one.text for one in chosen]).text)
    return tuple(dict.fromkeys(outputs))


def _notices(document: Document, hypotheses: Sequence[Hypothesis]) -> list[Notice]:
    notices = [
        Notice("truncated-output", "the model reached its length limit before the end of this sentence", segment.span)
        for segment, hypothesis in zip(document.segments, hypotheses, strict=True)
        if not hypothesis.complete
    ]
    pieces: dict[int, int] = {}
    for segment in document.segments:
        pieces[segment.sentence] = pieces.get(segment.sentence, 0) + 1
    notices += [
        Notice("sentence-split", f"too long for the model, translated in {count} parts", document.sentences[index])
        for index, count in pieces.items()
        if count > 1
    ]
    return notices


def _composed(first: tuple[AlignedSentence, ...], second: tuple[AlignedSentence, ...]) -> tuple[AlignedSentence, ...]:
    """Alignment of source and final text from those of two hops.

    Each sentence of the source is aligned with the range of the final text that renders what it became in between.
    """
    composed = []
    for link in first:
        ends = [
            other.target
            for other in second
            if other.source.start < link.target.end and link.target.start < other.source.end
        ]
        if ends:
            target = Span(min(span.start for span in ends), max(span.end for span in ends))
            composed.append(AlignedSentence(link.source, target))
    return tuple(composed)
