"""`bench detect` on texts of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_runs import Bench

from benchmarks.corpus import OWN_FOLDER, load_corpus
from benchmarks.results import read_report
from service.errors import InvalidInput


def test_our_sentences_are_told_apart(bench: Bench, tmp_path: Path) -> None:
    lines = load_corpus(OWN_FOLDER, ["pt", "en"], 12).lines
    rows = [{"lang": tag, "kind": "sentences", "text": text} for tag in lines for text in lines[tag]]
    rows += [{"lang": "pt", "kind": "numbers", "text": "42"}, {"lang": "tlh", "kind": "sentences", "text": "nuqneH"}]
    data, output = tmp_path / "texts.jsonl", tmp_path / "detect.json"
    data.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    ran = bench("detect", "--data", data, "--lines", 10, "--json", output)
    report = read_report(output)
    for system in ("manchete", "langdetect"):
        accuracy, rate = (report.find(system, "sentences", metric) for metric in ("accuracy", "texts_per_second"))
        assert accuracy is not None
        assert rate is not None
        assert (accuracy.lines, accuracy.median) == (20, 100)
        assert rate.median > 0
        abstained = report.find(system, "numbers", "abstained")
        assert abstained is not None
        assert abstained.median == 100
    assert "sentences" in ran.out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}\n", "has no lang, kind and text in line 1"),
        ('{"lang": "tlh", "kind": "a", "text": "b"}\n', "has no texts in"),
    ],
)
def test_other_files_are_refused(bench: Bench, tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "texts.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"--data: .*{complaint}"):
        bench("detect", "--data", tmp_path / "texts.jsonl")
