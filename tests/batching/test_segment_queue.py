"""How batches form: budget, nearness, priority, fairness, and that no segment is lost or served twice."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
from batching_runs import limits, request
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.batching.jobs import Batch, Expelled, Group, Key, Reason, State, Ticket, Waiter
from service.batching.segment_queue import INTERACTIVE_RUN, QUIET_SECONDS, SegmentQueue
from service.types import GREEDY, DecodeOptions, Priority, RequestContext

GROUP = Group("model", GREEDY)


def put(queue: SegmentQueue, ticket: Ticket, tokens: int, text: str, group: Group = GROUP) -> Waiter:
    waiter = Waiter(ticket, Key(group, text), 0.0)
    queue.add(waiter, tokens)
    return waiter


def texts(batch: Batch | None) -> list[str]:
    assert batch is not None
    return [job.key.text for job in batch.jobs]


def test_batch_is_filled_with_the_nearest_lengths_whoever_asked():
    queue = SegmentQueue(limits(max_batch_tokens=40, max_batch_rows=8))
    mine, other = Ticket(request("a", "a")), Ticket(request("b", "b"))
    put(queue, mine, 10, "head")
    for tokens in (1, 5, 9, 12, 30):
        put(queue, other, tokens, str(tokens))
    # 10, 9 and 12 make 3 x 12 = 36 padded tokens; a fourth row would make 48.
    assert texts(queue.take(0.0)) == ["head", "9", "12"]


def test_fill_stops_where_padding_would_outweigh_the_work():
    queue = SegmentQueue(limits(max_batch_tokens=1000, max_batch_rows=16))
    ticket = Ticket(request("a"))
    put(queue, ticket, 60, "long")
    put(queue, ticket, 40, "middle")
    for number in range(10):
        put(queue, ticket, 4, f"short{number}")
    assert texts(queue.take(0.0)) == ["long", "middle"]
    assert len(texts(queue.take(0.0))) == 10


def test_bulk_work_takes_shorter_batches_until_nobody_has_waited_for_a_while():
    queue = SegmentQueue(limits(max_batch_tokens=40, max_batch_rows=16))
    bulk, other = Ticket(request("a", bulk=True)), Ticket(request("b"))
    for number in range(40):
        put(queue, bulk, 4, f"bulk{number}")
    assert len(texts(queue.take(0.0))) == 10
    for number in range(10):
        put(queue, other, 4, f"interactive{number}")
    assert len(texts(queue.take(0.0))) == 10
    assert len(texts(queue.take(QUIET_SECONDS - 0.1))) == 2
    assert len(texts(queue.take(QUIET_SECONDS))) == 10


def test_segment_over_the_budget_goes_alone_and_at_once():
    queue = SegmentQueue(limits(max_batch_tokens=50))
    ticket = Ticket(request("a"))
    put(queue, ticket, 500, "huge")
    put(queue, ticket, 500, "huge too")
    put(queue, ticket, 3, "small")
    assert [texts(queue.take(0.0)) for _ in range(3)] == [["huge"], ["huge too"], ["small"]]


def test_work_of_a_request_that_is_over_goes_on_for_another_that_asked_for_it():
    queue = SegmentQueue(limits())
    gone, other = Ticket(request("a")), Ticket(request("b"))
    put(queue, gone, 5, "shared")
    put(queue, other, 5, "shared")
    # Found out only when the work is taken, on the account of the one that is gone.
    gone.context.cancelled.set()
    batch = queue.take(0.0)
    assert texts(batch) == ["shared"]
    assert [one.waiter.ticket for one in batch.expelled] == [gone]
    assert [waiter.ticket for waiter in queue.finish(batch.jobs[0])] == [other]
    assert queue.take(0.0) is None


def test_groups_are_never_mixed():
    queue = SegmentQueue(limits())
    ticket = Ticket(request("a"))
    beam, other = Group("model", DecodeOptions(beam=4)), Group("other", GREEDY)
    for group in (GROUP, beam, other, GROUP):
        put(queue, ticket, 5, "same text", group)
    batches = [queue.take(0.0) for _ in range(3)]
    assert [[job.key.group for job in batch.jobs] for batch in batches if batch] == [[GROUP], [beam], [other]]
    assert queue.take(0.0) is None


def test_idle_workers_are_left_their_share_of_the_rows():
    queue = SegmentQueue(limits(max_batch_rows=8))
    ticket = Ticket(request("a"))
    for number in range(6):
        put(queue, ticket, 5, str(number))
    assert len(texts(queue.take(0.0, idle=1))) == 3
    assert len(texts(queue.take(0.0, idle=0))) == 3


def test_interactive_goes_before_bulk_and_takes_no_bulk_rows_along():
    queue = SegmentQueue(limits())
    bulk, interactive = Ticket(request("b", bulk=True)), Ticket(request("i"))
    for number in range(20):
        put(queue, bulk, 5, f"bulk{number}")
    put(queue, interactive, 5, "urgent")
    assert texts(queue.take(0.0)) == ["urgent"]
    assert texts(queue.take(0.0))[0] == "bulk0"


def test_bulk_segment_is_promoted_when_an_interactive_request_asks_for_the_same():
    queue = SegmentQueue(limits(max_batch_rows=1))
    bulk, interactive = Ticket(request("b", bulk=True)), Ticket(request("i"))
    for number in range(5):
        put(queue, bulk, 5, f"bulk{number}")
    put(queue, interactive, 5, "bulk4")
    batch = queue.take(0.0)
    assert texts(batch) == ["bulk4"]
    assert batch is not None
    assert {waiter.ticket for waiter in queue.finish(batch.jobs[0])} == {bulk, interactive}
    assert [texts(queue.take(0.0)) for _ in range(4)] == [[f"bulk{number}"] for number in range(4)]


def test_promoted_segment_falls_back_when_the_interactive_request_is_dropped():
    queue = SegmentQueue(limits(max_batch_rows=1))
    bulk, interactive = Ticket(request("b", bulk=True)), Ticket(request("i"))
    put(queue, bulk, 5, "first")
    put(queue, bulk, 5, "shared")
    put(queue, interactive, 5, "shared")
    assert len(queue.drop(interactive, Reason.CANCELLED)) == 1
    assert [texts(queue.take(0.0)) for _ in range(2)] == [["first"], ["shared"]]


def test_bulk_is_not_stopped_by_interactive_work_without_end():
    queue = SegmentQueue(limits(max_batch_rows=1))
    bulk, interactive = Ticket(request("b", bulk=True)), Ticket(request("i"))
    put(queue, bulk, 5, "bulk")
    for number in range(2 * INTERACTIVE_RUN):
        put(queue, interactive, 5, f"urgent{number}")
    order = [texts(queue.take(0.0))[0] for _ in range(2 * INTERACTIVE_RUN + 1)]
    assert order.index("bulk") == INTERACTIVE_RUN


def test_small_request_is_not_crowded_out_of_batches_by_a_large_one():
    queue = SegmentQueue(limits(max_batch_tokens=160, max_batch_rows=16))
    large, small = Ticket(request("large", "large")), Ticket(request("small", "small"))
    for number in range(5_000):
        put(queue, large, 10, f"large{number}")
    for number in range(40):
        # Each has plenty of the other's as near as can be, and few of its own.
        put(queue, small, 6 + number % 9, f"small{number}")
    served = Counter[str]()
    batches = 0
    while served["small"] < 40:
        served.update(text[:5] for text in texts(queue.take(0.0)))
        batches += 1
    # 400 tokens of one and as many of the other, give or take the batch that one may be ahead.
    assert served["large"] <= 40 + 2 * 16
    assert batches <= 12


def test_late_client_with_one_segment_is_next_behind_thousands():
    queue = SegmentQueue(limits(max_batch_tokens=1024, max_batch_rows=16))
    feed, reader = Ticket(request("feed", "feed")), Ticket(request("reader", "reader"))
    for number in range(5_000):
        put(queue, feed, 5 + number % 40, f"feed{number}")
    for _ in range(10):
        queue.take(0.0)
    # So much longer that no batch of the feed's takes it along: only its own turn brings it out.
    put(queue, reader, 900, "one")
    assert texts(queue.take(0.0)) == ["one"]


def test_requests_of_one_client_share_too():
    queue = SegmentQueue(limits(max_batch_rows=1))
    large, small = Ticket(request("large", "proxy")), Ticket(request("small", "proxy"))
    for number in range(100):
        put(queue, large, 5, f"large{number}")
    queue.take(0.0)
    put(queue, small, 5, "small")
    assert "small" in [texts(queue.take(0.0))[0] for _ in range(2)]


def test_client_that_was_away_is_owed_nothing():
    queue = SegmentQueue(limits(max_batch_rows=1))
    present, away = Ticket(request("p", "present")), Ticket(request("a", "away"))
    put(queue, away, 5, "away before")
    for number in range(100):
        put(queue, present, 5, f"present{number}")
    for _ in range(50):
        queue.take(0.0)
    for number in range(10):
        put(queue, away, 5, f"away{number}")
    clients = Counter(batch.jobs[0].key.text[:4] for batch in (queue.take(0.0) for _ in range(10)) if batch)
    assert clients == {"pres": 5, "away": 5}


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(1, 30), min_size=30, max_size=60), min_size=2, max_size=4),
    rows=st.integers(1, 6),
)
def test_backlogged_clients_are_served_alike(sizes: list[list[int]], rows: int):
    budget = 60
    queue = SegmentQueue(limits(max_batch_tokens=budget, max_batch_rows=rows))
    tickets = [Ticket(request(str(number), str(number))) for number in range(len(sizes))]
    for client, (ticket, lengths) in enumerate(zip(tickets, sizes, strict=True)):
        for number, tokens in enumerate(lengths):
            put(queue, ticket, tokens, f"{client}-{number}")
    left, served = Counter({str(client): len(lengths) for client, lengths in enumerate(sizes)}), Counter[str]()
    while min(left[str(client)] for client in range(len(sizes))) > 0:
        batch = queue.take(0.0)
        assert batch is not None
        for job in batch.jobs:
            client = job.key.text.split("-")[0]
            served[client] += job.tokens
            left[client] -= 1
        shares = [served[str(client)] for client in range(len(sizes))]
        # Nobody rides along who is ahead by a budget already, so nobody gets further ahead than that and one batch.
        assert max(shares) - min(shares) <= 2 * budget


class QueueLife(RuleBasedStateMachine):
    """Any sequence of what requests, workers and clocks do to the queue, checked against a plain set of waiters."""

    MAX_TOKENS, MAX_ROWS = 24, 4

    def __init__(self) -> None:
        super().__init__()
        self.queue = SegmentQueue(limits(max_batch_tokens=self.MAX_TOKENS, max_batch_rows=self.MAX_ROWS))
        self.now = 0.0
        self.tickets: list[Ticket] = []
        # In the order they came: a set has another one in every run, and so another choice in `cancel_future`.
        self.outstanding: dict[Waiter, None] = {}
        self.running: list[Batch] = []
        self.groups = [Group("a", GREEDY), Group("a", DecodeOptions(beam=2)), Group("b", GREEDY)]
        self.interactive_run = 0

    def tokens(self, key: Key) -> int:
        return 1 + int(key.text)

    def waiting_keys(self) -> set[Key]:
        taken = {job.key for batch in self.running for job in batch.jobs}
        return {waiter.key for waiter in self.outstanding} - taken

    def leave(self, waiter: Waiter) -> None:
        assert waiter in self.outstanding, "a waiter was answered twice"
        del self.outstanding[waiter]

    def expel(self, expelled: tuple[Expelled, ...] | list[Expelled]) -> None:
        for waiter, reason in expelled:
            self.leave(waiter)
            context = waiter.ticket.context
            if reason is Reason.DEADLINE:
                assert context.deadline is not None
                assert context.deadline <= self.now
            else:
                assert context.cancelled.is_set() or waiter.future.cancelled()

    @rule(client=st.sampled_from("xyz"), bulk=st.booleans(), patience=st.none() | st.integers(0, 20))
    def arrive(self, client: str, bulk: bool, patience: int | None) -> None:
        deadline = None if patience is None else self.now + patience
        context = RequestContext("r", client, Priority.BULK if bulk else Priority.INTERACTIVE, deadline)
        self.tickets.append(Ticket(context))

    @rule(data=st.data(), group=st.integers(0, 2), lengths=st.lists(st.integers(0, 30), max_size=6))
    def submit(self, data: st.DataObject, group: int, lengths: list[int]) -> None:
        if not self.tickets:
            return
        ticket = data.draw(st.sampled_from(self.tickets))
        for length in lengths:
            key = Key(self.groups[group], str(length))
            waiter = Waiter(ticket, key, self.now)
            self.queue.add(waiter, self.tokens(key))
            self.outstanding[waiter] = None

    @rule(idle=st.integers(0, 3))
    def take(self, idle: int) -> None:
        batch = self.queue.take(self.now, idle)
        if batch is None:
            assert not self.waiting_keys()
            return
        self.expel(batch.expelled)
        if not batch.jobs:
            return
        self.running.append(batch)
        assert len({job.key.group for job in batch.jobs}) == 1
        assert len(batch.jobs) == 1 or not batch.alone
        if len(batch.jobs) > 1:
            assert len(batch.jobs) <= self.MAX_ROWS
            assert batch.padded_tokens <= self.MAX_TOKENS
            assert batch.tokens * 2 >= batch.padded_tokens
        for job in batch.jobs:
            assert job.state is State.TAKEN
            assert job.tokens == self.tokens(job.key)
            assert job.waiters
            for waiter in job.waiters:
                assert waiter in self.outstanding
                assert waiter.ticket.verdict(self.now) is None
                assert not waiter.future.cancelled()
        self.check_priority(batch)

    def check_priority(self, batch: Batch) -> None:
        waiting = self.waiting_keys()
        urgent = {
            waiter.key
            for waiter in self.outstanding
            if waiter.ticket.context.priority is Priority.INTERACTIVE
            and waiter.ticket.verdict(self.now) is None
            and not waiter.future.cancelled()
        }
        if urgent & {job.key for job in batch.jobs}:
            self.interactive_run += 1
            return
        assert not urgent & waiting or self.interactive_run >= INTERACTIVE_RUN
        self.interactive_run = 0

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        if not self.running:
            return
        batch = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        for job in batch.jobs:
            for waiter in self.queue.finish(job):
                assert waiter.key == job.key
                self.leave(waiter)

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        if not self.running:
            return
        batch = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        for job in batch.jobs:
            self.queue.run_alone(job)

    @rule(data=st.data())
    def cancel_request(self, data: st.DataObject) -> None:
        if self.tickets:
            data.draw(st.sampled_from(self.tickets)).context.cancelled.set()

    @rule(data=st.data())
    def drop_request(self, data: st.DataObject) -> None:
        if self.tickets:
            ticket = data.draw(st.sampled_from(self.tickets))
            self.tickets.remove(ticket)
            ticket.context.cancelled.set()
            self.expel(self.queue.drop(ticket, Reason.CANCELLED))
            assert not any(waiter.ticket is ticket for waiter in self.outstanding)

    @rule(data=st.data())
    def cancel_future(self, data: st.DataObject) -> None:
        if self.outstanding:
            data.draw(st.sampled_from(list(self.outstanding))).future.cancel()

    @rule(seconds=st.integers(1, 10))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def accounts_agree(self) -> None:
        waiting = self.waiting_keys()
        assert self.queue.segments == len(waiting)
        assert self.queue.tokens == sum(self.tokens(key) for key in waiting)

    def teardown(self) -> None:
        while self.running or self.outstanding:
            for batch in self.running:
                for job in batch.jobs:
                    for waiter in self.queue.finish(job):
                        self.leave(waiter)
            self.running = []
            if self.outstanding:
                before = len(self.outstanding)
                self.take(0)
                assert self.running or len(self.outstanding) < before, "segments wait, yet nothing is due"
        assert self.queue.take(self.now) is None
        assert self.queue.tokens == self.queue.segments == 0


TestQueueLife = QueueLife.TestCase
TestQueueLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
