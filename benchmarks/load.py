"""`manchete bench load`: what a running server does under closed-loop clients, beside the same work done offline.

The rows of the result are phases: `offline` (the service in one process on the server's cores, without HTTP),
`1 client` (idle latency), `N clients`, and with bulk work `1 client beside bulk` and `bulk`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks import conditions
from benchmarks.addresses import is_http_address
from benchmarks.bench import MEBIBYTE, WARM_LINES
from benchmarks.clients import Clients, Tally, distinct
from benchmarks.corpus import Corpus, words
from benchmarks.processes import Worker
from benchmarks.progress import Progress
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Report
from benchmarks.scrape import Change, scrape
from benchmarks.spawned import SpawnedServer, spawned_server
from benchmarks.stats import percentile
from service.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    import aiohttp

OFFLINE: Final = "offline"
BULK: Final = "bulk"
IDLE: Final = "1 client"
BESIDE: Final = "1 client beside bulk"
IDLE_SECONDS: Final = 5.0
BULK_SECONDS: Final = 300.0
# What a server that does not tell its limit is given at once.
CHUNK: Final = 50
# The target: beside bulk work the slowest sentences take at most so many times the idle median, and one batch.
P99_FACTOR: Final = 5.0
_ANSWER_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to do to which server. `url` None means a server of our own, on `server_cores` cores."""

    direction: str
    corpus: Corpus
    url: str | None
    clients: int = 32
    seconds: float = 20.0
    bulk: int = 0
    server_cores: int | None = None
    api_key: str | None = field(default=None, repr=False)

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return 2 + (3 if self.url is None else 0) + (1 if self.bulk else 0)

    @property
    def sources(self) -> Sequence[str]:
        """The sentences to send."""
        return self.corpus.lines[self.direction.partition("-")[0]]


def measure_load(plan: LoadPlan, progress: Progress) -> Report:
    """Run the plan.

    Raises MissingExtra, InvalidInput for an address where nothing answers, SystemFailed for a server of our own.
    """
    if importlib.util.find_spec("aiohttp") is None:
        raise MissingExtra("the clients of bench load", extra="bench")
    run = _Run(plan, progress)
    if plan.url is None:
        run.against_own_server()
    else:
        run.against(_checked(plan.url))
    return run.report()


class _Run:
    def __init__(self, plan: LoadPlan, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._conditions = conditions.begin(plan.corpus.data_set, 1)
        self._recorder = Recorder(OFFLINE)
        self._cores: dict[str, tuple[int, ...]] = {}
        self._notes: list[str] = []

    def against_own_server(self) -> None:
        """Start a server, and measure the same cores without it before and after."""
        usable = conditions.usable_cores()
        count = self._plan.server_cores or max(1, len(usable) - 1)
        cores = conditions.cores_for(count)
        if cores is None:
            raise InvalidInput(
                f"--server-cores: {count} asked for; this process may use {len(usable)}", field="--server-cores"
            )
        others = tuple(core for core in usable if core not in cores) or usable
        self._cores = {"server": cores, "clients": others}
        if set(others) & set(cores):
            self._notes.append("the clients ran on the server's cores and took time from it")
        rates = {"before": self._offline(cores)}
        self._progress.step("starting the server")
        with ExitStack() as stack:
            server = stack.enter_context(spawned_server(cores, count))
            stack.enter_context(conditions.pinned(others))
            self.against(server.url)
            self._memory(server)
        rates["after"] = self._offline(cores)
        key = Key(OFFLINE, self._plan.direction, "words_per_second")
        self._recorder.add(key, median(rates.values()), lines=len(self._plan.corpus), details=rates)

    def against(self, url: str) -> None:
        """Measure the server at `url`."""
        asyncio.run(self._phases(url))

    def report(self) -> Report:
        """What was measured, under which conditions."""
        ended = replace(
            self._conditions,
            cores=self._cores if conditions.can_pin() else {},
            load_average_after=conditions.load_average(),
            notes=tuple(self._notes),
        )
        return Report("load", ended, self._recorder.figures())

    async def _phases(self, url: str) -> None:
        import aiohttp

        plan = self._plan
        # Not httpx, which takes four times the processor time a request: a generator of load that is busy itself hands
        # its requests over one by one, and the server is woken for each. Proxies of the environment are not used.
        async with aiohttp.ClientSession(
            f"{url.rstrip('/')}/",
            headers={"authorization": f"Bearer {plan.api_key}"} if plan.api_key else {},
            timeout=aiohttp.ClientTimeout(_ANSWER_SECONDS),
            connector=aiohttp.TCPConnector(limit=plan.clients + 2),
        ) as http:
            clients = Clients(http, plan.direction)
            await self._check(clients, url)
            self._progress.step("1 client")
            idle = await self._interactive(http, clients, 1, min(IDLE_SECONDS, plan.seconds))
            self._progress.step(f"{plan.clients} clients")
            if plan.clients > 1:
                await self._interactive(http, clients, plan.clients, plan.seconds)
            if plan.bulk:
                self._progress.step(f"1 client beside {plan.bulk} sentences")
                await self._beside_bulk(http, clients, idle)

    async def _check(self, clients: Clients, url: str) -> None:
        first = await clients.translate(self._plan.sources[0])
        if first.errors:
            (what,) = first.errors
            raise InvalidInput(f"--url: {url} does not translate {self._plan.direction}: {what}", field="--url")

    async def _interactive(self, http: aiohttp.ClientSession, clients: Clients, count: int, seconds: float) -> Tally:
        """`count` clients; figures go to the row of that name."""
        row = IDLE if count == 1 else f"{count} clients"
        before, processor, started = await scrape(http), time.process_time(), time.monotonic()
        tally = await clients.run(count, self._plan.sources, seconds)
        used = (time.process_time() - processor) / (time.monotonic() - started)
        after = await scrape(http)
        self._record(row, tally)
        self._add(row, "client_cpu", used)
        if before is not None and after is not None:
            self._from_metrics(row, Change(before, after))
        elif count == 1:
            self._notes.append("the server has no /metrics: nothing is known of its batches")
        return tally

    async def _beside_bulk(self, http: aiohttp.ClientSession, clients: Clients, idle: Tally) -> None:
        texts = distinct(self._plan.sources, self._plan.bulk)
        before = await scrape(http)
        single, many = await clients.run_beside_bulk(self._plan.sources, texts, await _chunk(http), BULK_SECONDS)
        after = await scrape(http)
        self._record(BESIDE, single)
        self._record(BULK, many, latencies=False)
        if before is None or after is None:
            return
        change = Change(before, after)
        self._from_metrics(BULK, change)
        batch = change.mean("manchete_infer_seconds")
        if batch is not None and idle.latencies:
            limit = 1000 * (P99_FACTOR * median(idle.latencies) + batch)
            self._add(BESIDE, "latency_p99_limit", limit)

    def _record(self, row: str, tally: Tally, *, latencies: bool = True) -> None:
        self._add(row, "words_per_second", tally.words / tally.seconds)
        self._add(row, "requests", len(tally.latencies))
        self._add(row, "errors", tally.errors.total(), dict(tally.errors))
        if latencies and tally.latencies:
            for percent in (50, 95, 99):
                self._add(row, f"latency_p{percent}", 1000 * percentile(tally.latencies, percent))

    def _from_metrics(self, row: str, change: Change) -> None:
        rows, infer = change.mean("manchete_batch_rows"), change.mean("manchete_infer_seconds")
        if rows is not None and infer is not None:
            self._add(row, "batch_rows", rows)
            self._add(row, "batch_infer", 1000 * infer)
        recalled = change.count("manchete_memory_lookups_total", result="hit")
        joined = change.count("manchete_coalesced_segments_total")
        if recalled or joined:
            self._add(row, "recalled", recalled + joined)
            self._notes.append(f"{row}: {recalled + joined:g} sentences were not computed but remembered or shared")

    def _offline(self, cores: Sequence[int]) -> float:
        """Source words a second of the service in one process, without HTTP."""
        self._progress.step("offline")
        system = f"manchete-{len(cores)}"
        with Worker(system, cores) as worker:
            worker.ask("open", direction=self._plan.direction)
            worker.ask("batch", direction=self._plan.direction, lines=self._plan.sources[:WARM_LINES])
            seconds = worker.ask("batch", direction=self._plan.direction, lines=self._plan.sources)["seconds"]
        return words(self._plan.sources) / float(seconds)

    def _memory(self, server: SpawnedServer) -> None:
        resident = conditions.resident_bytes(server.pid)
        if resident is not None:
            self._add("server", "resident", resident / MEBIBYTE)

    def _add(self, row: str, metric: str, value: float, details: dict[str, float] | None = None) -> None:
        key = Key(row, self._plan.direction, metric)
        self._recorder.add(key, value, lines=len(self._plan.corpus), details=details)


async def _chunk(http: aiohttp.ClientSession) -> int:
    """How many texts the server takes in one request."""
    import aiohttp

    try:
        async with http.get("info", allow_redirects=False) as response:
            return int((await response.json())["limits"]["max_client_batch_size"])
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return CHUNK


def _checked(url: str) -> str:
    if not is_http_address(url):
        raise InvalidInput(f"--url: {url[:80]} is not an address such as http://127.0.0.1:8000", field="--url")
    return url
