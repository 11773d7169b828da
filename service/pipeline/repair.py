"""What the guards find in a leg's hypotheses, and one second try for the segments that another hypothesis may mend."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from service.batching import Outcome, Ticket
from service.errors import MancheteError
from service.guards import Check, Finding
from service.models import ModelEntry
from service.pipeline.rooms import Rooms
from service.segment import Segment
from service.types import DecodeOptions, Hypothesis, Notice, Span

# Greedy output is as good as any on the whole; of six hypotheses one mostly keeps the number that it lost. Eight mend
# no more on FLORES devtest and take a third longer, four mend fewer.
SECOND_TRY = DecodeOptions(beam=6, n_best=6)

Findings = tuple[Finding, ...]


@dataclass(slots=True)
class Repair:
    """The findings of each segment of a leg, and the futures of second tries by the index of their segment."""

    entry: ModelEntry
    texts: Sequence[str]
    findings: list[Findings]
    futures: dict[int, Future[Outcome]]


def inspect(entry: ModelEntry, texts: Sequence[str], hypotheses: Sequence[Hypothesis], rooms: Rooms) -> Repair:
    """Check every hypothesis of a leg against the segment that it renders."""
    findings = [
        rooms.check(text, hypothesis.text, entry.source, entry.target)
        for text, hypothesis in zip(texts, hypotheses, strict=True)
    ]
    codes = [finding.code for found in findings for finding in found]
    if codes:
        rooms.watch.found(codes)
    return Repair(entry, texts, findings, {})


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

    texts, sizes = [repair.texts[index] for index in wanted], [tokens[index] for index in wanted]
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


def mend(repair: Repair, hypotheses: Sequence[Hypothesis], rooms: Rooms) -> list[Hypothesis]:
    """The hypotheses with those replaced whose second try is better; `repair.findings` is then of what is returned.

    A second try that failed or is not done leaves the first hypothesis where it is.
    """
    mended = list(hypotheses)
    for index, future in repair.futures.items():
        if not future.done() or future.cancelled() or future.exception() is not None:
            rooms.watch.retried("failed", 1)
            continue
        first = repair.findings[index]
        chosen, found = _best(repair, index, future.result().hypothesis, rooms.check)
        if len(found) >= len(first):
            rooms.watch.retried("kept", 1)
            continue
        rooms.watch.retried("mended" if not any(one.mendable for one in found) else "improved", 1)
        mended[index], repair.findings[index] = chosen, found
    return mended


def _best(repair: Repair, index: int, hypothesis: Hypothesis, check: Check) -> tuple[Hypothesis, Findings]:
    """The first hypothesis in order of score that has the fewest findings, with the others as its alternatives."""
    candidates = [replace(hypothesis, alternatives=()), *hypothesis.alternatives]
    text, entry = repair.texts[index], repair.entry
    best, fewest = 0, check(text, candidates[0].text, entry.source, entry.target)
    for place, candidate in enumerate(candidates[1:], start=1):
        if not any(one.mendable for one in fewest):
            break
        if candidate.complete and len(found := check(text, candidate.text, entry.source, entry.target)) < len(fewest):
            best, fewest = place, found
    others = tuple(candidate for place, candidate in enumerate(candidates) if place != best)
    return replace(candidates[best], alternatives=others), fewest


def notices(repair: Repair, segments: Sequence[Segment], text: str | None) -> list[Notice]:
    """The findings that are left, for the caller. `text` is what the caller sent, None where this leg read another."""
    result = []
    for segment, found in zip(segments, repair.findings, strict=True):
        for finding in found:
            span = None if text is None else _placed(segment, finding.span, text)
            result.append(Notice(finding.code, finding.message, span))
    return result


def _placed(segment: Segment, span: Span, text: str) -> Span:
    """A range of the segment's text in the text it was cut from; the whole segment where soft breaks moved offsets."""
    if text[segment.span.start : segment.span.end] != segment.text:
        return segment.span
    return Span(segment.span.start + span.start, segment.span.start + span.end)
