"""`manchete bench feeds`: feeds and `manchete batch` beside the engine by itself, on the same invented articles.

The rows of the result are `engine` (segments ready split and sorted by length), `batch` (the Portuguese articles as
JSON lines), `feeds` (a first run, from addresses to summaries in SQLite, with teasers and feeds that moved), `feeds,
again` (a second run, with nothing new) and `bad feeds` (a third one, with feeds that are slow, broken, too large and so
on). Engine, batch and feeds have a process each, on the same cores.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from benchmarks import conditions
from benchmarks.adapters import model_name
from benchmarks.batch import DIRECTION, Article, write_records
from benchmarks.bench import MEBIBYTE
from benchmarks.feed_news import Outlet, outlets, story_outlets
from benchmarks.feed_site import SLOW_SECONDS, USELESS_PAGES, Addresses, served
from benchmarks.processes import SystemFailed, Worker
from benchmarks.progress import Progress
from benchmarks.recorder import Key, Recorder
from benchmarks.results import DataSet, Report
from service.errors import InvalidInput, MissingExtra

ENGINE: Final = "engine"
BATCH: Final = "batch"
FEEDS: Final = "feeds"
AGAIN: Final = "feeds, again"
BAD: Final = "bad feeds"
ITEMS: Final = 300
ROUNDS: Final = 2
_HOW: Final = {
    ENGINE: "the sentences of the Portuguese articles, split and sorted before",
    BATCH: "the Portuguese articles as JSON lines, titles and texts; without summaries",
    FEEDS: "all articles over HTTP, in RSS, Atom and JSON Feed; translated, summarized and stored",
}


@dataclass(frozen=True)
class FeedsPlan:
    """So many invented articles, and beside them the labelled set of stories; on so many threads, each with a core."""

    items: int = ITEMS
    rounds: int = ROUNDS
    threads: int = 1
    core: int | None = None

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return 1 + 5 * self.rounds

    @cached_property
    def outlets(self) -> tuple[Outlet, ...]:
        """The feeds that are good."""
        return (*outlets(self.items), *story_outlets())

    @property
    def translated(self) -> list[Article]:
        """The articles that are not in English."""
        return [
            Article(one.title, one.text) for outlet in self.outlets if outlet.language == "pt" for one in outlet.news
        ]

    @property
    def data_set(self) -> DataSet:
        """All articles."""
        digest, count = hashlib.sha256(), 0
        for outlet in self.outlets:
            for one in outlet.news:
                digest.update(f"{outlet.language}\n{one.title}\n{one.text}\n".encode())
                count += 1
        return DataSet("invented news", count, digest.hexdigest())


def feeds_are_installed() -> bool:
    """Whether the libraries of the extra `feeds` are here."""
    import importlib.util

    return all(importlib.util.find_spec(name) for name in ("feedparser", "nh3", "sqlalchemy", "trafilatura"))


def measure_feeds(plan: FeedsPlan, progress: Progress) -> Report:
    """Run the plan; raises MissingExtra, InvalidInput for cores that are not here, SystemFailed."""
    if not feeds_are_installed():
        raise MissingExtra("bench feeds", extra="feeds")
    cores = conditions.cores_for(plan.threads, plan.core)
    if cores is None:
        raise InvalidInput(
            f"--threads: {plan.threads} asked for; this process may use {len(conditions.usable_cores())} cores",
            field="--threads",
        )
    return _Run(plan, progress, cores).report()


class _Run:
    def __init__(self, plan: FeedsPlan, progress: Progress, cores: tuple[int, ...]) -> None:
        self._plan = plan
        self._progress = progress
        self._cores = cores
        self._conditions = conditions.begin(plan.data_set, plan.rounds)
        self._recorder = Recorder(ENGINE)
        self._articles = plan.translated
        usable = conditions.usable_cores()
        self._others = tuple(core for core in usable if core not in cores) or usable

    def report(self) -> Report:
        """Measure, and say under which conditions."""
        self._progress.step("starting")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            site = stack.enter_context(served(self._plan.items, self._others))
            workers = {name: stack.enter_context(self._worker(name)) for name in (ENGINE, BATCH, FEEDS)}
            write_records(folder / "articles.jsonl", self._articles)
            for number in range(1, self._plan.rounds + 1):
                self._engine(workers[ENGINE], number)
                self._batch(workers[BATCH], folder, number)
                self._feeds(workers[FEEDS], site, folder, number)
            for name, worker in workers.items():
                self._recorder.model(name, DIRECTION, model_name(DIRECTION))
                peak = worker.ask("memory")["peak"]
                if peak is not None:
                    self._add(name, "peak", peak / MEBIBYTE)
        shared = set(self._others) & set(self._cores)
        notes = [
            "words are those that are translated; feeds also have articles in English, which are detected, summarized "
            "and stored",
            "bad feeds are slow, gone, forbidden, busy, too large, broken off, no feeds, or lead inside; they take "
            "mostly waiting: for the slow one, and before another try of the broken one",
            "the seconds of stages that are in work side by side are added up",
            *(["the feeds' server ran on the same cores and took time from them"] if shared else []),
        ]
        ended = replace(
            self._conditions,
            cores=dict.fromkeys(_HOW, self._cores) if conditions.can_pin() else {},
            load_average_after=conditions.load_average(),
            batching=_HOW,
            notes=tuple(notes),
        )
        return Report("feeds", ended, self._recorder.figures())

    def _worker(self, name: str) -> Worker:
        environment = {
            "MANCHETE_THREADS": str(self._plan.threads),
            # The same texts come again in every round.
            "MANCHETE_TRANSLATION_MEMORY_MB": "0",
            "MANCHETE_FEEDS_ALLOW_PRIVATE": "127.0.0.0/8",
            "MANCHETE_FEEDS_HOST_PAUSE_SECONDS": "0",
            "MANCHETE_FEEDS_TIMEOUT_SECONDS": str(SLOW_SECONDS / 2),
        }
        return Worker(name, self._cores, module="benchmarks.feeds_worker", environment=environment)

    def _engine(self, worker: Worker, number: int) -> None:
        self._progress.step(f"round {number}: {ENGINE}")
        answer = worker.ask("translate", texts=[text for one in self._articles for text in (one.title, one.text)])
        self._words = answer["words"]
        self._rates(ENGINE, answer, answer["words"])

    def _batch(self, worker: Worker, folder: Path, number: int) -> None:
        self._progress.step(f"round {number}: {BATCH}")
        answer = worker.ask("batch", source=str(folder / "articles.jsonl"))
        self._rates(BATCH, answer, self._words)
        self._add(BATCH, "items_per_second", len(self._articles) / answer["seconds"])
        self._add(BATCH, "items", len(self._articles))
        self._add(BATCH, "run", answer["seconds"])

    def _feeds(self, worker: Worker, site: Addresses, folder: Path, number: int) -> None:
        self._progress.step(f"round {number}: {FEEDS}")
        database = str(folder / f"{number}.db")
        wanted = [*((url, False) for url in site.whole), *((url, True) for url in site.teasers)]
        answer = worker.ask("run", database=database, feeds=wanted)
        digest = worker.ask("digest", database=database)
        report = answer["report"]
        self._check(report, 0, self._conditions.data.lines + len(USELESS_PAGES))
        self._rates(FEEDS, answer, digest["words"])
        self._told(FEEDS, answer)
        self._add(FEEDS, "items_per_second", report["digested"] / answer["seconds"])
        self._add(FEEDS, "whole_texts", report["pages"] - report["teasers"])
        self._add(FEEDS, "stories_f1", digest["stories_f1"])
        self._progress.step(f"round {number}: {AGAIN}")
        again = worker.ask("run", database=database, feeds=[])
        self._check(again["report"], 0, 0)
        self._told(AGAIN, again)
        self._progress.step(f"round {number}: {BAD}")
        bad = worker.ask("run", database=database, feeds=[(url, False) for url in site.bad])
        self._check(bad["report"], len(site.bad), 0)
        self._told(BAD, bad)

    def _check(self, report: dict[str, Any], bad: int, items: int) -> None:
        """Raise SystemFailed unless a run did what there was to do: another one's seconds would mean nothing."""
        done = (report["digested"], report["failed_items"], len(report["problems"]))
        if done != (items, 0, bad):
            told = f"{done[0]} items digested, {done[1]} failed, {done[2]} feeds bad"
            raise SystemFailed(f"feeds: {told}; expected were {items}, 0 and {bad}")

    def _told(self, system: str, answer: dict[str, Any]) -> None:
        report = answer["report"]
        self._add(system, "items", report["digested"])
        self._add(system, "run", answer["seconds"])
        self._add(system, "feeds_told", len(report["problems"]))
        for stage, seconds in report["stages"].items():
            self._add(system, f"stage_{stage}", seconds)

    def _rates(self, system: str, answer: dict[str, Any], words: int) -> None:
        self._add(system, "words_per_second", words / answer["seconds"])
        self._add(system, "words_per_cpu_second", words / answer["processor"])

    def _add(self, system: str, metric: str, value: float) -> None:
        self._recorder.add(Key(system, DIRECTION, metric), value, lines=len(self._articles))
