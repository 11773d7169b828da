"""The guards against segments that an editor has judged: what they call a fault is one, and they miss few."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.guards import check

SEGMENTS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "guard_segments.jsonl").read_text(encoding="utf-8").splitlines()
]


def _codes(segment: dict[str, str]) -> set[str]:
    found = check(segment["source"], segment["hypothesis"], segment["from"], segment["to"])
    return {finding.code for finding in found}


def test_the_set_is_what_it_should_be() -> None:
    faulty = [segment for segment in SEGMENTS if segment["codes"]]
    assert len(SEGMENTS) >= 200
    assert 0.4 < len(faulty) / len(SEGMENTS) < 0.6
    assert len({(segment["source"], segment["hypothesis"]) for segment in SEGMENTS}) == len(SEGMENTS)


@pytest.mark.parametrize("part", [None, "fitted", "held-out"])
def test_precision_and_recall(part: str | None) -> None:
    right = wrong = missed = 0
    segments = [segment for segment in SEGMENTS if segment.get("part") == part]
    assert len(segments) >= 100
    for segment in segments:
        found, expected = _codes(segment), set(segment["codes"])
        right += len(found & expected)
        wrong += len(found - expected)
        missed += len(expected - found)
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.95


@pytest.mark.parametrize("segment", [segment for segment in SEGMENTS if segment["codes"]][:40])
def test_spans_lie_in_the_source(segment: dict[str, str]) -> None:
    source = segment["source"]
    for finding in check(source, segment["hypothesis"], segment["from"], segment["to"]):
        assert 0 <= finding.span.start < finding.span.end <= len(source)
        assert finding.message


def test_a_finding_says_what_is_lost_and_where() -> None:
    source = "O deputado recebeu 154.320 votos em 2018."
    (finding,) = check(source, "The congressman received 154,230 votes in 2018.", "pt", "en")
    assert source[finding.span.start : finding.span.end] == "154.320"
    assert "154.320" in finding.message
    assert finding.mendable
