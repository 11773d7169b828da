"""`POST /summarize` with `texts`: one summary of several texts about the same story, rendered for HTTP and `--json`."""

from __future__ import annotations

from typing_extensions import TypedDict

from service.api.render import (
    DetectedJson,
    SignatureJson,
    WarningJson,
    render_detection,
    render_signature,
    render_timings,
    render_warnings,
)
from service.pipeline.stories import StoryResult


class StorySourceJson(TypedDict):
    """A sentence of one of the texts: the index of the text in `texts`, and a half-open range of its characters."""

    text: int
    start: int
    end: int


class StorySentenceJson(TypedDict):
    """One sentence of a summary; the first of `sources` is where it stands, the others say the same."""

    text: str
    sources: list[StorySourceJson]


class StorySummaryJson(TypedDict):
    """A summary of several texts."""

    text: str
    sentences: list[StorySentenceJson]
    method: str
    style: str
    warnings: list[WarningJson]


class StoryJson(TypedDict):
    """The answer of `POST /summarize` to `texts`, and of `manchete summarize --json` to several files."""

    summary: StorySummaryJson
    detected: DetectedJson
    signature: SignatureJson
    timings: dict[str, float]


def render_story(result: StoryResult) -> StoryJson:
    """Render a summary of several texts."""
    summary = result.summary
    return {
        "summary": {
            "text": summary.text,
            "sentences": [
                {
                    "text": sentence.text,
                    "sources": [{"text": one.text, "start": one.start, "end": one.end} for one in sentence.sources],
                }
                for sentence in summary.sentences
            ],
            "method": summary.method,
            "style": result.style,
            "warnings": render_warnings(summary.warnings),
        },
        "detected": render_detection(result.detected),
        "signature": render_signature(result.signature),
        "timings": render_timings(result.timings),
    }
