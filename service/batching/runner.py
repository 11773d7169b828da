"""Runs a batch, answers those who wait for it, and takes it apart when it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from service.batching.answers import answer, as_failure, dismiss, refuse, tell
from service.batching.contract import BatchReport, Observer, Outcome, Recall, Run
from service.batching.jobs import Batch, Job, Waiter
from service.batching.segment_queue import SegmentQueue
from service.errors import EngineFailure, ModelError, ShuttingDown
from service.types import Hypothesis

logger = logging.getLogger(__name__)

# Weight of the latest batch in the moving average of the time that a token takes.
PACE_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Desk:
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

        An exception that is no Exception (SystemExit and its kind) is raised again once the batch is taken care of.
        """
        dismiss(batch.expelled, self._desk.observer)
        if not batch.jobs:
            return
        started = self._desk.clock()
        model_id = batch.jobs[0].key.group.model_id
        tell(self._desk.observer.batch_started, model_id, len(batch.jobs), batch.padded_tokens)
        try:
            hypotheses = self._translate(batch)
        except BaseException as error:
            self._give_up(batch, error, started)
            if not isinstance(error, Exception):
                raise
        else:
            self._deliver(batch, hypotheses, started)

    def _translate(self, batch: Batch) -> list[Hypothesis]:
        group = batch.jobs[0].key.group
        texts = [job.key.text for job in batch.jobs]
        before = self._desk.signature(group.model_id)
        hypotheses = self._run(group.model_id, texts, group.options)
        if len(hypotheses) != len(texts):
            raise EngineFailure(f"model {group.model_id} gave {len(hypotheses)} hypotheses for {len(texts)} texts")
        recall = self._desk.recall
        # A model that was replaced meanwhile may have made these with either of its versions.
        if recall is not None and before is not None and self._desk.signature(group.model_id) == before:
            recall.memory.remember(before, group.options, zip(texts, hypotheses, strict=True))
        return hypotheses

    def _deliver(self, batch: Batch, hypotheses: list[Hypothesis], started: float) -> None:
        seconds = self._desk.clock() - started
        with self._desk.lock:
            waiting = [self._desk.queue.finish(job) for job in batch.jobs]
            pace = seconds / batch.tokens
            self._pace = pace if not self._pace else self._pace + PACE_WEIGHT * (pace - self._pace)
        rows, padded = len(batch.jobs), batch.padded_tokens
        for waiters, hypothesis in zip(waiting, hypotheses, strict=True):
            for waiter in waiters:
                answer(waiter, Outcome(hypothesis, _waited(waiter, started), rows, padded))
        self._report(batch, waiting, started, seconds, hypotheses[0])

    def _give_up(self, batch: Batch, error: BaseException, started: float) -> None:
        seconds = self._desk.clock() - started
        model_id = batch.jobs[0].key.group.model_id
        final = batch.alone or len(batch.jobs) == 1 or isinstance(error, ModelError | ShuttingDown)
        logger.warning(
            "a batch of %d rows of model %s failed with %s%s",
            len(batch.jobs),
            model_id,
            type(error).__name__,
            "" if final else "; its rows are run one by one",
        )
        waiting: list[list[Waiter]] = []
        with self._desk.lock:
            if final:
                waiting = [self._desk.queue.finish(job) for job in batch.jobs]
            else:
                self._retry(batch.jobs)
        failure = as_failure(error, model_id)
        for waiter in (waiter for waiters in waiting for waiter in waiters):
            refuse(waiter, failure)
        self._report(batch, waiting, started, seconds, error)

    def _retry(self, jobs: tuple[Job, ...]) -> None:
        for job in jobs:
            self._desk.queue.run_alone(job)
        self._wake(len(jobs))

    def _report(
        self,
        batch: Batch,
        waiting: list[list[Waiter]],
        started: float,
        seconds: float,
        result: Hypothesis | BaseException,
    ) -> None:
        hypothesis = result if isinstance(result, Hypothesis) else None
        report = BatchReport(
            model_id=batch.jobs[0].key.group.model_id,
            rows=len(batch.jobs),
            tokens=batch.tokens,
            padded_tokens=batch.padded_tokens,
            queue_seconds=tuple(_waited(waiter, started) for waiters in waiting for waiter in waiters),
            run_seconds=seconds,
            tokenize_seconds=hypothesis.tokenize_seconds if hypothesis is not None else 0.0,
            infer_seconds=hypothesis.infer_seconds if hypothesis is not None else 0.0,
            error=type(result).__name__ if isinstance(result, BaseException) else None,
        )
        tell(self._desk.observer.batch_finished, report)


def _waited(waiter: Waiter, started: float) -> float:
    # One that joined while the batch ran did not wait in the queue at all.
    return max(0.0, started - waiter.since)
