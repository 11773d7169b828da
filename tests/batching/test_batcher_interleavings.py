"""Whatever threads do to the batcher at once, every future ends exactly once, with the answer to its own text."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from batching_runs import PATIENCE, OpenRun, expected, hypotheses, limits, request
from hypothesis import given, settings

from service.batching import Batcher, Outcome, Part, Recall, TranslationMemory
from service.errors import Cancelled, DeadlineExceeded, EngineFailure, MancheteError, Overloaded, ShuttingDown
from service.types import GREEDY, DecodeOptions

SEARCHES = (GREEDY, DecodeOptions(beam=4, n_best=2))


@dataclass(frozen=True)
class Client:
    """What one client thread does: its submissions, and what befalls it meanwhile."""

    seed: int
    bulk: bool
    fate: str
    submissions: list[list[int]]


CLIENTS = st.lists(
    st.builds(
        Client,
        seed=st.integers(0, 1_000),
        bulk=st.booleans(),
        fate=st.sampled_from(["stays", "stays", "cancels", "drops", "leaves", "late"]),
        submissions=st.lists(st.lists(st.integers(1, 40), max_size=12), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Scene:
    """A batcher under test and what its clients got."""

    batcher: Batcher
    ends: list[tuple[str, Future[Outcome], str, bool]] = field(default_factory=list)
    resolved: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, future: Future[Outcome]) -> None:
        with self.lock:
            self.resolved[id(future)] += 1

    def play(self, number: int, client: Client) -> None:
        chance = random.Random(client.seed)
        deadline = time.monotonic() + chance.random() / 500 if client.fate == "late" else None
        context = request(str(number), str(number % 3), bulk=client.bulk, deadline=deadline)
        try:
            with self.batcher.admit(context) as ticket:
                for lengths in client.submissions:
                    # Few distinct texts, so that clients meet in the same segment.
                    texts = [f"{length}{'!' if chance.random() < 0.03 else ''}" for length in lengths]
                    model_id, options = chance.choice("ab"), chance.choice(SEARCHES)
                    futures = self.batcher.submit(ticket, model_id, texts, lengths, options)
                    for text, future in zip(texts, futures, strict=True):
                        future.add_done_callback(self.note)
                        answer = expected(model_id, text, options)
                        with self.lock:
                            self.ends.append((client.fate, future, answer, text.endswith("!")))
                    if client.fate == "cancels" and chance.random() < 0.5:
                        context.cancelled.set()
                    elif client.fate == "drops" and chance.random() < 0.5:
                        self.batcher.drop(context)
                    elif client.fate != "leaves":
                        for future in futures:
                            future.exception(PATIENCE)
        except (Cancelled, DeadlineExceeded):
            assert client.fate in ("cancels", "drops", "late")
        except Overloaded:
            pass

    def check(self) -> None:
        allowed: dict[str, tuple[type[MancheteError], ...]] = {
            "stays": (),
            "cancels": (Cancelled,),
            "drops": (Cancelled,),
            "leaves": (Cancelled,),
            "late": (DeadlineExceeded, Cancelled),
        }
        for fate, future, answer, poisoned in self.ends:
            assert future.done()
            assert self.resolved[id(future)] == 1
            error = future.exception(0)
            if error is None:
                assert not poisoned
                assert future.result(0).hypothesis.text == answer
            else:
                assert isinstance(error, (EngineFailure, *allowed[fate]) if poisoned else allowed[fate])


def run_or_fail(model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[Part]:
    whole = hypotheses(model_id, texts, options)
    for place, text in enumerate(texts):
        if text.endswith("!"):
            # Now and then so badly that the thread goes down with it.
            raise SystemExit(1) if len(texts) % 3 == 2 else ValueError("poisoned")
        if place % 2:
            yield {each: whole.pop(each) for each in (place, place - 1)}
    yield whole


@settings(max_examples=40, deadline=None)
@given(
    clients=CLIENTS,
    workers=st.integers(1, 4),
    rows=st.integers(1, 6),
    room=st.sampled_from([200, 100_000]),
    remembering=st.booleans(),
)
def test_every_future_ends_once_with_its_own_answer(
    clients: list[Client], workers: int, rows: int, room: int, remembering: bool
):
    recall = Recall(TranslationMemory(10_000), lambda model_id: f"signature of {model_id}") if remembering else None
    bounds = limits(workers=workers, max_batch_rows=rows, max_queue_tokens=max(room, 12 * 40 * 2))
    scene = Scene(Batcher(run_or_fail, bounds, recall=recall))
    with ThreadPoolExecutor(len(clients)) as threads:
        plays = [threads.submit(scene.play, number, client) for number, client in enumerate(clients)]
    for play in plays:
        play.result(0)
    assert scene.batcher.close(PATIENCE).segments == 0
    scene.check()
    load = scene.batcher.load()
    assert (load.requests, load.segments, load.tokens, load.batches) == (0, 0, 0, 0)


@settings(max_examples=20, deadline=None)
@given(workers=st.integers(1, 3), requests=st.integers(1, 6), delay=st.integers(0, 200))
def test_shutdown_in_the_middle_leaves_no_future_behind(workers: int, requests: int, delay: int):
    batcher = Batcher(OpenRun(), limits(workers=workers))
    futures: list[Future[Outcome]] = []
    lock = threading.Lock()

    def ask(number: int) -> None:
        try:
            with batcher.admit(request(str(number), str(number))) as ticket:
                for turn in range(20):
                    mine = batcher.submit(ticket, "m", [f"{number}-{turn}-{row}" for row in range(10)], [5] * 10)
                    with lock:
                        futures.extend(mine)
                    mine[0].exception(PATIENCE)
        except ShuttingDown:
            pass

    with ThreadPoolExecutor(requests) as threads:
        plays = [threads.submit(ask, number) for number in range(requests)]
        for _ in range(delay):
            time.sleep(0)
        batcher.close(0)
    for play in plays:
        play.result(0)
    for future in futures:
        assert future.done()
        assert isinstance(future.exception(0), ShuttingDown | Cancelled | None)


@pytest.mark.parametrize("workers", [1, 2])
def test_many_clients_of_one_sentence_beside_one_of_thousands(workers: int):
    """A model of the load that the service promises to bear: nobody waits for the 5,000 to end."""
    batcher = Batcher(OpenRun(), limits(workers=workers, max_batch_tokens=256, max_queue_tokens=400_000))
    with batcher.admit(request("feed", "feed", bulk=True)) as feed:
        bulk = batcher.submit(feed, "m", [f"bulk {n}" for n in range(5_000)], [5 + n % 40 for n in range(5_000)])

        def ask(number: int) -> str:
            with batcher.admit(request(str(number), f"reader {number % 8}")) as ticket:
                (future,) = batcher.submit(ticket, "m", [f"text {number}"], [10])
                return future.result(PATIENCE).hypothesis.text

        with ThreadPoolExecutor(8) as readers:
            answers = list(readers.map(ask, range(200)))
        assert answers == [expected("m", f"text {number}", GREEDY) for number in range(200)]
        texts = [future.result(PATIENCE).hypothesis.text for future in bulk]
        assert texts == [expected("m", f"bulk {number}", GREEDY) for number in range(5_000)]
    batcher.close(PATIENCE)
