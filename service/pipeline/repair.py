"""What the guards find in a leg's hypotheses, and other tries for the segments that another one may mend."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec.structs import replace

from service.batching import Outcome, Ticket
from service.errors import EngineFailure, MancheteError
from service.guards import Check, Finding
from service.models import ModelEntry
from service.pipeline.carriage import Cargo, losses, moved
from service.pipeline.rooms import Rooms
from service.segment import Segment
from service.types import DecodeOptions, Hypothesis, Notice, Span

if TYPE_CHECKING:
    from service.markup.passage import Item, Passage
    from service.pipeline.attempts import Attempt

Findings: TypeAlias = tuple[Finding, ...]
Items: TypeAlias = "tuple[Item, ...]"
FIRST = "first"


class Made(msgspec.Struct, frozen=True):
    """How the translation of a segment came to be: `first`, or the method of the attempt that mended it."""

    method: str
    beam: int


class _Case(msgspec.Struct):
    """A segment that may be mended: what is still to try, what is being tried, and how it ends for the metrics."""

    plan: list[Attempt]
    futures: list[Future[Outcome]] = msgspec.field(default_factory=list)
    faults: int = 0
    result: str = "kept"

    @property
    def attempt(self) -> Attempt:
        return self.plan[0]


class Repair(msgspec.Struct):
    """The best hypothesis so far of each segment of a leg, how it was made, and its findings.

    By the index of their segment: what the hypothesis has `lost` of what was carried, and the open `cases`.
    """

    entry: ModelEntry
    cargo: Cargo
    hypotheses: list[Hypothesis]
    made: list[Made]
    findings: list[Findings] = msgspec.field(default_factory=list)
    lost: dict[int, Items] = msgspec.field(default_factory=dict)
    cases: dict[int, _Case] = msgspec.field(default_factory=dict)

    @property
    def futures(self) -> tuple[Future[Outcome], ...]:
        """What is being tried now."""
        return tuple(future for case in self.cases.values() for future in case.futures)


def inspect(repair: Repair, tokens: Sequence[int], rooms: Rooms) -> None:
    """Put back what was carried past the model, check every hypothesis of a leg, and plan what may mend it.

    `tokens` has those of each segment.
    """
    for index, hypothesis in enumerate(repair.hypotheses):
        passage = repair.cargo.passages.get(index)
        restored, found, lost = _judged(repair, index, hypothesis, passage, rooms.check)
        repair.hypotheses[index] = restored
        repair.findings.append(found)
        if lost:
            repair.lost[index] = lost
        if found:
            repair.cases[index] = _Case(_plan(repair, index, tokens[index]), faults=_faults(found))
    codes = [finding.code for found in repair.findings for finding in found]
    if codes:
        rooms.watch.found(codes)


def _plan(repair: Repair, index: int, tokens: int) -> list[Attempt]:
    # Imported here, with all that reads numbers: few sentences need a second try.
    from service.pipeline.attempts import attempts

    cargo = repair.cargo
    return attempts((cargo.sent(index), cargo.again(index)), repair.entry.source, tokens, repair.findings[index])


def _judged(
    repair: Repair, index: int, hypothesis: Hypothesis, passage: Passage | None, check: Check
) -> tuple[Hypothesis, Findings, Items]:
    text, entry = repair.cargo.document.segments[index].text, repair.entry
    if passage is None:
        return hypothesis, check(text, hypothesis.text, entry.source, entry.target), ()
    restored, lost = passage.restored(hypothesis)
    return restored, losses(lost, passage, check(text, restored.text, entry.source, entry.target)), lost


def _faults(found: Findings) -> int:
    return sum(one.mendable for one in found)


def try_again(repair: Repair, rooms: Rooms, ticket: Ticket) -> None:
    """Queue the next attempt for each segment that is still at fault; where there is no room, what is there has to do.

    A case is closed, and counted, when it has no further attempt.
    """
    for index, case in tuple(repair.cases.items()):
        case.futures = []
        if not case.plan:
            _close(repair, index, rooms)
    groups: dict[DecodeOptions, list[_Case]] = {}
    for case in repair.cases.values():
        groups.setdefault(case.attempt.options, []).append(case)
    for options, cases in groups.items():
        _queue(repair.entry, options, cases, rooms, ticket)
    for index, case in tuple(repair.cases.items()):
        if not case.futures:
            _close(repair, index, rooms)


def _queue(entry: ModelEntry, options: DecodeOptions, cases: Sequence[_Case], rooms: Rooms, ticket: Ticket) -> None:
    texts = [text for case in cases for text in case.attempt.texts]
    try:
        if not rooms.pool.holds(entry.model_id):
            # Loading a model that has just been evicted would take longer than the second try is worth.
            raise EngineFailure(f"{entry.model_id} is no longer loaded")
        with rooms.pool.lease(entry.model_id) as engine:
            sizes = engine.count_tokens(texts)
        futures = iter(rooms.batcher.submit(ticket, entry.model_id, texts, sizes, options))
    except MancheteError:
        for case in cases:
            case.result = "refused" if case.result == "kept" else case.result
        return
    for case in cases:
        case.futures = [next(futures) for _ in case.attempt.texts]


def _close(repair: Repair, index: int, rooms: Rooms) -> None:
    case = repair.cases.pop(index)
    if case.faults:
        rooms.watch.retried(case.result, 1)


def settle(repair: Repair, rooms: Rooms) -> None:
    """Take the attempts that are done: a hypothesis with fewer findings than the best so far replaces it.

    An attempt that failed or is not done leaves the best hypothesis where it is.
    """
    for index, case in repair.cases.items():
        attempt = case.plan.pop(0)
        if any(not one.done() or one.cancelled() or one.exception() is not None for one in case.futures):
            case.result = "failed" if case.result == "kept" else case.result
            continue
        candidates = attempt.combined([one.result().hypothesis for one in case.futures])
        hypothesis, found, lost = _best(repair, index, candidates, rooms.check)
        if not _better(found, repair.findings[index], capitals=attempt.method == "capitals"):
            continue
        repair.hypotheses[index], repair.findings[index], repair.lost[index] = hypothesis, found, lost
        repair.made[index] = Made(attempt.method, attempt.options.beam)
        faults = _faults(found)
        if not faults:
            case.plan.clear()
        case.result = "improved" if faults else "mended"


def _better(found: Findings, first: Findings, *, capitals: bool) -> bool:
    # Greedy output for a sentence in capitals is poor even where nothing is found wrong with it.
    return len(found) <= len(first) if capitals else len(found) < len(first)


def _best(
    repair: Repair, index: int, candidates: Sequence[Hypothesis], check: Check
) -> tuple[Hypothesis, Findings, Items]:
    """The first hypothesis in order of score that has the fewest findings, with the others as its alternatives."""
    passage = repair.cargo.passages.get(index)
    again = None if passage is None else passage.coded()
    best = 0
    chosen, fewest, lost = _judged(repair, index, candidates[0], again, check)
    for place, candidate in enumerate(candidates[1:], start=1):
        if not any(one.mendable for one in fewest):
            break
        other, found, missing = _judged(repair, index, candidate, again, check)
        if len(found) < len(fewest):
            best, chosen, fewest, lost = place, other, found, missing
    others = [candidate for place, candidate in enumerate(candidates) if place != best]
    restored = others if again is None else [again.alternative(one) for one in others]
    return replace(chosen, alternatives=tuple(restored)), fewest, lost


def place_lost(repair: Repair, check: Check) -> None:
    """Put in what was carried and is still lost, at about its place; a term of a glossary stays lost, and told."""
    for index, lost in repair.lost.items():
        terms = tuple(item for item in lost if item.kind == "glossary")
        if len(terms) == len(lost):
            continue
        passage, hypothesis = repair.cargo.passages[index], repair.hypotheses[index]
        text = passage.place(hypothesis.text, lost)
        repair.hypotheses[index] = replace(hypothesis, text=text)
        found = losses(terms, passage, check(passage.text, text, repair.entry.source, repair.entry.target))
        repair.findings[index] = (*found, *(moved(item) for item in lost if item.kind != "glossary"))


def notices(repair: Repair, text: str | None) -> list[Notice]:
    """The findings that are left, for the caller. `text` is what the caller sent, None where this leg read another."""
    result = []
    for segment, found, made in zip(repair.cargo.document.segments, repair.findings, repair.made, strict=True):
        for finding in found:
            span = None if text is None else _placed(segment, finding.span, text)
            message = finding.message
            if finding.code == "all-capitals" and made.method != FIRST:
                message = "this is in capitals; it was translated in ordinary letters and put in capitals again"
            result.append(Notice(finding.code, message, span))
    return result


def _placed(segment: Segment, span: Span, text: str) -> Span:
    """A range of the segment's text in the text it was cut from; the whole segment where soft breaks moved offsets."""
    if text[segment.span.start : segment.span.end] != segment.text:
        return segment.span
    return Span(segment.span.start + span.start, segment.span.start + span.end)
