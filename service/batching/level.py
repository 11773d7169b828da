"""The queued jobs of one priority: whose turn it is, who may ride along, what has to run alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

import msgspec

from service.batching.jobs import Job, State, Ticket
from service.batching.request_lane import RequestLane
from service.batching.turns import Offer, Turns

# A batch is filled only while this share of its padded tokens is real. What padding costs depends on the engine; for
# students, shares from 0.4 to 0.8 are alike.
LEAST_FILL = 0.6


class Forming(msgspec.Struct):
    """A batch while it fills, within `max_tokens` padded tokens and `max_rows` rows."""

    max_tokens: int
    max_rows: int
    jobs: list[Job] = msgspec.field(default_factory=list)
    longest: int = 0
    real: int = 0

    def fits(self, tokens: int) -> bool:
        """Whether a row of so many tokens may be added; if not, neither may one that differs more from the others."""
        rows = len(self.jobs) + 1
        padded = max(self.longest, tokens) * rows
        return rows <= self.max_rows and padded <= self.max_tokens and self.real + tokens >= LEAST_FILL * padded

    def add(self, job: Job) -> None:
        self.jobs.append(job)
        self.longest = max(self.longest, job.tokens)
        self.real += job.tokens


class Level:
    """Fair among clients, then among the requests of a client, then first come, first served."""

    def __init__(self) -> None:
        self._clients: Turns[str, Turns[Ticket, RequestLane]] = Turns(lambda _client: Turns(RequestLane))
        self._alone: deque[Job] = deque()

    def enqueue(self, ticket: Ticket, job: Job) -> None:
        self._clients.lane(ticket.context.client).lane(ticket).push(job)

    def enqueue_alone(self, job: Job) -> None:
        """Queue a job whose batch failed; it goes before the others, since it had its turn."""
        self._alone.append(job)

    def forget(self, ticket: Ticket) -> None:
        """Let go of what `ticket` has queued here; the jobs themselves may still be wanted by others."""
        requests = self._clients.find(ticket.context.client)
        if requests is not None:
            requests.discard(ticket)

    def alone(self) -> Job | None:
        """The job to run alone that is next."""
        while self._alone and self._alone[0].state is not State.ALONE:
            self._alone.popleft()
        return self._alone[0] if self._alone else None

    def head(self) -> Offer | None:
        """The job whose turn it is."""
        return self._clients.head()

    def charge(self, offer: Offer) -> None:
        """Book the job on the accounts of the request and its client."""
        client = offer.ticket.context.client
        self._clients.charge(client, offer.job.tokens)
        self._clients.lane(client).charge(offer.ticket, offer.job.tokens)

    def fill(self, forming: Forming, take: Callable[[Offer], bool]) -> None:
        """Add rows to a batch that has its head: of the same group, nearest to it in length.

        Who is ahead of the others by more than a batch of tokens already does not ride along: much work of one request
        lies near any length, and would fill the batches that others wait for. `take` claims a job; False if it may not
        be run after all. Costs O(r) to begin with, r the number of requests, then O(log r) a row.
        """
        head = forming.jobs[0]

        def push(lane: RequestLane, number: int) -> None:
            offer = lane.nearest(head.key.group, head.tokens, forming.fits)
            if offer is not None:
                heappush(nearest, (abs(offer.job.tokens - head.tokens), number, lane, offer))

        nearest: list[tuple[int, int, RequestLane, Offer]] = []
        lanes = [
            lane
            for requests in self._clients.within(forming.max_tokens)
            for lane in requests.within(forming.max_tokens)
        ]
        for number, lane in enumerate(lanes):
            push(lane, number)
        while nearest and len(forming.jobs) < forming.max_rows:
            _, number, lane, offer = heappop(nearest)
            job = offer.job
            # The offer may have been overtaken: another row made the batch longer, or another lane held the same job.
            if job.state is State.QUEUED and forming.fits(job.tokens) and take(offer):
                self.charge(offer)
                forming.add(job)
            push(lane, number)
