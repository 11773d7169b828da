"""Runs a batch, answers those who wait for it, and takes it apart when it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

import msgspec

from service.batching.answers import answer, as_failure, dismiss, refuse, tell
from service.batching.contract import BatchReport, Observer, Outcome, Part, Recall, Run
from service.batching.jobs import Batch, Group, Job, Waiter
from service.batching.segment_queue import SegmentQueue
from service.errors import EngineFailure, ModelError, ShuttingDown
from service.types import Hypothesis

logger = logging.getLogger(__name__)

# Weight of the latest batch in the moving average of the time that a token takes.
PACE_WEIGHT = 0.2


class Desk(msgspec.Struct, frozen=True):
    """What the threads of a batcher share: the queue, the lock that guards it, the clock and who hears of it."""

    queue: SegmentQueue
    lock: threading.Lock
    clock: Callable[[], float]
    observer: Observer
    recall: Recall | None

    def signature(self, model_id: str) -> str | None:
        """What names the output of `model_id` in the translation memory, None where it must not be used."""
        return self.recall.signature_of(model_id) if self.recall is not None else None


class BatchRunner:
    """Executes batches on the threads that call it. `wake` is called, lock held, after jobs were queued again."""

    def __init__(self, run: Run, desk: Desk, wake: Callable[[int], None]) -> None:
        self._run = run
        self._desk = desk
        self._wake = wake
        self._pace = 0.0

    @property
    def seconds_per_token(self) -> float:
        """Moving average of what a worker needs for a token, 0 before the first batch."""
        return self._pace

    def execute(self, batch: Batch) -> None:
        """Run `batch` and resolve every future that depends on it, now or through the queue.

        Each is resolved when its own hypothesis is there: nobody waits for the longest of the batch. An exception that
        is no Exception (SystemExit and its kind) is raised again once the batch is taken care of.
        """
        dismiss(batch.expelled, self._desk.observer)
        if not batch.jobs:
            return
        course = _Course(batch, self._desk.clock(), dict(enumerate(batch.jobs)))
        tell(self._desk.observer.batch_started, course.group.model_id, len(batch.jobs), batch.padded_tokens)
        try:
            self._translate(course)
        except BaseException as error:
            self._give_up(course, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._report(course)

    def _translate(self, course: _Course) -> None:
        group = course.group
        texts = [job.key.text for job in course.batch.jobs]
        before = self._desk.signature(group.model_id)
        for part in self._run(group.model_id, texts, group.options):
            if not part.keys() <= course.open.keys():
                raise EngineFailure(f"model {group.model_id} gave hypotheses that were not asked for")
            self._remember(before, group, ((texts[place], hypothesis) for place, hypothesis in part.items()))
            self._deliver(course, part)
        if course.open:
            missing = f"{len(course.open)} of {len(texts)} texts"
            raise EngineFailure(f"model {group.model_id} gave no hypotheses for {missing}")
        with self._desk.lock:
            pace = (self._desk.clock() - course.started) / course.batch.tokens
            self._pace = pace if not self._pace else self._pace + PACE_WEIGHT * (pace - self._pace)

    def _remember(self, before: str | None, group: Group, entries: Iterable[tuple[str, Hypothesis]]) -> None:
        recall = self._desk.recall
        # A model that was replaced meanwhile may have made these with either of its versions.
        if recall is not None and before is not None and self._desk.signature(group.model_id) == before:
            recall.memory.remember(before, group.options, entries)

    def _deliver(self, course: _Course, part: Part) -> None:
        with self._desk.lock:
            waiting = [self._desk.queue.finish(course.open.pop(place)) for place in part]
        rows, padded = len(course.batch.jobs), course.batch.padded_tokens
        for waiters, hypothesis in zip(waiting, part.values(), strict=True):
            course.latest = hypothesis
            for waiter in waiters:
                answer(waiter, Outcome(hypothesis, course.waited(waiter), rows, padded))

    def _give_up(self, course: _Course, error: BaseException) -> None:
        model_id, jobs = course.group.model_id, list(course.open.values())
        final = course.batch.alone or len(course.batch.jobs) == 1 or isinstance(error, ModelError | ShuttingDown)
        logger.warning(
            "a batch of %d rows of model %s failed with %s%s",
            len(course.batch.jobs),
            model_id,
            type(error).__name__,
            "" if final else "; its rows are run one by one",
        )
        waiting: list[list[Waiter]] = []
        with self._desk.lock:
            if final:
                waiting = [self._desk.queue.finish(job) for job in jobs]
            else:
                self._retry(jobs)
        failure = as_failure(error, model_id)
        for waiter in (waiter for waiters in waiting for waiter in waiters):
            course.waited(waiter)
            refuse(waiter, failure)
        self._report(course, error)

    def _retry(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._desk.queue.run_alone(job)
        self._wake(len(jobs))

    def _report(self, course: _Course, error: BaseException | None = None) -> None:
        batch, latest = course.batch, course.latest if error is None else None
        report = BatchReport(
            model_id=course.group.model_id,
            rows=len(batch.jobs),
            tokens=batch.tokens,
            padded_tokens=batch.padded_tokens,
            queue_seconds=tuple(course.queue_seconds),
            run_seconds=self._desk.clock() - course.started,
            tokenize_seconds=latest.tokenize_seconds if latest is not None else 0.0,
            infer_seconds=latest.infer_seconds if latest is not None else 0.0,
            error=type(error).__name__ if error is not None else None,
        )
        tell(self._desk.observer.batch_finished, report)


class _Course(msgspec.Struct):
    """A batch that runs: which jobs are not answered yet, by their places, and how long those who asked had waited."""

    batch: Batch
    started: float
    open: dict[int, Job]
    queue_seconds: list[float] = msgspec.field(default_factory=list)
    latest: Hypothesis | None = None

    @property
    def group(self) -> Group:
        return self.batch.jobs[0].key.group

    def waited(self, waiter: Waiter) -> float:
        """Write down, and return, the seconds that a segment waited for the batch."""
        # One that joined while the batch ran did not wait in the queue at all.
        seconds = max(0.0, self.started - waiter.since)
        self.queue_seconds.append(seconds)
        return seconds
