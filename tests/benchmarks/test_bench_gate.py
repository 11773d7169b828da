"""The gate: what passes, what does not, how floors change, and that a damaged model does not get through."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench_runs import Bench

from benchmarks import conditions
from benchmarks.adapters import published_files
from benchmarks.baseline import BASELINE_FILE, Baseline, adjusted, read_baseline
from benchmarks.corpus import load_corpus
from benchmarks.gate import GATE_FOLDER
from benchmarks.results import DataSet, Report
from service.engines.marian import parse_marian
from service.errors import EngineFailure, InvalidInput

REPOSITORY = Path(__file__).resolve().parents[2]
INT8 = 0x4101
RUNS = 10


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Outputs for the shipped texts in both directions: the references."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    for direction, target in {"pt-en": "en", "en-pt": "pt"}.items():
        shutil.copy(GATE_FOLDER / f"sentences.{target}.txt", folder / f"{direction}.txt")
    return folder


def _spoil(outputs: Path) -> None:
    path = outputs / "pt-en.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line[: len(line) // 2]}\n" for line in lines), encoding="utf-8")


def _arguments(outputs: Path, baseline: Path) -> tuple[object, ...]:
    return ("gate", "--system", f"file:{outputs}", "--data", GATE_FOLDER, "--no-speed", "--baseline", baseline)


def test_the_shipped_texts_are_enough_and_aligned() -> None:
    corpus = load_corpus(GATE_FOLDER, ["pt", "en"])
    own = load_corpus(GATE_FOLDER.parent, ["pt", "en"])
    assert len(corpus) >= 60
    for language, lines in corpus.lines.items():
        assert len(set(lines)) == len(lines)
        assert not set(lines) & set(own.lines[language])
    # The floors of the repository are of these lines.
    assert read_baseline(BASELINE_FILE).quality["gate"].sha256 == corpus.data_set.sha256


def test_what_is_below_a_floor_fails_until_it_is_lowered_with_a_reason(
    bench: Bench, outputs: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.json"
    arguments = _arguments(outputs, baseline)
    first = bench(*arguments)
    assert first.code == 0
    assert first.out.count("has no floor yet") == 6
    assert not baseline.exists()
    assert bench(*arguments, "--raise").code == 0
    assert bench(*arguments).out.splitlines()[-1] == "gate: passed"
    _spoil(outputs)
    before = baseline.read_bytes()
    failed = bench(*arguments)
    assert failed.code == 1
    assert "gate, pt-en: chrF" in failed.out
    assert failed.out.count("BELOW THE FLOOR") == 3
    assert failed.out.splitlines()[-1] == "gate: 3 of 6 figures are below their floors"
    # Raising does not lower.
    assert bench(*arguments, "--raise").code == 1
    assert baseline.read_bytes() == before
    assert bench(*arguments, "--lower", "outputs are half as long on purpose").code == 0
    assert bench(*arguments).code == 0
    changed = json.loads(baseline.read_text(encoding="utf-8"))
    entry = changed["history"][-1]
    assert entry["reason"] == "outputs are half as long on purpose"
    assert len(entry["changes"]) == 3
    assert all(change.startswith("gate, pt-en: ") for change in entry["changes"])
    assert changed["quality"]["gate"]["floors"]["en-pt"] == json.loads(before)["quality"]["gate"]["floors"]["en-pt"]


def test_a_slower_run_does_not_lower_the_ratio_without_a_reason() -> None:
    report = Report("gate", conditions.begin(DataSet("gate", 1, "0" * 64), 1), ())
    first = adjusted(Baseline(), [report], {"pt-en": 5.761}, reason="measured", lower=False)
    assert first.speed == {"pt-en": 5.76}
    assert adjusted(first, [report], {"pt-en": 4.51}, reason="measured", lower=False) == first
    faster = adjusted(first, [report], {"pt-en": 6.0}, reason="measured", lower=False)
    assert faster.history[-1].changes == ("pt-en: speed 5.76 -> 6.00",)
    slower = adjusted(first, [report], {"pt-en": 4.51}, reason="beams for all", lower=True)
    assert slower.speed == {"pt-en": 4.51}
    assert (slower.history[-1].reason, slower.history[-1].changes) == ("beams for all", ("pt-en: speed 5.76 -> 4.51",))


def test_floors_of_other_lines_are_not_taken_for_these(bench: Bench, outputs: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    bench(*_arguments(outputs, baseline), "--raise")
    text = baseline.read_text(encoding="utf-8")
    sha256 = json.loads(text)["quality"]["gate"]["sha256"]
    baseline.write_text(text.replace(sha256, "0" * 64), encoding="utf-8")
    with pytest.raises(InvalidInput, match="the lines of gate are not those of the baseline"):
        bench(*_arguments(outputs, baseline))


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [(["--lower", " "], "--lower: say why"), (["--baseline", "README.md"], "README.md is not a baseline")],
)
def test_bad_input_names_its_option(bench: Bench, outputs: Path, extra: list[str], complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        bench("gate", "--system", f"file:{outputs}", "--data", GATE_FOLDER, "--no-speed", *extra)


def test_a_system_that_gives_nothing_has_not_passed(bench: Bench) -> None:
    arguments = ("--system", "libretranslate:http://127.0.0.1:1", "--data", GATE_FOLDER, "--no-speed")
    with pytest.raises(EngineFailure, match=r"gate: .* was not measured"):
        bench("gate", *arguments)


def test_results_are_kept_and_plotted(bench: Bench, outputs: Path, tmp_path: Path) -> None:
    results, page = tmp_path / "results", tmp_path / "page.html"
    with pytest.raises(InvalidInput, match=r"--results: .* has no results"):
        bench("history", "--results", results, "--html", page)
    arguments = (*_arguments(outputs, tmp_path / "baseline.json"), "--record", "--results", results)
    bench(*arguments)
    (path,) = results.iterdir()
    assert path.stat().st_size < 10_000
    assert path.name.endswith("-gate.json")
    later = json.loads(path.read_text(encoding="utf-8"))
    later["conditions"]["date"] = "2099-01-02T03:04:05+00:00"
    (results / "2099.json").write_text(json.dumps(later), encoding="utf-8")
    bench("history", "--results", results, "--html", page)
    html = page.read_text(encoding="utf-8")
    assert "2 results" in html
    assert "2099-01-02" in html
    assert html.count("<svg") == 3
    assert html.count("<polyline") == 6


def test_the_kept_results_can_all_be_plotted(bench: Bench, tmp_path: Path) -> None:
    assert bench("history", "--html", tmp_path / "page.html").code == 0


def _damaged(content: bytes, layer: str, factor: float) -> bytes:
    """A model file in which the weights of one layer are `factor` times what they were.

    A matrix is int8 values and the multiplier that they were multiplied with; dividing that one scales the weights.
    """
    shapes = {name: matrix.values.size for name, matrix in parse_marian(content).quantized.items()}
    damaged = bytearray(content)
    _, count = struct.unpack_from("<2Q", damaged, 0)
    headers = [struct.unpack_from("<4Q", damaged, 16 + 32 * index) for index in range(count)]
    place = 16 + 32 * count
    names = []
    for name_length, *_ in headers:
        names.append(damaged[place : place + name_length].rstrip(b"\0").decode())
        place += name_length
    place += sum(4 * shape for _, _, shape, _ in headers)
    place += 8 + struct.unpack_from("<Q", damaged, place)[0]
    scaled = 0
    for name, (_, kind, _, length) in zip(names, headers, strict=True):
        if kind == INT8 and name.startswith(f"{layer}_") and not name.endswith("QuantMultA"):
            at = place + shapes[name]
            struct.pack_into("<f", damaged, at, np.float32(struct.unpack_from("<f", damaged, at)[0] / factor))
            scaled += 1
        place += length
    assert scaled >= 6
    return bytes(damaged)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANCHETE_")}
    return kept | {"MANCHETE_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}


def _manchete(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(command, env=_environment(home), capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("direction", "layer"), [("pt-en", "encoder_l2"), ("en-pt", "encoder_l3"), ("en-pt", "decoder_l2")]
)
def test_a_model_with_one_damaged_layer_does_not_pass(
    direction: str, layer: str, prepared_home: Path, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "damaged"
    shutil.copytree(prepared_home, home)
    folder.mkdir()
    model, vocabulary, shortlist = published_files(direction)
    (folder / "model.bin").write_bytes(_damaged(model.read_bytes(), layer, 1.3))
    shutil.copy(vocabulary, folder / "vocab.spm")
    shutil.copy(shortlist, folder / "lex.bin")
    pulled = _manchete(home, "models", "pull", direction, "--source", str(folder))
    assert pulled.returncode == 0, pulled.stderr
    gate = ("bench", "gate", "--direction", direction, "--data", str(GATE_FOLDER), "--no-speed")
    damaged = _manchete(home, *gate, "--system", "manchete-1:model=local-damaged")
    assert damaged.returncode == 1, damaged.stdout + damaged.stderr
    assert "BELOW THE FLOOR" in damaged.stdout
    # The same model without the damage passes, from the same store.
    passed = _manchete(home, *gate, "--system", f"manchete-1:model=firefox-tiny-{direction}")
    assert passed.returncode == 0, passed.stdout + passed.stderr


@pytest.mark.slow
def test_unchanged_models_pass_ten_times_out_of_ten(prepared_home: Path) -> None:
    gate = ("bench", "gate", "--data", str(GATE_FOLDER), "--no-speed")
    told = set()
    for _ in range(RUNS):
        run = _manchete(prepared_home, *gate)
        assert run.returncode == 0, run.stdout + run.stderr
        told.add(run.stdout)
    assert len(told) == 1


@pytest.mark.slow
def test_speed_is_told_and_never_fails(prepared_home: Path, tmp_path: Path) -> None:
    pytest.importorskip("fxtranslate", reason="the peer fxtranslate is not installed (extra: bench)")
    baseline = json.loads(BASELINE_FILE.read_text(encoding="utf-8"))
    baseline["speed"] = {"pt-en": 1e6}
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(baseline), encoding="utf-8")
    arguments = ("bench", "gate", "--direction", "pt-en", "--data", str(GATE_FOLDER), "--baseline", str(path))
    run = _manchete(prepared_home, *arguments)
    assert run.returncode == 0, run.stderr
    assert "times the speed of fxtranslate, 1000000.00 in the baseline (not enforced)" in run.stdout
