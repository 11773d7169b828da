"""One queue and a few worker threads for all requests of the process: admission, submission, shutdown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from enum import IntEnum

from service.batching.answers import dismiss, tell
from service.batching.contract import Dropped, Limits, Observer, Outcome, QueueLoad, Recall, Run
from service.batching.crew import Crew
from service.batching.jobs import Batch, Group, Key, Reason, Ticket, Waiter
from service.batching.runner import BatchRunner, Desk
from service.batching.segment_queue import SegmentQueue
from service.errors import MancheteError, Overloaded, ShuttingDown, TooLarge
from service.types import GREEDY, DecodeOptions, Hypothesis, Priority, RequestContext

LEAST_RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 60.0


class _Phase(IntEnum):
    OPEN = 0
    DRAINING = 1
    STOPPED = 2


class Batcher:
    """Turns the segments of all requests into batches and runs these on `limits.workers` threads.

    A request is admitted, submits any number of times on its ticket, and waits for the futures. A lone segment runs at
    once: no worker waits for a batch to fill. Identical segments (model, options, text) that are queued or running are
    computed once, for all who ask. `clock` must be the one that deadlines are told on.
    """

    def __init__(
        self,
        run: Run,
        limits: Limits,
        observer: Observer | None = None,
        recall: Recall | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._queue = SegmentQueue(limits)
        self._observer: Observer = observer if observer is not None else Observer()
        self._desk = Desk(self._queue, self._lock, clock, self._observer, recall)
        self._crew: Crew[Batch] = Crew(self._lock, self._take, self._on_replaced)
        self._runner = BatchRunner(run, self._desk, self._crew.wake)
        self._groups: dict[tuple[str, DecodeOptions], Group] = {}
        self._tickets: dict[Ticket, None] = {}
        self._phase = _Phase.OPEN
        self._crew.start(limits.workers, self._runner.execute)

    @contextmanager
    def admit(self, context: RequestContext) -> Iterator[Ticket]:
        """Let a request in, without waiting, and hold its place until the block is left.

        On leaving, whatever the request still has in the queue is dropped. Raises Overloaded when
        `max_concurrent_requests` are in, ShuttingDown when the batcher is closing.
        """
        ticket = Ticket(context)
        with self._refusals(), self._lock:
            if self._phase is not _Phase.OPEN:
                raise _Refused("closing", ShuttingDown("the service is shutting down and takes no new requests"))
            if len(self._tickets) >= self._limits.max_concurrent_requests:
                limit = self._limits.max_concurrent_requests
                raise _Refused("requests", self._overloaded(f"{limit} requests are in work already"))
            self._tickets[ticket] = None
        try:
            yield ticket
        finally:
            with self._lock:
                del self._tickets[ticket]
                expelled = self._queue.drop(ticket, Reason.CANCELLED)
                self._crew.recheck()
            dismiss(expelled, self._observer)

    def submit(
        self,
        ticket: Ticket,
        model_id: str,
        texts: Sequence[str],
        tokens: Sequence[int],
        options: DecodeOptions = GREEDY,
    ) -> list[Future[Outcome]]:
        """Queue texts of `tokens` tokens each; one future a text, in order. All are queued or none.

        A future ends with its outcome, or with DeadlineExceeded, Cancelled, ShuttingDown, EngineFailure or the error of
        this project's tree that the run raised. Raises TooLarge when the texts by themselves are over what may ever
        wait, so that no client retries in vain; Overloaded when they are over what may wait now; ShuttingDown after the
        shutdown's time limit; Cancelled or DeadlineExceeded when the request is over already. The ticket must be held.
        """
        if len(texts) != len(tokens):
            raise ValueError(f"{len(texts)} texts but {len(tokens)} token counts")
        group = self._groups.setdefault((model_id, options), Group(model_id, options))
        with self._refusals():
            room = self._room(ticket, sum(tokens))
        known = self._recall(group, texts)
        now = self._desk.clock()
        entries = [
            (Waiter(ticket, Key(group, text), now), size)
            for text, size, hypothesis in zip(texts, tokens, known, strict=True)
            if hypothesis is None
        ]
        with self._refusals(), self._lock:
            fresh = self._enqueue(ticket, entries, room)
        if len(entries) > fresh:
            tell(self._observer.coalesced, len(entries) - fresh)
        waiting = iter(entries)
        return [_known(hypothesis) if hypothesis is not None else next(waiting)[0].future for hypothesis in known]

    def drop(self, context: RequestContext) -> int:
        """Cancel a request: set `context.cancelled` and drop at once what it waits for; returns how many segments.

        A batch that runs already goes on, its result is thrown away.
        """
        context.cancelled.set()
        with self._lock:
            mine = [ticket for ticket in self._tickets if ticket.context == context]
            expelled = [one for ticket in mine for one in self._queue.drop(ticket, Reason.CANCELLED)]
        dismiss(expelled, self._observer)
        return len(expelled)

    def load(self) -> QueueLoad:
        """How full the batcher is now."""
        with self._lock:
            return QueueLoad(len(self._tickets), self._queue.segments, self._queue.tokens, self._crew.busy)

    def close(self, grace_seconds: float) -> Dropped:
        """Admit nobody any more, wait at most `grace_seconds` until those who are in are done, then fail the rest.

        Requests that are in may go on submitting meanwhile. Futures left at the end fail with ShuttingDown, also those
        of a batch that still runs; its thread cannot be stopped and is left behind. Calling it again is harmless.
        """
        with self._lock:
            self._phase = max(self._phase, _Phase.DRAINING)
            self._crew.wait_until(lambda: not self._tickets and not self._crew.busy, grace_seconds)
            self._phase = _Phase.STOPPED
            expelled = [one for ticket in self._tickets for one in self._queue.drop(ticket, Reason.SHUTDOWN)]
            idle = self._crew.stop()
        dismiss(expelled, self._observer)
        for thread in idle:
            if thread is not threading.current_thread():
                thread.join()
        return Dropped(len({one.waiter.ticket for one in expelled}), len(expelled))

    def _take(self, idle: int) -> Batch | None:
        return self._queue.take(self._desk.clock(), idle)

    def _on_replaced(self) -> None:
        tell(self._observer.worker_replaced)

    def _room(self, ticket: Ticket, tokens: int) -> int:
        room = self._limits.max_queue_tokens
        if ticket.context.priority is Priority.BULK:
            # What bulk work cannot fill is what an interactive request finds free.
            room -= room // 8
        if tokens > room:
            message = f"text: {tokens} tokens are over the limit of {room} that may wait at once; send less at a time"
            raise _Refused("too-large", TooLarge(message, field="text"))
        return room

    def _recall(self, group: Group, texts: Sequence[str]) -> list[Hypothesis | None]:
        recall, signature = self._desk.recall, self._desk.signature(group.model_id)
        if recall is None or signature is None:
            return [None] * len(texts)
        known = recall.memory.lookup(signature, group.options, texts)
        hits = sum(hypothesis is not None for hypothesis in known)
        tell(self._observer.recalled, hits, len(texts) - hits)
        return known

    def _enqueue(self, ticket: Ticket, entries: list[tuple[Waiter, int]], room: int) -> int:
        """Queue all entries or raise; returns how many are new work rather than the same as what is in the queue."""
        if self._phase is _Phase.STOPPED:
            raise _Refused("closing", Reason.SHUTDOWN.error())
        if ticket not in self._tickets:
            raise RuntimeError("the ticket was given back: submit inside the block that admitted the request")
        reason = ticket.verdict(self._desk.clock())
        if reason is not None:
            raise reason.error()
        fresh = {waiter.key: size for waiter, size in entries if not self._queue.holds(waiter.key)}
        if self._queue.tokens + sum(fresh.values()) > room:
            raise _Refused("queue", self._overloaded(f"{self._queue.tokens} tokens are queued already"))
        for waiter, size in entries:
            self._queue.add(waiter, size)
        self._crew.wake(len(fresh))
        return len(fresh)

    def _overloaded(self, why: str) -> Overloaded:
        wait = self._queue.tokens * self._runner.seconds_per_token / self._limits.workers
        seconds = min(MOST_RETRY_SECONDS, max(LEAST_RETRY_SECONDS, wait))
        return Overloaded(f"the service is busy: {why}", retry_after=seconds)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except _Refused as refused:
            tell(self._observer.rejected, refused.reason)
            raise refused.error from None


class _Refused(Exception):
    """Carries a refusal out of the lock, so that the observer is told outside of it."""

    def __init__(self, reason: str, error: MancheteError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


def _known(hypothesis: Hypothesis) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(Outcome(hypothesis))
    return future
