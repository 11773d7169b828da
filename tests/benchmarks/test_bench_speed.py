"""A whole run of `bench speed`, small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.corpus import OWN_FOLDER
from benchmarks.results import read_report

REPOSITORY = Path(__file__).resolve().parents[2]
LINES = 6


@pytest.mark.slow
def test_both_directions_beside_a_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fxtranslate", reason="the peer fxtranslate is not installed (extra: bench)")
    monkeypatch.setenv("MANCHETE_HOME", str(tmp_path / "home"))
    output, page = tmp_path / "speed.json", tmp_path / "page.md"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.cli", "speed", "--systems", "manchete,manchete-1,fxtranslate"),
            *("--data", str(OWN_FOLDER), "--lines", str(LINES), "--latency-lines", "3", "--rounds", "1"),
            *("--json", str(output), "--markdown", str(page)),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    report = read_report(output)
    assert report.absences == ()
    for direction in ("pt-en", "en-pt"):
        for system in ("manchete", "manchete-1", "fxtranslate"):
            _check(report, system, direction)
        ours, engine = (report.find(system, direction, "bleu") for system in ("manchete-1", "manchete"))
        assert ours is not None
        assert engine is not None
        assert ours.median == pytest.approx(engine.median)
        changed = report.find("manchete", direction, "batch_changes")
        assert changed is not None
        assert changed.median == 0
    resident = report.find("manchete", "both", "resident")
    assert resident is not None
    assert 20 < resident.median < 2000
    assert json.loads(output.read_text())["conditions"]["data"]["lines"] == LINES
    assert "| manchete |" in page.read_text(encoding="utf-8")
    assert "### en-pt" in page.read_text(encoding="utf-8")
    assert "words/s" in run.stdout
    assert f"[{run.stderr.count(chr(10))}/" in run.stderr.splitlines()[-1]


def _check(report: object, system: str, direction: str) -> None:
    values = {}
    metrics = ("words_per_second", "sentences_per_second", "latency_p50", "latency_p95", "resident", "load")
    for metric in (*metrics, "bleu", "chrf"):
        figure = report.find(system, direction, metric)  # type: ignore[attr-defined]
        assert figure is not None, (system, direction, metric)
        assert len(figure.rounds) == 1
        assert figure.median == figure.rounds[0] > 0
        values[metric] = figure.median
        assert figure.model.startswith("firefox-tiny-")
    assert values["bleu"] > 10
    assert values["chrf"] > 30
    assert values["latency_p50"] <= values["latency_p95"]
    assert values["words_per_second"] > values["sentences_per_second"]
    cold = report.find(system, direction, "cold_start")  # type: ignore[attr-defined]
    assert (cold is None) == (system == "manchete-1")
