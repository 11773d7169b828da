"""What one request has in the queue, in the order it came and by length."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable

from service.batching.jobs import Group, Job, State, Ticket
from service.batching.turns import Offer


class Shelf:
    """Jobs of one group by number of tokens, those of one length in the order they came.

    A model takes a few hundred tokens at most, so the sorted list of the lengths in use stays short whatever is queued.
    Jobs that are no longer queued leave when they are come across.
    """

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._jobs: dict[int, deque[Job]] = {}

    def add(self, job: Job) -> None:
        if job.tokens not in self._jobs:
            self._jobs[job.tokens] = deque()
            insort(self._lengths, job.tokens)
        self._jobs[job.tokens].append(job)

    def nearest(self, tokens: int, fits: Callable[[int], bool]) -> Job | None:
        """The first job of the length nearest to `tokens` that `fits`, the shorter one of two as near; None if none.

        Where a length does not fit, one further away on the same side must not fit either.
        """
        place = bisect_left(self._lengths, tokens)
        longer = self._first(lambda: place)
        shorter = self._first(lambda: bisect_left(self._lengths, tokens) - 1)
        around = [job for job in (shorter, longer) if job is not None and fits(job.tokens)]
        return min(around, key=lambda job: abs(job.tokens - tokens), default=None)

    def _first(self, place: Callable[[], int]) -> Job | None:
        """The first queued job of the length at `place()`, which is asked again after a length has run out."""
        while 0 <= (index := place()) < len(self._lengths):
            jobs = self._jobs[self._lengths[index]]
            while jobs:
                if jobs[0].state is State.QUEUED:
                    return jobs[0]
                jobs.popleft()
            del self._jobs[self._lengths.pop(index)]
        return None


class RequestLane:
    """The queued jobs of one request. A job that other requests wait for too is in each one's lane."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._jobs: deque[Job] = deque()
        self._shelves: dict[Group, Shelf] = {}

    def push(self, job: Job) -> None:
        self._jobs.append(job)
        self._shelves.setdefault(job.key.group, Shelf()).add(job)

    def head(self) -> Offer | None:
        while self._jobs and self._jobs[0].state is not State.QUEUED:
            self._jobs.popleft()
        return Offer(self._ticket, self._jobs[0]) if self._jobs else None

    def nearest(self, group: Group, tokens: int, fits: Callable[[int], bool]) -> Offer | None:
        """The job of `group` nearest to `tokens` in length that `fits`; None when there is none."""
        shelf = self._shelves.get(group)
        job = shelf.nearest(tokens, fits) if shelf is not None else None
        return Offer(self._ticket, job) if job is not None else None
