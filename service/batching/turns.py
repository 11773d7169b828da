"""Whose turn it is: fair shares of tokens by start-time fair queueing.

Every key has an account of the tokens it was served; the key with the lowest goes next, and a key that turns up starts
level with the one whose turn it was last (Goyal, Vin and Cheng, "Start-time fair queueing", SIGCOMM 1996, but charged
when work is taken). So a key with little work waits for at most one piece of work of every other key, however much
they have queued. Each operation but `within` costs O(log n) in the number of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import Generic, NamedTuple, Protocol, TypeVar

from service.batching.jobs import Job, Ticket


class Offer(NamedTuple):
    """A job and the request on whose account it would be taken."""

    ticket: Ticket
    job: Job


class Lane(Protocol):
    """A source of jobs in an order of its own."""

    def head(self) -> Offer | None:
        """The queued job that is next, left in place; None when there is none."""
        ...


K = TypeVar("K", bound=Hashable)
L = TypeVar("L", bound=Lane)


class Turns(Generic[K, L]):
    """Lanes that share by tokens served. A lane found empty at its turn is forgotten, and its account with it."""

    def __init__(self, make_lane: Callable[[K], L]) -> None:
        self._make_lane = make_lane
        self._lanes: dict[K, L] = {}
        self._served: dict[K, int] = {}
        # One entry a lane: its account when it was last at the top, its number, its key.
        self._heap: list[tuple[int, int, K]] = []
        self._numbers = count()
        self._now = 0

    def lane(self, key: K) -> L:
        """The lane of `key`, opened if need be."""
        if key not in self._lanes:
            self._lanes[key] = self._make_lane(key)
            self._served[key] = self._now
            heappush(self._heap, (self._now, next(self._numbers), key))
        return self._lanes[key]

    def find(self, key: K) -> L | None:
        """The lane of `key` if it is open."""
        return self._lanes.get(key)

    def discard(self, key: K) -> None:
        """Forget the lane of `key` and its account before its turn; for a key that will not come back."""
        if key in self._lanes:
            del self._lanes[key], self._served[key]

    def charge(self, key: K, tokens: int) -> None:
        """Write `tokens` of service to the account of `key`; nothing where its lane was discarded meanwhile."""
        if key in self._served:
            self._served[key] += tokens

    def within(self, slack: int) -> list[L]:
        """The lanes served at most `slack` tokens more than the one whose turn it was last. O(n) in the keys."""
        return [lane for key, lane in self._lanes.items() if self._served[key] - self._now <= slack]

    def head(self) -> Offer | None:
        while self._heap:
            position, number, key = self._heap[0]
            if key not in self._lanes:
                heappop(self._heap)
                continue
            if self._served[key] > position:
                # Charged since: accounts only grow, so putting the entry right when it surfaces is enough.
                heapreplace(self._heap, (self._served[key], number, key))
                continue
            self._now = position
            offer = self._lanes[key].head()
            if offer is not None:
                return offer
            heappop(self._heap)
            del self._lanes[key], self._served[key]
        return None
