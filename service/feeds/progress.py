"""What a run tells while it is at work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock

import msgspec


class Progress:
    """Hears of a run's stages; this one says nothing. Called from several threads, one call at a time."""

    def begin(self, stage: str, total: int) -> None:
        """A stage (`feeds`, `pages`, `items`) begins, with so many pieces of work."""

    def advance(self, count: int) -> None:
        """So many more pieces are done."""

    def note(self, sentence: str) -> None:
        """Something to know: a feed that failed, a document with faults."""


class Stopwatch:
    """Seconds by stage; what is done side by side is added up. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count the block's time to a stage, however the block ends."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - started)

    def add(self, stage: str, seconds: float) -> None:
        """Count so many seconds to a stage."""
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def read(self) -> dict[str, float]:
        """The seconds of every stage so far."""
        with self._lock:
            return dict(self._seconds)


class RunOptions(msgspec.Struct, frozen=True):
    """How a run is wanted: the language that items are translated to, and what to do beyond what is due.

    `force` fetches feeds whose time has not come, `retry_all` takes up every failed item, once `cancelled` is set the
    run ends between two batches.
    """

    target: str
    force: bool = False
    retry_all: bool = False
    cancelled: Event = msgspec.field(default_factory=Event)


class RunReport(msgspec.Struct):
    """What a run did. `problems` are feeds and what is wrong with each, `notes` what is odd about their documents.

    `stages` has the seconds of `fetch` (waiting for servers, when nothing else of the first half was done), `parse`,
    `extract` (texts from pages), `store`, `detect`, `translate` and `summarize`. Batches that are in work side by side
    are added up, so that the stages may take longer than the run.
    """

    feeds: int = 0
    fetched: int = 0
    unchanged: int = 0
    failed: int = 0
    waiting: int = 0
    new_items: int = 0
    known_items: int = 0
    edited_items: int = 0
    pages: int = 0
    teasers: int = 0
    digested: int = 0
    failed_items: int = 0
    expired: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = msgspec.field(default_factory=dict)
    problems: list[tuple[str, str]] = msgspec.field(default_factory=list)
    notes: list[tuple[str, str]] = msgspec.field(default_factory=list)

    def summary(self) -> str:
        """The run in one sentence."""
        fetched = f"{self.feeds} feeds: {self.fetched} fetched, {self.unchanged} unchanged, {self.failed} failed"
        waiting = f", {self.waiting} not due" if self.waiting else ""
        edited = f", {self.edited_items} edited" if self.edited_items else ""
        items = f"{self.new_items} new items{edited}, {self.digested} digested, {self.failed_items} failed"
        return f"{fetched}{waiting}; {items}; {self.seconds:.1f} s"
