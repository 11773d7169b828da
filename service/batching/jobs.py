"""The entries of the queue: a ticket a request, a waiter a submitted segment, a job a distinct segment."""

from __future__ import annotations

from concurrent.futures import Future
from enum import Enum, StrEnum, auto
from typing import NamedTuple

import msgspec

from service.batching.contract import Outcome
from service.errors import Cancelled, DeadlineExceeded, MancheteError, ShuttingDown
from service.types import DecodeOptions, Priority, RequestContext


class Group(msgspec.Struct, frozen=True, eq=False):
    """What the segments of one batch have in common. One object a pair of values, so that identity is equality."""

    model_id: str
    options: DecodeOptions


class Key(NamedTuple):
    """What makes two segments the same work."""

    group: Group
    text: str


class State(Enum):
    """Where a job is: queued for a batch, queued to run alone after its batch failed, or out of the queue."""

    QUEUED = auto()
    ALONE = auto()
    TAKEN = auto()


class Reason(StrEnum):
    """Why a segment was given up before it ran."""

    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    SHUTDOWN = "shutdown"

    def error(self) -> MancheteError:
        """A new exception to answer with."""
        if self is Reason.DEADLINE:
            return DeadlineExceeded("the request's deadline passed while it was queued")
        if self is Reason.CANCELLED:
            return Cancelled("the request was cancelled while it was queued")
        return ShuttingDown("the service shut down before the request was done")


class Ticket(msgspec.Struct, eq=False):
    """The permit of one admitted request; what it still waits for is kept by the queue."""

    context: RequestContext
    waiters: dict[Waiter, None] = msgspec.field(default_factory=dict)

    def verdict(self, now: float) -> Reason | None:
        """Why the request need not be served any more, None while it should be."""
        if self.context.cancelled.is_set():
            return Reason.CANCELLED
        if self.context.deadline is not None and now >= self.context.deadline:
            return Reason.DEADLINE
        return None


class Waiter(msgspec.Struct, eq=False):
    """One submitted segment. Whoever takes it off its job, under the lock, resolves its future, nobody else."""

    ticket: Ticket
    key: Key
    since: float
    future: Future[Outcome] = msgspec.field(default_factory=Future)


class Job(msgspec.Struct, eq=False):
    """A distinct segment and those who wait for it; `holders` counts them by priority."""

    key: Key
    tokens: int
    state: State = State.QUEUED
    waiters: dict[Waiter, None] = msgspec.field(default_factory=dict)
    holders: list[int] = msgspec.field(default_factory=lambda: [0] * len(Priority))


class Expelled(NamedTuple):
    """A waiter that is out of the queue, to be answered with the error of `reason`."""

    waiter: Waiter
    reason: Reason


class Batch(msgspec.Struct, frozen=True):
    """Jobs of one group to run together, and the waiters found dead while it was formed. Either may be empty."""

    jobs: tuple[Job, ...]
    expelled: tuple[Expelled, ...]
    alone: bool = False

    @property
    def tokens(self) -> int:
        return sum(job.tokens for job in self.jobs)

    @property
    def padded_tokens(self) -> int:
        return max(job.tokens for job in self.jobs) * len(self.jobs)
