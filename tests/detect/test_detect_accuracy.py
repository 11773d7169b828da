"""Floors for accuracy and calibration on third-party data, which is not part of the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.detect import Detector
from service.languages import normalise, primary

FLORES_FLOORS = {
    "ara": 0.99,
    "cmn_Hans": 0.99,
    "deu": 0.98,
    "eng": 0.99,
    "fra": 0.99,
    "hin": 0.99,
    "ita": 0.99,
    "jpn": 0.99,
    "kor": 0.99,
    "nld": 0.96,
    "pol": 0.99,
    "por": 0.98,
    "rus": 0.98,
    "spa": 0.98,
    "swe": 0.97,
    "tur": 0.99,
    "ukr": 0.99,
}
WITHOUT_PROFILE = {
    "az", "be", "bs", "eo", "eu", "ga", "is", "kk", "la", "lg", "mi", "mn", "ms", "sn", "sr", "st", "tn", "ts", "xh",
    "yo", "zu",
}  # fmt: skip


@pytest.mark.parametrize("name", FLORES_FLOORS)
def test_flores_sentences(shared_data: Path, name: str) -> None:
    path = shared_data / "flores200-devtest" / f"{name}.devtest"
    lines = path.read_text(encoding="utf-8").splitlines()[:200]
    detector, expected = Detector(), normalise(name, field="language")
    right = sum(detector.identify(line).language == expected for line in lines)
    assert right / len(lines) >= FLORES_FLOORS[name]


@pytest.mark.parametrize(
    ("kind", "accuracy", "portuguese", "english"),
    [("sentences", 0.975, 0.96, 0.97), ("word-pairs", 0.82, 0.5, 0.5), ("single-words", 0.66, 0.33, 0.3)],
)
def test_lingua_sample(shared_data: Path, kind: str, accuracy: float, portuguese: float, english: float) -> None:
    path = shared_data / "langid" / "lingua_sample.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["kind"] == kind and row["lang"] not in WITHOUT_PROFILE]
    detector = Detector()
    right: dict[str, list[bool]] = {}
    confidence = 0.0
    for row in rows:
        expected = "nb" if row["lang"] == "nn" else row["lang"]
        found = detector.identify(row["text"])
        right.setdefault(row["lang"], []).append(primary(found.language) == expected)
        confidence += found.confidence / len(rows)
    rate = sum(map(sum, right.values())) / len(rows)
    assert rate >= accuracy
    assert sum(right["pt"]) / len(right["pt"]) >= portuguese
    assert sum(right["en"]) / len(right["en"]) >= english
    assert abs(confidence - rate) < 0.05
