"""Runs for the batcher's tests that say what they ran and can be held, made to fail or made to die."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from service.batching import BatchReport, Limits, Observer, Part
from service.types import DecodeOptions, Hypothesis, Priority, RequestContext

PATIENCE = 20.0
"""Seconds after which a test gives up on something that should happen at once."""


def limits(**changes: int) -> Limits:
    values = {
        "workers": 1,
        "max_batch_tokens": 64,
        "max_batch_rows": 8,
        "max_queue_tokens": 100_000,
        "max_concurrent_requests": 64,
    }
    return Limits(**(values | changes))


def request(name: str, client: str = "client", *, bulk: bool = False, deadline: float | None = None) -> RequestContext:
    return RequestContext(name, client, Priority.BULK if bulk else Priority.INTERACTIVE, deadline)


def expected(model_id: str, text: str, options: DecodeOptions) -> str:
    """What a run answers: a value that no other model, text or search would give."""
    return f"{model_id}/{options.beam}/{options.n_best}/{text}"


def hypotheses(model_id: str, texts: Sequence[str], options: DecodeOptions) -> dict[int, Hypothesis]:
    return {
        place: Hypothesis(expected(model_id, text, options), -0.5, 1, 1, infer_seconds=1.0)
        for place, text in enumerate(texts)
    }


class OpenRun:
    """Answers at once, in one part, and keeps a list of the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterable[Part]:
        self.batches.append(list(texts))
        return [hypotheses(model_id, texts, options)]


class HeldRun(OpenRun):
    """Every batch reports that it started, then waits until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self._started = threading.Semaphore(0)
        self._go = threading.Semaphore(0)

    def __call__(self, model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterable[Part]:
        answers = super().__call__(model_id, texts, options)
        self._started.release()
        assert self._go.acquire(timeout=PATIENCE), "the test never released this batch"
        return answers

    def wait_started(self, batches: int = 1) -> None:
        for _ in range(batches):
            assert self._started.acquire(timeout=PATIENCE), "no batch was started"

    def release(self, batches: int = 1) -> None:
        self._go.release(batches)


class Notes(Observer):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int, int]] = []
        self.reports: list[BatchReport] = []
        self.rejections: list[str] = []
        self.drops: list[tuple[str, int]] = []
        self.recalls: list[tuple[int, int]] = []
        self.joined = 0
        self.deaths = 0

    def batch_started(self, model_id: str, rows: int, padded_tokens: int) -> None:
        self.started.append((model_id, rows, padded_tokens))

    def batch_finished(self, report: BatchReport) -> None:
        self.reports.append(report)

    def rejected(self, reason: str) -> None:
        self.rejections.append(reason)

    def dropped(self, reason: str, segments: int) -> None:
        self.drops.append((reason, segments))

    def recalled(self, hits: int, misses: int) -> None:
        self.recalls.append((hits, misses))

    def coalesced(self, segments: int) -> None:
        self.joined += segments

    def worker_replaced(self) -> None:
        self.deaths += 1
