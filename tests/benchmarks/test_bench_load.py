"""Closed-loop clients against real HTTP servers on this machine: a small one whose answers are known, and our own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import pytest

from benchmarks.clients import Clients, Tally
from benchmarks.corpus import OWN_FOLDER, load_corpus
from benchmarks.load import LoadPlan, measure_load
from benchmarks.progress import Progress
from benchmarks.scrape import Change, Scrape, scrape
from service.batching import BatchReport
from service.errors import InvalidInput, MissingExtra
from service.metrics import Metrics

REPOSITORY = Path(__file__).resolve().parents[2]
PAUSE = 0.02


class _Translator(BaseHTTPRequestHandler):
    """Takes `PAUSE` seconds a request; refuses the text `busy` with status 429, and redirects `moved`."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        time.sleep(PAUSE)
        status = {"busy": 429, "moved": 302}.get(str(body["q"]), 200)
        self._answer(status, json.dumps({"translatedText": body["q"]}))

    def do_GET(self) -> None:
        self._answer(404, "{}")

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def _answer(self, status: int, text: str) -> None:
        # One write: headers and body apart would wait for each other (Nagle's algorithm, delayed acknowledgement).
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n"
        head += "location: /elsewhere\r\n\r\n" if status == 302 else "\r\n"
        self.wfile.write((head + text).encode())


@contextmanager
def _translator() -> Iterator[tuple[str, list[dict[str, object]]]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Translator) as server:
        server.bodies = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.bodies  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def test_each_client_has_one_sentence_under_way() -> None:
    async def run(url: str) -> Tally:
        async with aiohttp.ClientSession(f"{url}/") as http:
            return await Clients(http, "pt-en").run(4, ["um dois", "três"], 0.5)

    with _translator() as (url, bodies):
        tally = asyncio.run(run(url))
    assert {"q": "um dois", "source": "pt", "target": "en"} in bodies
    assert not tally.errors
    assert min(tally.latencies) >= PAUSE
    # Four clients cannot have had more answers than four times what one can get, nor fewer than one of them.
    assert 0 < len(tally.latencies) <= 4 * (0.5 / PAUSE + 1)
    assert len(tally.latencies) <= tally.words <= 2 * len(tally.latencies)


def test_refusals_are_counted_by_status_and_are_no_throughput() -> None:
    async def run(url: str) -> Tally:
        async with aiohttp.ClientSession(f"{url}/") as http:
            return await Clients(http, "pt-en").run(2, ["busy"], 2.0)

    with _translator() as (url, _):
        tally = asyncio.run(run(url))
    assert (tally.words, tally.latencies) == (0, [])
    assert tally.errors.keys() == {"429"}
    # A refused client waits before it comes again.
    assert tally.errors["429"] <= 6


def test_bulk_is_sent_in_lists_and_measured_apart_from_the_one_who_waits() -> None:
    async def run(url: str) -> tuple[Tally, Tally]:
        async with aiohttp.ClientSession(f"{url}/") as http:
            bulk = [f"frase {number}" for number in range(25)]
            return await Clients(http, "pt-en").run_beside_bulk(["uma só"], bulk, 10, 30.0)

    with _translator() as (url, bodies):
        single, many = asyncio.run(run(url))
    lists = [body["q"] for body in bodies if isinstance(body["q"], list)]
    assert [len(part) for part in lists] == [10, 10, 5]
    assert many.words == 50
    assert single.latencies
    assert not single.errors
    assert not many.errors


def test_a_server_of_another_kind_is_measured_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    plan = LoadPlan("pt-en", load_corpus(OWN_FOLDER, ("pt", "en")), "", clients=3, seconds=0.5, bulk=60)
    with _translator() as (url, _):
        report = measure_load(replace(plan, url=url), Progress(plan.steps))
    found = {(figure.system, figure.metric): figure for figure in report.figures}
    assert {system for system, _ in found} == {"1 client", "3 clients", "1 client beside bulk", "bulk"}
    assert found["1 client", "latency_p50"].median >= 1000 * PAUSE
    assert found["3 clients", "requests"].median > 0
    assert found["bulk", "requests"].median == 2
    assert ("1 client", "batch_rows") not in found
    assert "no /metrics" in report.conditions.notes[0]
    assert "3 clients" in capsys.readouterr().err


def test_without_the_library_of_the_clients_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"manchete\[bench\]"):
        measure_load(LoadPlan("pt-en", load_corpus(OWN_FOLDER, ("pt", "en")), "http://127.0.0.1:1"), Progress(9))


def test_a_redirect_is_an_error_and_not_followed() -> None:
    async def run(url: str) -> Tally:
        async with aiohttp.ClientSession(f"{url}/") as http:
            return await Clients(http, "pt-en").translate("moved")

    with _translator() as (url, bodies):
        tally = asyncio.run(run(url))
    assert tally.errors == {"302": 1}
    assert len(bodies) == 1


def test_a_server_that_refuses_everything_is_an_error_at_once() -> None:
    corpus = load_corpus(OWN_FOLDER, ("pt", "en"))
    busy = type(corpus)("busy", {"pt": ("busy",), "en": ("busy",)})
    with _translator() as (url, _), pytest.raises(InvalidInput, match="does not translate pt-en: 429"):
        measure_load(LoadPlan("pt-en", busy, url), Progress(9))


def test_batches_are_read_off_our_own_metrics() -> None:
    metrics = Metrics()
    before = Scrape.parse(metrics.exposition().decode())
    for rows in (4, 8):
        metrics.batch_finished(BatchReport("m", rows, 30, 40, (0.1,) * rows, 0.3, 0.01, 0.1 * rows))
    metrics.recalled(3, 7)
    change = Change(before, Scrape.parse(metrics.exposition().decode()))
    assert change.mean("manchete_batch_rows") == 6
    assert change.mean("manchete_infer_seconds") == pytest.approx(0.6)
    assert change.count("manchete_memory_lookups_total", result="hit") == 3
    assert change.count("manchete_memory_lookups_total") == 10
    assert change.mean("manchete_request_seconds") is None


def test_no_metrics_are_no_obstacle() -> None:
    async def run(url: str) -> Scrape | None:
        async with aiohttp.ClientSession(f"{url}/") as http:
            return await scrape(http)

    with _translator() as (url, _):
        assert asyncio.run(run(url)) is None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are found through /proc")
def test_a_server_of_our_own_does_not_outlive_an_interrupted_run(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "benchmarks.cli", "load", "--spawn", "--seconds", "60"]
    environment = {**os.environ, "MANCHETE_HOME": str(tmp_path)}
    with subprocess.Popen(arguments, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "1 client" in line:
                break
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert len(children) == 1
    assert not Path("/proc", *children).exists()


@pytest.mark.slow
def test_a_server_of_our_own_under_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANCHETE_HOME", str(tmp_path))
    plan = LoadPlan("pt-en", load_corpus(OWN_FOLDER, ("pt", "en")), None, clients=8, seconds=2.0, bulk=120)
    report = measure_load(plan, Progress(plan.steps))
    found = {(figure.system, figure.metric): figure for figure in report.figures}
    for row in ("1 client", "8 clients", "1 client beside bulk", "bulk"):
        assert found[row, "errors"].median == 0, found[row, "errors"].details
        assert found[row, "words_per_second"].median > 0
    assert found["8 clients", "words_per_second"].ratio is not None
    assert found["8 clients", "batch_rows"].median >= 1
    assert found["bulk", "batch_rows"].median > found["1 client", "batch_rows"].median
    assert found["1 client beside bulk", "latency_p99_limit"].median > found["1 client", "latency_p50"].median
    assert found["offline", "words_per_second"].details.keys() == {"before", "after"}
