"""Several texts about one story on their way to one summary."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from service import __version__, languages
from service.errors import InvalidInput, TooLarge
from service.pipeline.rooms import Rooms
from service.pipeline.summaries import source_sentences
from service.segment import sentences
from service.types import UNDETERMINED, Detection, RequestContext, Signature, SummaryLength
from service.writing import EXTRACT, Manner

if TYPE_CHECKING:
    from service.summarize import StorySummary


class StoryRequest(msgspec.Struct, frozen=True):
    """Several texts about one story, all in one language, to be told in one summary."""

    texts: tuple[str, ...]
    source: str | None = None
    title: str | None = None
    length: SummaryLength = msgspec.field(default_factory=SummaryLength)
    manner: Manner = EXTRACT


class StoryResult(msgspec.Struct, frozen=True):
    """The answer to a `StoryRequest`; `detected` is of all texts together."""

    detected: Detection
    summary: StorySummary
    style: str
    signature: Signature
    timings: Mapping[str, float]


def summarize_together(request: StoryRequest, rooms: Rooms, context: RequestContext) -> StoryResult:
    """One summary of all texts, in their language.

    Raises TooLarge where they have more characters than one text may have, InvalidInput where they are in different
    languages or the summary is to be written by a model, and Overloaded or ShuttingDown.
    """
    if request.manner.method == "abstractive":
        raise InvalidInput("method: a summary of several texts is extractive; leave it out or say auto", field="method")
    # Imported here: stemmers and stop words cost a translation on the command line a tenth of its time.
    from service.summarize import StoryText, styled_story, summarize_story

    started = time.perf_counter()
    with rooms.batcher.admit(context):
        size = sum(map(len, request.texts))
        if size > rooms.char_limit:
            raise TooLarge(f"texts: {size} characters are over the limit of {rooms.char_limit}", field="texts")
        detected = _detect(request, rooms)
        detection_done = time.perf_counter()
        stories = []
        for text in request.texts:
            spans = sentences(text, detected.language)
            stories.append(StoryText(text, source_sentences(text, spans)))
        style = request.manner.style
        length = SummaryLength(sentences=1) if style == "headline" else request.length
        summary = summarize_story(stories, language=detected.language, length=length, title=request.title)
        summary = styled_story(summary, style, request.title)
    timings = {"detect": detection_done - started, "total": time.perf_counter() - started}
    timings["summarize"] = timings["total"] - timings["detect"]
    detector = None if detected.provenance == "caller" else rooms.detector.signature
    signature = Signature(__version__, (), detector, summary.method, rooms.libraries)
    return StoryResult(detected, summary, style, signature, timings)


def _detect(request: StoryRequest, rooms: Rooms) -> Detection:
    if request.source is not None:
        hint = languages.normalise(request.source, field="source")
        return rooms.detector.identify(request.texts[0], hint=hint, prefer=rooms.router.sources)
    found = [rooms.detector.identify(text, hint=None, prefer=rooms.router.sources) for text in request.texts]
    _check_same(found)
    return rooms.detector.identify("\n\n".join(request.texts), hint=None, prefer=rooms.router.sources)


def _check_same(found: Sequence[Detection]) -> None:
    told = [(index, one.language.partition("-")[0]) for index, one in enumerate(found) if one.language != UNDETERMINED]
    for index, language in told:
        first, expected = told[0]
        if language != expected:
            raise InvalidInput(
                f"texts[{index}]: is in {languages.name(language)}, texts[{first}] is in {languages.name(expected)}; "
                "give texts of one language",
                field=f"texts[{index}]",
            )
