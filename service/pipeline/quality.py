"""How good the translation of a segment probably is, from the model's own score and the guards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from service.guards import Finding
from service.types import TranslatedSegment

if TYPE_CHECKING:
    from service.pipeline.repair import Repair

# Least squares of sentence chrF (as a share) on the score, on half of FLORES devtest, mean of both embedded directions:
# see docs/decisions/0019.
_AT_BEST, _SLOPE = 0.79, 1.3
_FAULT = 0.5


def segment_quality(score: float, findings: Sequence[Finding]) -> float:
    """A number in `[0, 1]`: the chrF, as a share, that such a score goes with, halved for each fault.

    `score` is a mean log-probability per target token (at most 0). Good for ranking the segments of one model; its
    correlation with chrF is weak (0.37 by sentence).
    """
    expected = min(max(_AT_BEST + _SLOPE * score, 0.0), 1.0)
    return expected * _FAULT ** sum(finding.mendable for finding in findings)


def segments(repair: Repair) -> list[TranslatedSegment]:
    """The segments of a leg with the quality and the making of their translation."""
    details = zip(repair.cargo.document.segments, repair.hypotheses, repair.findings, repair.made, strict=True)
    return [
        TranslatedSegment(segment.span, segment_quality(hypothesis.score, found), made.method, made.beam)
        for segment, hypothesis, found, made in details
    ]


def lowered(earlier: Sequence[TranslatedSegment], repair: Repair) -> list[TranslatedSegment]:
    """The segments of an earlier hop with what a later one makes of the text: its mean quality, for each of them."""
    later = [one.quality for one in segments(repair)]
    share = sum(later) / len(later) if later else 1.0
    return [replace(segment, quality=segment.quality * share) for segment in earlier]
