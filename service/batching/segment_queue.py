"""The queue of all requests' segments and how batches form from it. Not thread-safe: the batcher's lock guards it."""

from __future__ import annotations

from math import ceil, inf

from service.batching.contract import Limits
from service.batching.jobs import Batch, Expelled, Job, Key, Reason, State, Ticket, Waiter
from service.batching.level import Forming, Level
from service.types import Priority

# Bulk work gets one batch after so many interactive ones in a row, so that a steady stream of them cannot stop it.
INTERACTIVE_RUN = 16

# A batch cannot be stopped. While somebody may come who waits, batches of bulk work have at most this fraction of the
# padded tokens that a batch may have: smaller ones take more processor time for the same work, halves a tenth more.
_BULK_SHARE = 4
# Nobody is expected any more so long after the last who waited.
QUIET_SECONDS = 10.0


class SegmentQueue:
    """Segments that wait, from all requests. A segment is added, taken or dropped in O(log n)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: dict[Key, Job] = {}
        self._levels = {priority: Level() for priority in Priority}
        # Queued jobs that somebody of the priority waits for.
        self._rows = dict.fromkeys(Priority, 0)
        self._interactive_run = 0
        self._last_interactive = -inf
        self._tokens = 0
        self._segments = 0

    @property
    def tokens(self) -> int:
        """Tokens of the distinct segments that wait."""
        return self._tokens

    @property
    def segments(self) -> int:
        """Distinct segments that wait."""
        return self._segments

    def holds(self, key: Key) -> bool:
        """Whether the work `key` names is queued or running, so that asking for it adds nothing."""
        return key in self._jobs

    def add(self, waiter: Waiter, tokens: int) -> None:
        """Queue a segment of `tokens` tokens, or join the same one if it is queued or running."""
        job = self._jobs.get(waiter.key)
        if job is None:
            job = self._jobs[waiter.key] = Job(waiter.key, max(1, tokens))
            self._count(job, 1)
        ticket, priority = waiter.ticket, waiter.ticket.context.priority
        if priority is Priority.INTERACTIVE:
            self._last_interactive = max(self._last_interactive, waiter.since)
        if job.state is State.QUEUED:
            self._levels[priority].enqueue(ticket, job)
            self._rows[priority] += not job.holders[priority]
        elif job.state is State.ALONE:
            self._levels[priority].enqueue_alone(job)
        job.waiters[waiter] = ticket.waiters[waiter] = None
        job.holders[priority] += 1

    def drop(self, ticket: Ticket, reason: Reason) -> list[Expelled]:
        """Take everything off that `ticket` waits for, also from batches that run; the work goes on for others."""
        self._levels[ticket.context.priority].forget(ticket)
        return [self._expel(waiter, reason) for waiter in list(ticket.waiters)]

    def take(self, now: float, idle: int = 0) -> Batch | None:
        """The next batch, for the worker that asks while `idle` others have nothing to do; None when nothing waits.

        The head is the job whose turn it is by priority, then by fairness. The rest of the batch is of the head's group
        and priority and nearest to it in length. With workers idle a batch leaves them their share of the rows.
        """
        expelled: list[Expelled] = []
        while (priority := self._due()) is not None:
            level = self._levels[priority]
            lone = level.alone()
            if lone is not None:
                if self._claim_live(lone, now, expelled):
                    return self._batch(priority, [lone], expelled, alone=True)
                continue
            head = level.head()
            rows = min(self._limits.max_batch_rows, ceil(self._rows[priority] / (idle + 1)))
            if head is None or not self._claim_live(head.job, now, expelled):
                continue
            level.charge(head)
            forming = Forming(self._budget(priority, now), rows)
            forming.add(head.job)
            level.fill(forming, lambda offer: self._claim_live(offer.job, now, expelled))
            return self._batch(priority, forming.jobs, expelled)
        return Batch((), tuple(expelled)) if expelled else None

    def finish(self, job: Job) -> list[Waiter]:
        """Close a job that was taken; returns those who still wait for it."""
        del self._jobs[job.key]
        waiters = list(job.waiters)
        for waiter in waiters:
            del waiter.ticket.waiters[waiter]
        job.waiters.clear()
        return waiters

    def run_alone(self, job: Job) -> None:
        """Queue again, to run in a batch of its own, a job that was taken; closes it if nobody waits for it."""
        if not job.waiters:
            self.finish(job)
            return
        job.state = State.ALONE
        self._count(job, 1)
        for priority, level in self._levels.items():
            if job.holders[priority]:
                level.enqueue_alone(job)

    def _budget(self, priority: Priority, now: float) -> int:
        """Padded tokens that a batch of `priority` may have."""
        expected = now - self._last_interactive < QUIET_SECONDS
        share = _BULK_SHARE if priority is Priority.BULK and expected else 1
        return max(1, self._limits.max_batch_tokens // share)

    def _due(self) -> Priority | None:
        order = (Priority.INTERACTIVE, Priority.BULK)
        if self._interactive_run >= INTERACTIVE_RUN:
            order = (Priority.BULK, Priority.INTERACTIVE)
        return next((priority for priority in order if self._has_work(priority)), None)

    def _has_work(self, priority: Priority) -> bool:
        level = self._levels[priority]
        return level.alone() is not None or level.head() is not None

    def _batch(self, priority: Priority, jobs: list[Job], expelled: list[Expelled], *, alone: bool = False) -> Batch:
        held_up = priority is Priority.INTERACTIVE and self._has_work(Priority.BULK)
        self._interactive_run = self._interactive_run + 1 if held_up else 0
        return Batch(tuple(jobs), tuple(expelled), alone)

    def _claim_live(self, job: Job, now: float, expelled: list[Expelled]) -> bool:
        """Take `job` out of the queue to run it, unless dropping requests that need no answer leaves nobody to."""
        for ticket in dict.fromkeys(waiter.ticket for waiter in job.waiters):
            reason = ticket.verdict(now)
            if reason is not None:
                expelled += self.drop(ticket, reason)
        for waiter in [waiter for waiter in job.waiters if waiter.future.cancelled()]:
            expelled.append(self._expel(waiter, Reason.CANCELLED))
        if job.state is State.TAKEN:
            return False
        self._claim(job)
        return True

    def _expel(self, waiter: Waiter, reason: Reason) -> Expelled:
        job, priority = self._jobs[waiter.key], waiter.ticket.context.priority
        if job.state is not State.TAKEN and len(job.waiters) == 1:
            self._claim(job)
            del self._jobs[job.key]
        del job.waiters[waiter], waiter.ticket.waiters[waiter]
        job.holders[priority] -= 1
        if job.state is State.QUEUED and not job.holders[priority]:
            self._rows[priority] -= 1
        return Expelled(waiter, reason)

    def _claim(self, job: Job) -> None:
        if job.state is State.QUEUED:
            for priority in Priority:
                self._rows[priority] -= bool(job.holders[priority])
        self._count(job, -1)
        job.state = State.TAKEN

    def _count(self, job: Job, sign: int) -> None:
        self._tokens += sign * job.tokens
        self._segments += sign
