"""The second half of a run: detects, translates and summarizes items in batches, keeping each stage as it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from service.errors import Cancelled, DeadlineExceeded, InvalidInput, MancheteError, Overloaded, ShuttingDown
from service.feeds.progress import Progress, RunOptions, RunReport, Stopwatch
from service.pipeline import Pipeline
from service.storage import ItemRow, ItemState, ItemTable, Step
from service.types import (
    UNDETERMINED,
    Priority,
    RequestContext,
    SummarizeRequest,
    SummaryLength,
    TranslateRequest,
    TranslateResult,
)

# Enough segments for the engine to form full batches of similar lengths, and little enough to lose at a kill.
BATCH_ITEMS: Final = 48
# While one batch is being detected, split or summarized, the engine has the other one to translate.
BATCHES_IN_WORK: Final = 2
MAX_ATTEMPTS: Final = 3
# Below it, what the feed says of its language is the better guess.
_SURE: Final = 0.6
_MAX_WAITS: Final = 600
_STOPPING: Final = (Cancelled, DeadlineExceeded, Overloaded, ShuttingDown)


class Digester:
    """Takes items from `fetched` to `summarized`."""

    def __init__(
        self, items: ItemTable, pipeline: Pipeline, job: RunOptions, progress: Progress, watch: Stopwatch
    ) -> None:
        self._items = items
        self._pipeline = pipeline
        self._target = job.target
        self._cancelled = job.cancelled
        self._progress = progress
        self._watch = watch
        self._lock = threading.Lock()

    def digest(self, report: RunReport) -> None:
        """Take every item that waits to its end, or to where it fails; stops early when `cancelled` is set.

        Raises StorageError, and what keeps the pipeline from taking any work at all.
        """
        waiting = self._items.waiting([ItemState.FETCHED, ItemState.DETECTED, ItemState.TRANSLATED])
        self._progress.begin("items", len(waiting))
        batches = (waiting[start : start + BATCH_ITEMS] for start in range(0, len(waiting), BATCH_ITEMS))
        with ThreadPoolExecutor(BATCHES_IN_WORK, "feeds") as threads:
            try:
                for done in _bounded(threads, batches, lambda batch: self._batch(batch, report)):
                    done.result()
            except BaseException:
                self._cancelled.set()
                raise

    def _batch(self, numbers: Sequence[int], report: RunReport) -> None:
        for name, stage in (("detect", self._detect), ("translate", self._translate), ("summarize", self._summarize)):
            # Read anew from the database: what a stage kept is all that the next one, or the next run, has.
            with self._watch.timed("store"):
                rows = self._items.load(numbers)
            with self._watch.timed(name):
                steps = stage(rows)
            with self._watch.timed("store"):
                self._items.advance(steps)
            if self._cancelled.is_set():
                return
        ended = self._items.load(numbers)
        with self._lock:
            report.digested += sum(row.state is ItemState.SUMMARIZED for row in ended)
            report.failed_items += sum(row.state is ItemState.FAILED for row in ended)
            self._progress.advance(len(numbers))

    def _detect(self, rows: Sequence[ItemRow]) -> list[Step]:
        steps = []
        for row in rows:
            if row.state is not ItemState.FETCHED:
                continue
            try:
                steps.append(self._detected(row))
            except InvalidInput as error:
                self._fail(row, error)
        return steps

    def _detected(self, row: ItemRow) -> Step:
        detected = self._pipeline.detect(f"{row.title}\n\n{row.text}" if row.text else row.title, field="text")
        language, warnings = detected.language, row.warnings
        if detected.confidence < _SURE and row.declared_language:
            language = row.declared_language
            warnings = (*warnings, f"the language could not be told from the text; the feed says {language}")
        return Step(row.item_id, row.state, ItemState.DETECTED, {"language": language, "warnings": warnings})

    def _translate(self, rows: Sequence[ItemRow]) -> list[Step]:
        here = [row for row in rows if row.state is ItemState.DETECTED]
        asked = [text for row in here for text in (row.title, row.text)]
        sources = [row.language for row in here for _ in range(2)]
        requests = [
            TranslateRequest(text, self._target, None if source == UNDETERMINED else source)
            for text, source in zip(asked, sources, strict=True)
        ]
        context = RequestContext("feeds", client="feeds", priority=Priority.BULK, cancelled=self._cancelled)
        results = self._admitted(requests, context)
        steps = []
        for row, title, text in zip(here, results[::2], results[1::2], strict=True):
            error = next((one for one in (text, title) if isinstance(one, MancheteError)), None)
            if error is not None:
                self._fail(row, error)
            elif isinstance(title, TranslateResult) and isinstance(text, TranslateResult):
                steps.append(_translated(row, title, text, self._target))
        return steps

    def _admitted(
        self, requests: Sequence[TranslateRequest], context: RequestContext
    ) -> list[TranslateResult | MancheteError]:
        """Translate, waiting for as long as a server has no room for bulk work."""
        for _ in range(_MAX_WAITS):
            try:
                return self._pipeline.translate_many(requests, context) if requests else []
            except Overloaded as error:
                self._cancelled.wait(error.retry_after)
        raise Overloaded("the service had no room for feeds for too long; the next run goes on from here")

    def _summarize(self, rows: Sequence[ItemRow]) -> list[Step]:
        steps = []
        for row in rows:
            if row.state is not ItemState.TRANSLATED:
                continue
            try:
                steps.append(self._summarized(row))
            except MancheteError as error:
                self._fail(row, error)
        return steps

    def _summarized(self, row: ItemRow) -> Step:
        text, title = row.translated_text or "", row.translated_title
        if not text.strip():
            told = (*row.translation_warnings, "the item has no text, only a title")
            values = {"summary": (), "translation_warnings": told}
            return Step(row.item_id, row.state, ItemState.SUMMARIZED, values)
        request = SummarizeRequest(text, self._target, title, SummaryLength())
        context = RequestContext("feeds", client="feeds", priority=Priority.BULK, cancelled=self._cancelled)
        summary = self._pipeline.summarize(request, context).summary
        values = {
            "summary": tuple(sentence.text for sentence in summary.sentences),
            "translation_warnings": (*row.translation_warnings, *(notice.message for notice in summary.warnings)),
        }
        return Step(row.item_id, row.state, ItemState.SUMMARIZED, values)

    def _fail(self, row: ItemRow, error: MancheteError) -> None:
        # What stops the run says nothing about the item, which stays where it is.
        if isinstance(error, _STOPPING):
            self._cancelled.set()
            return
        reason = " ".join(error.message.removeprefix(f"{error.field}: ").split())
        self._items.fail(row.item_id, row.state, reason, may_retry=not isinstance(error, InvalidInput))
        self._progress.note(f"{row.outlet}: {row.url or row.key}: {reason}")


def _translated(row: ItemRow, title: TranslateResult, text: TranslateResult, target: str) -> Step:
    told = [f"title: {notice.message}" for notice in title.translation.warnings]
    told += [notice.message for notice in text.translation.warnings]
    values = {
        "target": target,
        "translated_title": " ".join(title.translation.text.split()),
        "translated_text": text.translation.text,
        "translation_warnings": tuple(told),
    }
    return Step(row.item_id, row.state, ItemState.TRANSLATED, values)


def _bounded(
    threads: ThreadPoolExecutor, batches: Iterator[list[int]], work: Callable[[list[int]], None]
) -> Iterator[Future[None]]:
    """Run the work on every batch, no more of them submitted than are in work; gives each when it is done."""
    running: set[Future[None]] = set()
    for batch in batches:
        if len(running) >= BATCHES_IN_WORK:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from done
        running.add(threads.submit(work, batch))
    yield from wait(running).done
