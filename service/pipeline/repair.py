"""What the guards find in a leg's hypotheses, and one second try for the segments that another hypothesis may mend."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from service.batching import Outcome, Ticket
from service.errors import MancheteError
from service.guards import Check, Finding
from service.models import ModelEntry
from service.pipeline.carriage import Cargo, losses, moved
from service.pipeline.rooms import Rooms
from service.segment import Segment
from service.types import DecodeOptions, Hypothesis, Notice, Span

if TYPE_CHECKING:
    from service.markup.passage import Item, Passage

# Greedy output is as good as any on the whole; of six hypotheses one mostly keeps the number that it lost. Eight mend
# no more on FLORES devtest and take a third longer, four mend fewer.
SECOND_TRY = DecodeOptions(beam=6, n_best=6)

Findings: TypeAlias = tuple[Finding, ...]
Items: TypeAlias = "tuple[Item, ...]"


@dataclass(slots=True)
class Repair:
    """The hypotheses of a leg's segments with what was carried put back, the findings on each, what each has lost of
    what was carried, and the futures of second tries by the index of their segment."""

    entry: ModelEntry
    cargo: Cargo
    hypotheses: list[Hypothesis]
    findings: list[Findings]
    lost: dict[int, Items]
    futures: dict[int, Future[Outcome]]


def inspect(entry: ModelEntry, cargo: Cargo, hypotheses: Sequence[Hypothesis], rooms: Rooms) -> Repair:
    """Put back what was carried past the model, and check every hypothesis of a leg against its segment."""
    repair = Repair(entry, cargo, [], [], {}, {})
    for index, hypothesis in enumerate(hypotheses):
        restored, found, lost = _judged(repair, index, hypothesis, cargo.passages.get(index), rooms.check)
        repair.hypotheses.append(restored)
        repair.findings.append(found)
        if lost:
            repair.lost[index] = lost
    codes = [finding.code for found in repair.findings for finding in found]
    if codes:
        rooms.watch.found(codes)
    return repair


def _judged(
    repair: Repair, index: int, hypothesis: Hypothesis, passage: Passage | None, check: Check
) -> tuple[Hypothesis, Findings, Items]:
    text, entry = repair.cargo.document.segments[index].text, repair.entry
    if passage is None:
        return hypothesis, check(text, hypothesis.text, entry.source, entry.target), ()
    restored, lost = passage.restored(hypothesis)
    return restored, losses(lost, passage, check(text, restored.text, entry.source, entry.target)), lost


def try_again(repair: Repair, tokens: Sequence[int], rooms: Rooms, ticket: Ticket) -> None:
    """Queue the segments that may be mended, all in one go; where there is no room, what is there will have to do."""
    wanted = [index for index, found in enumerate(repair.findings) if any(one.mendable for one in found)]
    if not wanted:
        return
    try:
        texts, sizes = _reworded(repair, wanted, tokens, rooms)
        futures = rooms.batcher.submit(ticket, repair.entry.model_id, texts, sizes, SECOND_TRY)
    except MancheteError:
        rooms.watch.retried("refused", len(wanted))
        return
    repair.futures = dict(zip(wanted, futures, strict=True))


def _reworded(
    repair: Repair, wanted: Sequence[int], tokens: Sequence[int], rooms: Rooms
) -> tuple[list[str], list[int]]:
    """The texts of a second try and their tokens: in other characters where that may help and fits the model."""
    # Imported here, with all that reads numbers: few sentences need a second try.
    from service.guards.wording import reworded

    texts, sizes = [repair.cargo.again(index) for index in wanted], [tokens[index] for index in wanted]
    others = [reworded(text, repair.entry.source) for text in texts]
    # Loading a model that has just been evicted would take longer than the second try is worth.
    if others == texts or not rooms.pool.holds(repair.entry.model_id):
        return texts, sizes
    with rooms.pool.lease(repair.entry.model_id) as engine:
        counts = engine.count_tokens(others)
        limit = engine.max_source_tokens
    for place, (other, count) in enumerate(zip(others, counts, strict=True)):
        if count <= limit:
            texts[place], sizes[place] = other, count
    return texts, sizes


def mend(repair: Repair, rooms: Rooms) -> list[Hypothesis]:
    """The hypotheses with those replaced whose second try is better; `repair.findings` is then of what is returned.

    A second try that failed or is not done leaves the first hypothesis where it is. What was carried and is still lost,
    a term of a glossary excepted, is put in at about its place.
    """
    for index, future in repair.futures.items():
        if not future.done() or future.cancelled() or future.exception() is not None:
            rooms.watch.retried("failed", 1)
            continue
        chosen, found, lost = _best(repair, index, future.result().hypothesis, rooms.check)
        if len(found) >= len(repair.findings[index]):
            rooms.watch.retried("kept", 1)
            continue
        rooms.watch.retried("mended" if not any(one.mendable for one in found) else "improved", 1)
        repair.hypotheses[index], repair.findings[index], repair.lost[index] = chosen, found, lost
    for index, lost in repair.lost.items():
        _place(repair, index, lost, rooms.check)
    return repair.hypotheses


def _place(repair: Repair, index: int, lost: Items, check: Check) -> None:
    terms = tuple(item for item in lost if item.kind == "glossary")
    if len(terms) == len(lost):
        return
    passage, hypothesis = repair.cargo.passages[index], repair.hypotheses[index]
    text = passage.place(hypothesis.text, lost)
    repair.hypotheses[index] = replace(hypothesis, text=text)
    found = losses(terms, passage, check(passage.text, text, repair.entry.source, repair.entry.target))
    repair.findings[index] = (*found, *(moved(item) for item in lost if item.kind != "glossary"))


def _best(repair: Repair, index: int, hypothesis: Hypothesis, check: Check) -> tuple[Hypothesis, Findings, Items]:
    """The first hypothesis in order of score that has the fewest findings, with the others as its alternatives."""
    passage = repair.cargo.passages.get(index)
    again = None if passage is None else passage.coded()
    candidates = [replace(hypothesis, alternatives=()), *hypothesis.alternatives]
    best = 0
    chosen, fewest, lost = _judged(repair, index, candidates[0], again, check)
    for place, candidate in enumerate(candidates[1:], start=1):
        if not any(one.mendable for one in fewest):
            break
        if candidate.complete:
            other, found, missing = _judged(repair, index, candidate, again, check)
            if len(found) < len(fewest):
                best, chosen, fewest, lost = place, other, found, missing
    others = [candidate for place, candidate in enumerate(candidates) if place != best]
    restored = others if again is None else [again.alternative(one) for one in others]
    return replace(chosen, alternatives=tuple(restored)), fewest, lost


def notices(repair: Repair, text: str | None) -> list[Notice]:
    """The findings that are left, for the caller. `text` is what the caller sent, None where this leg read another."""
    result = []
    for segment, found in zip(repair.cargo.document.segments, repair.findings, strict=True):
        for finding in found:
            span = None if text is None else _placed(segment, finding.span, text)
            result.append(Notice(finding.code, finding.message, span))
    return result


def _placed(segment: Segment, span: Span, text: str) -> Span:
    """A range of the segment's text in the text it was cut from; the whole segment where soft breaks moved offsets."""
    if text[segment.span.start : segment.span.end] != segment.text:
        return segment.span
    return Span(segment.span.start + span.start, segment.span.start + span.end)
