"""The schema: comparisons by paired rounds, and JSON there and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_reports import recorder, report

from benchmarks.recorder import Key
from benchmarks.results import METRICS, read_report
from service.errors import InvalidInput


def test_a_rate_is_compared_round_by_round() -> None:
    found = report().find("manchete", "pt-en", "words_per_second")
    assert found is not None
    assert (found.rounds, found.median, found.ratio, found.difference) == ((600.0, 900.0), 750.0, 6.0, None)
    assert (found.baseline, found.unit, found.model, found.lines) == ("fxtranslate", "source words/s", "student@1", 60)


def test_a_score_is_compared_by_difference() -> None:
    found = report().find("manchete", "pt-en", "bleu")
    assert found is not None
    assert (found.ratio, found.difference) == (None, -0.25)


def test_the_score_of_fewer_lines_is_not_compared() -> None:
    made = recorder()
    made.add(Key("torch", "pt-en", "bleu"), 50.0, lines=20)
    (found,) = (figure for figure in made.figures() if figure.system == "torch")
    assert (found.difference, found.baseline) == (None, None)


def test_a_round_that_the_baseline_lacks_leaves_no_ratio() -> None:
    made = recorder()
    made.add(Key("manchete", "pt-en", "words_per_second"), 700.0, lines=60)
    (found,) = (one for one in made.figures() if (one.system, one.metric) == ("manchete", "words_per_second"))
    assert found.ratio is None


def test_rounds_on_different_numbers_of_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="50 lines in this round, 60 before"):
        recorder().add(Key("manchete", "pt-en", "bleu"), 1.0, lines=50)


def test_a_system_that_failed_has_no_figures_left_in_that_direction() -> None:
    made = recorder()
    made.discard("manchete", "pt-en")
    assert {figure.system for figure in made.figures()} == {"fxtranslate"}


def test_a_report_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(report().to_json(), encoding="utf-8")
    assert read_report(path) == report()


def test_the_json_says_what_and_under_which_conditions() -> None:
    written = json.loads(report().to_json())
    assert written["schema_version"] == 1
    assert written["conditions"]["data"] == {"name": "own sentences", "lines": 60, "sha256": "ab" * 32}
    assert {figure["metric"] for figure in written["figures"]} <= set(METRICS)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"figures": [{"system": "x"}]}, "not a benchmark report"),
        ({"conditions": None}, "not a benchmark report"),
    ],
)
def test_another_schema_is_refused(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(json.loads(report().to_json()) | change), encoding="utf-8")
    with pytest.raises(InvalidInput, match=complaint):
        read_report(path)


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.json: cannot be read"):
        read_report(tmp_path / "none.json")
