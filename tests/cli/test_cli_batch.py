"""`manchete batch`: a result for every record, in its place, also after the process was killed."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

Manchete = Callable[..., "subprocess.CompletedProcess[bytes]"]

SENTENCE = "A ponte número {} foi aberta ontem pela prefeitura depois de dois anos de obras."


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _write(path: Path, records: list[object]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    return path


def _many(path: Path, count: int) -> Path:
    return _write(path, [{"id": number, "text": SENTENCE.format(number)} for number in range(count)])


BAD = {
    b"no json": "the line is not JSON: Expecting value at character 1",
    b"": "the line is empty",
    b"[1]": "the line is JSON but not an object",
    b'{"id": 1}': "text: is missing",
    b'{"text": " "}': "text: must not be empty",
    b'{"text": 5}': "text: must be text, not a number",
    b'{"text": "a", "text": "b"}': "text: is given twice",
    b'{"text": "a\\u0000b"}': "text: must not contain NUL characters, found one at 1",
    b'{"text": "a\\ud800"}': "the line holds half a surrogate pair, which is no character",
    b'{"text": "\xff"}': "the line is not valid UTF-8 at byte 10",
    b'{"text": "a", "n": 1e999}': "the number 1e999 is out of range",
    b'{"text": "a", "n": NaN}': "NaN is not JSON",
    b'{"text": "Bom dia a todos.", "source": "xx9"}': "source: xx9 is not supported",
    b'{"text": "Bom dia a todos.", "title": []}': "title: must be text, not a list",
    b'{"text": "' + b"0123456789 " * 5 + b'"}': "text: 55 characters are over the limit of 50",
    b"[" * 100_000: "the line is nested too deeply",
}


def test_what_is_wrong_with_a_record_is_told_in_its_place(manchete_here: Manchete, tmp_path: Path) -> None:
    good = json.dumps({"text": "O rio subiu dois metros.", "source": "pt"}).encode()
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"\n".join([*BAD, good]))
    done = manchete_here("batch", "--in", str(source), "--out", str(out), MANCHETE_CHAR_LIMIT="50")
    assert done.returncode == 1
    results = _lines(out)
    assert [one["error"] for one in results] == [*BAD.values(), None]
    assert results[-1]["translated_text"] == "The river rose two meters."
    for number, reason in enumerate(BAD.values(), start=1):
        assert f"record {number}: {reason}" in done.stderr.decode()
    assert b"17 records, 16 with errors" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_columns_are_kept_and_titles_and_summaries_added(manchete_here: Manchete, tmp_path: Path) -> None:
    record = {
        "id": "a7",
        "body": "O rio subiu dois metros. Ninguém se feriu. A prefeitura abriu três abrigos.",
        "title": "O rio subiu",
        "tags": ["x", {"y": None}],
        "summary": "theirs",
        "error": 3,
    }
    source, out = _write(tmp_path / "in.jsonl", [record]), tmp_path / "out.jsonl"
    done = manchete_here("batch", "--in", str(source), "--out", str(out), "--text-field", "body", "--sentences", "1")
    assert done.returncode == 0, done.stderr
    (result,) = _lines(out)
    kept = {name: value for name, value in record.items() if name not in ("summary", "error")}
    assert {name: result[name] for name in kept} == kept
    assert (result["input_summary"], result["input_error"]) == ("theirs", 3)
    assert result["detected_language"] == "pt"
    assert result["translated_title"] == "The river rose"
    assert result["translated_text"].startswith("The river rose two meters.")
    assert result["summary"] in result["translated_text"]
    assert result["summary"]
    assert (result["warnings"], result["error"]) == ([], None)


def test_csv_with_line_ends_in_fields_and_rows_that_do_not_fit(manchete_here: Manchete, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(
        b'\xef\xbb\xbfid;text;note\r\n1;"O rio subiu\ndois metros.";"a;""b"""\r\n2;so\r\n\r\n3;"\xff";x\r\n'
        b"4;A ponte caiu ontem.;fim"
    )
    done = manchete_here("batch", "--in", str(source), "--out", str(out), "--from", "pt", "--summary")
    assert done.returncode == 1
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [row["id"] for row in rows] == ["1", "", "", "", "4"]
    assert rows[0]["text"] == "O rio subiu\ndois metros."
    assert rows[0]["note"] == 'a;"b"'
    assert [row["error"] for row in rows] == [
        "",
        "the row has 2 fields, the header 3",
        "the line is empty",
        "the row is not valid UTF-8",
        "",
    ]
    assert "bridge" in rows[4]["translated_text"]


def test_parquet_keeps_the_types_of_its_columns(manchete_here: Manchete, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    when = datetime(2026, 3, 2, 8, 10, tzinfo=UTC)
    rows = [{"text": SENTENCE.format(n), "when": when, "raw": b"\x00\xff", "n": 2**40 + n} for n in range(5)]
    rows.append({"text": None, "when": None, "raw": None, "n": None})
    source, out, lines = tmp_path / "in.parquet", tmp_path / "out.parquet", tmp_path / "out.jsonl"
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(table, source, row_group_size=2)
    assert manchete_here("batch", "--in", str(source), "--out", str(out)).returncode == 1
    made = parquet.read_table(out)
    assert [made.schema.field(name) for name in table.schema.names] == list(table.schema)
    assert made.select(table.schema.names).to_pylist() == rows
    assert made["error"].to_pylist() == [None] * 5 + ["text: must not be empty"]
    assert made["translated_text"].to_pylist()[1].startswith("Bridge number 1 ")
    assert manchete_here("batch", "--in", str(source), "--out", str(lines)).returncode == 1
    assert _lines(lines)[0]["when"] == "2026-03-02T08:10:00+00:00"
    assert manchete_here("batch", "--in", str(lines), "--out", str(tmp_path / "again.parquet")).returncode == 1
    again = parquet.read_table(tmp_path / "again.parquet")
    assert again["n"].to_pylist() == [row["n"] for row in rows]


def _start(environment: dict[str, str], source: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", "batch", "--in", str(source), "--out", str(out), "--from", "pt"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def _killed_until_done(environment: dict[str, str], source: Path, out: Path, kills: int) -> None:
    """Start the command again and again; kill it `kills` times at random moments, and let the last run end."""
    chance = random.Random(5)
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    for _ in range(kills):
        before = checkpoint.read_bytes() if checkpoint.exists() else b""
        process = _start(environment, source, out)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            # Only after a portion was written is there anything to lose or to repeat.
            if checkpoint.exists() and checkpoint.read_bytes() != before:
                break
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed: give it more to do"
        part = out.with_name(f"{out.name}.part")
        if part.exists():
            # As if the kill had come in the middle of a write.
            with part.open("ab") as stream:
                stream.write(b'{"id": 0, "te')
    last = _start(environment, source, out)
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told


def test_a_killed_run_goes_on_and_nothing_is_lost_or_repeated(
    environment: dict[str, str], manchete: Manchete, tmp_path: Path
) -> None:
    source = _many(tmp_path / "in.jsonl", 1200)
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert manchete("batch", "--in", str(source), "--out", str(whole), "--from", "pt").returncode == 0
    _killed_until_done(environment, source, out, kills=2)
    assert out.read_bytes() == whole.read_bytes()
    assert [one["id"] for one in _lines(out)] == list(range(1200))
    assert not list(tmp_path.glob("out.jsonl.*"))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_many_kills_change_nothing(
    environment: dict[str, str], manchete: Manchete, tmp_path: Path, suffix: str
) -> None:
    pytest.importorskip("pyarrow")
    kills = 20 if suffix == ".jsonl" else 6
    lines = _many(tmp_path / "lines.jsonl", 500 * kills)
    source = tmp_path / f"in{suffix}"
    if suffix == ".jsonl":
        source = lines
    elif suffix == ".csv":
        text = "".join(f'{one["id"]},"{one["text"]}\nfim"\n' for one in _lines(lines))
        source.write_text(f"id,text\n{text}", encoding="utf-8")
    else:
        parquet, json_reader = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow.json")
        parquet.write_table(json_reader.read_json(lines), source, row_group_size=500)
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    assert manchete("batch", "--in", str(source), "--out", str(whole), "--from", "pt").returncode == 0
    _killed_until_done(environment, source, out, kills=kills)
    assert out.read_bytes() == whole.read_bytes()


def test_a_run_of_another_job_is_not_gone_on_with(manchete_here: Manchete, tmp_path: Path) -> None:
    source, out = _many(tmp_path / "in.jsonl", 3), tmp_path / "out.jsonl"
    checkpoint, part = tmp_path / "out.jsonl.checkpoint", tmp_path / "out.jsonl.part"
    arguments = ("batch", "--in", str(source), "--out", str(out), "--from", "pt")
    assert manchete_here(*arguments).returncode == 0
    assert b"--out: out.jsonl exists already; --overwrite replaces it" in manchete_here(*arguments).stderr
    checkpoint.write_text("{", encoding="utf-8")
    refused = manchete_here(*arguments)
    assert refused.returncode == 2
    assert b"out.jsonl.checkpoint cannot be read; --overwrite starts anew" in refused.stderr
    checkpoint.write_text(
        json.dumps({"version": 1, "job": {"--in": [], "task": {}}, "state": {"records": 1}}), encoding="utf-8"
    )
    part.write_bytes(b"kept")
    assert b"is of a run with another --in and task" in manchete_here(*arguments).stderr
    assert part.read_bytes() == b"kept"
    again = manchete_here(*arguments, "--overwrite")
    assert again.returncode == 0
    assert len(_lines(out)) == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--in", "none.jsonl", "--out", "out.jsonl"], "--in: none.jsonl is not a file"),
        (["--in", "in.txt", "--out", "out.jsonl"], "--in: in.txt must end in one of .jsonl, .ndjson, .csv"),
        (["--in", "in.jsonl", "--out", "out.xml"], "--out: out.xml must end in one of"),
        (["--in", "in.jsonl", "--out", "no/out.csv"], "--out: the folder of no/out.csv does not exist"),
        (["--in", "in.jsonl", "--out", "in.jsonl"], "--out: is the input itself"),
        (["--in", "in.jsonl", "--out", "out.jsonl", "--to", "ja"], "--to: any language to ja is not supported"),
        (["--in", "in.jsonl", "--out", "out.jsonl", "--from", "ja"], "--to: ja to en is not supported"),
        (["--in", "in.jsonl", "--out", "out.jsonl", "--to", "zz9"], "--to: zz9 is not supported"),
        (["--in", "bad.parquet", "--out", "out.jsonl"], "--in: the file cannot be read as Parquet"),
        (["--in", "twice.csv", "--out", "out.jsonl"], "--in: the header names the column 'text' twice"),
        (["--in", "empty.csv", "--out", "out.jsonl"], "--in: the file has no header"),
        (
            ["--in", "in.jsonl", "--out", "o.jsonl", "--sentences", "1", "--words", "20"],
            "give one of the two, not both",
        ),
    ],
)
def test_bad_arguments(
    manchete_here: Manchete,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    _many(tmp_path / "in.jsonl", 1)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "twice.csv").write_text("text,text\na,b\n", encoding="utf-8")
    (tmp_path / "empty.csv").touch()
    done = manchete_here("batch", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
    assert done.stdout == b""
    assert not (tmp_path / "out.jsonl").exists()


def test_an_empty_file_gives_an_empty_file(manchete_here: Manchete, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").touch()
    done = manchete_here("batch", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    assert done.returncode == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def _peak_bytes(environment: dict[str, str], source: Path, out: Path) -> int:
    process = _start(environment, source, out)
    assert process.stderr is not None
    process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is told in other units elsewhere")
def test_memory_does_not_grow_with_the_file(environment: dict[str, str], tmp_path: Path) -> None:
    few, many = tmp_path / "few.jsonl", tmp_path / "many.jsonl"
    # Texts in the target language cost no translation, but all the rest.
    for path, count in ((few, 5_000), (many, 100_000)):
        _write(path, [{"id": n, "text": f"Road {n} was closed.", "source": "en"} for n in range(count)])
    small = _peak_bytes(environment, few, tmp_path / "few.out.jsonl")
    large = _peak_bytes(environment, many, tmp_path / "many.out.jsonl")
    assert len(_lines(tmp_path / "many.out.jsonl")) == 100_000
    assert large < small + 48 * 2**20


def test_a_line_without_end_is_refused_and_not_kept(manchete_here: Manchete, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b'{"text": "' + b"a" * 6_000_000 + b'"}\n{"text": "Bom dia a todos.", "source": "pt"}\n')
    assert manchete_here("batch", "--in", str(source), "--out", str(out), MANCHETE_CHAR_LIMIT="100").returncode == 1
    first, second = _lines(out)
    assert first["error"].startswith("the line has more than ")
    assert second["error"] is None
