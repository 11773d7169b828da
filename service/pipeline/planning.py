"""What is to be said about a text before any model has read it."""

from __future__ import annotations

from service.pipeline.journey import Journey
from service.types import UNDETERMINED, Detection, Notice

LOW_CONFIDENCE = 0.5


def planning_notices(detected: Detection, journey: Journey) -> list[Notice]:
    """A guess at the language, a pivot, a variant other than the one asked for."""
    notices = []
    if journey.source == UNDETERMINED and journey.text.strip():
        notices.append(Notice("nothing-to-translate", "the text has no words; it was left as it is"))
        return notices
    if journey.text.strip() and detected.confidence < LOW_CONFIDENCE:
        share = f"{detected.confidence:.0%}"
        notices.append(
            Notice("low-confidence", f"the language was taken to be {detected.language} with {share} confidence")
        )
    if len(journey.route.entries) > 1:
        notices.append(Notice("pivot", f"translated by way of {' and '.join(journey.route.pairs)}"))
    variant = journey.route.target_variant
    if variant is not None and "-" in journey.target and journey.target != variant:
        notices.append(Notice("variant", f"asked for {journey.target}; the model writes {variant}"))
    if not journey.route.entries and "-" in journey.target and journey.target != journey.source:
        notices.append(
            Notice("variant", f"the text is {journey.source} already; it was not rewritten as {journey.target}")
        )
    return notices
