"""The model pool: one load however many ask, leases that hold, a budget that is kept, failures that are told to all."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pool_engines import PATIENCE, SizedEngine, Yard

from service.errors import EngineFailure, ModelCorrupt, ShuttingDown
from service.models.pool import ModelPool


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def names(pool: ModelPool) -> list[str]:
    return [model.model_id for model in pool.loaded()]


def use(pool: ModelPool, model_id: str) -> str:
    with pool.lease(model_id) as engine:
        return engine.translate(["text"])[0].text


def test_lease_gives_the_engine_and_says_so():
    clock, yard = Clock(), Yard()

    def load(model_id: str) -> SizedEngine:
        clock.now += 2.0
        return yard.load(model_id)

    pool = ModelPool(load, budget_bytes=100, clock=clock)
    with pool.lease("a") as engine:
        assert engine.translate(["x"])[0].text == "a: x"
        (model,) = pool.loaded()
        assert (model.model_id, model.bytes, model.leases, model.load_seconds) == ("a", 10, 1, 2.0)
        clock.now = 7.0
    (model,) = pool.loaded()
    assert (model.leases, model.last_used) == (0, 7.0)
    assert use(pool, "a") == "a: text"
    assert yard.loads == {"a": 1}


def test_two_hundred_first_requests_load_each_model_once():
    yard = Yard()
    everyone = threading.Barrier(200)
    pool = ModelPool(yard.load, budget_bytes=1_000)

    def ask(number: int) -> str:
        everyone.wait(PATIENCE)
        return use(pool, "ab"[number % 2])

    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(ask, range(200)))
    assert answers == [f"{'ab'[number % 2]}: text" for number in range(200)]
    assert yard.loads == {"a": 1, "b": 1}
    assert all(model.leases == 0 for model in pool.loaded())


def test_those_who_waited_for_a_load_have_the_engine_even_under_pressure():
    yard = Yard(size=10)
    loading, go_on = threading.Event(), threading.Event()

    def load(model_id: str) -> SizedEngine:
        if model_id == "wanted":
            loading.set()
            assert go_on.wait(PATIENCE)
        return yard.load(model_id)

    pool = ModelPool(load, budget_bytes=10)
    with ThreadPoolExecutor(21) as threads:
        waiters = [threads.submit(use, pool, "wanted") for _ in range(20)]
        assert loading.wait(PATIENCE)
        rival = threads.submit(use, pool, "rival")
        go_on.set()
        assert {waiter.result(PATIENCE) for waiter in waiters} == {"wanted: text"}
        assert rival.result(PATIENCE) == "rival: text"
    assert yard.loads["rival"] == 1
    assert yard.loads["wanted"] <= 2
    assert yard.live <= 10


def test_models_are_loaded_side_by_side():
    yard, both = Yard(), threading.Barrier(2)

    def load(model_id: str) -> SizedEngine:
        both.wait(PATIENCE)
        return yard.load(model_id)

    pool = ModelPool(load, budget_bytes=100)
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lambda name: use(pool, name), "ab")) == ["a: text", "b: text"]


def test_loaded_model_is_leased_while_another_loads():
    yard, loading, go_on = Yard(), threading.Event(), threading.Event()

    def load(model_id: str) -> SizedEngine:
        if model_id == "slow":
            loading.set()
            assert go_on.wait(PATIENCE)
        return yard.load(model_id)

    pool = ModelPool(load, budget_bytes=100)
    use(pool, "ready")
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(use, pool, "slow")
        assert loading.wait(PATIENCE)
        assert use(pool, "ready") == "ready: text"
        assert names(pool) == ["ready"]
        go_on.set()
        assert slow.result(PATIENCE) == "slow: text"


def test_least_recently_used_goes_first():
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=30)
    for model_id in "abcabd":
        use(pool, model_id)
    assert names(pool) == ["a", "b", "d"]
    assert yard.live == 30


def test_known_size_makes_room_before_the_load():
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=20, expected_bytes=yard.size)
    for model_id in "abcabc":
        use(pool, model_id)
    assert yard.peak == 20


def test_size_once_seen_makes_room_before_the_next_load():
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=20)
    for model_id in "abc":
        use(pool, model_id)
    yard.peak = 0
    for model_id in "abc":
        use(pool, model_id)
    assert yard.peak == 20


def test_model_over_the_whole_budget_is_loaded_alone_and_kept(caplog: pytest.LogCaptureFixture):
    yard = Yard(sizes={"huge": 500})
    pool = ModelPool(yard.load, budget_bytes=100, expected_bytes=yard.size)
    use(pool, "small")
    with caplog.at_level(logging.WARNING):
        use(pool, "huge")
    assert "huge is loaded over the budget" in caplog.text
    assert names(pool) == ["huge"]
    use(pool, "huge")
    assert yard.loads["huge"] == 1
    use(pool, "small")
    assert names(pool) == ["small"]


def test_thread_that_holds_a_lease_does_not_wait_for_its_own_return(caplog: pytest.LogCaptureFixture):
    yard, done = Yard(size=10), threading.Event()
    pool = ModelPool(yard.load, budget_bytes=10, expected_bytes=yard.size, wait_seconds=100 * PATIENCE)

    def nest() -> None:
        with pool.lease("a") as first:
            with pool.lease("b") as second:
                assert first.translate(["x"])[0].text == "a: x"
                assert second.translate(["x"])[0].text == "b: x"
            assert names(pool) == ["a"]
        done.set()

    with caplog.at_level(logging.WARNING):
        threading.Thread(target=nest, daemon=True).start()
        assert done.wait(PATIENCE)
    assert "b is loaded over the budget" in caplog.text
    assert names(pool) == ["a"]


def test_load_waits_until_a_lease_makes_room():
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=10, expected_bytes=yard.size, wait_seconds=PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        with pool.lease("a"):
            waiting = threads.submit(use, pool, "b")
            with pytest.raises(TimeoutError):
                waiting.result(0.05)
        assert waiting.result(PATIENCE) == "b: text"
    assert yard.peak == 10
    assert names(pool) == ["b"]


def test_load_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture):
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=10, expected_bytes=yard.size, wait_seconds=0.01)
    with pool.lease("a"), ThreadPoolExecutor(1) as threads, caplog.at_level(logging.WARNING):
        assert threads.submit(use, pool, "b").result(PATIENCE) == "b: text"
    assert "b is loaded over the budget" in caplog.text
    assert yard.live <= 10


def test_idle_models_go_at_the_next_lease_and_when_told():
    clock, yard = Clock(), Yard()
    pool = ModelPool(yard.load, budget_bytes=1_000, idle_seconds=60.0, clock=clock)
    with pool.lease("held"):
        use(pool, "a")
        clock.now = 59.0
        use(pool, "b")
        assert names(pool) == ["held", "a", "b"]
        clock.now = 60.0
        # "a" is asked for in time: it must not be unloaded only to be loaded again.
        use(pool, "a")
        clock.now = 119.0
        use(pool, "c")
        assert names(pool) == ["held", "a", "c"]
        clock.now = 1_000.0
        pool.evict_idle()
        assert names(pool) == ["held"]
    assert yard.loads == {"held": 1, "a": 1, "b": 1, "c": 1}


def test_nothing_is_idle_when_idle_time_is_zero():
    clock, yard = Clock(), Yard()
    pool = ModelPool(yard.load, budget_bytes=1_000, clock=clock)
    use(pool, "a")
    clock.now = 1e9
    pool.evict_idle()
    assert names(pool) == ["a"]


def test_failed_load_is_told_to_all_and_tried_again_after_a_growing_pause():
    clock, yard = Clock(), Yard()
    yard.failing["a"] = ModelCorrupt("model a is damaged: run the repair", model_id="a")
    pool = ModelPool(yard.load, budget_bytes=100, clock=clock)
    everyone = threading.Barrier(50)

    def ask(_: int) -> BaseException | None:
        everyone.wait(PATIENCE)
        try:
            use(pool, "a")
        except ModelCorrupt as error:
            return error
        return None

    with ThreadPoolExecutor(50) as threads:
        errors = list(threads.map(ask, range(50)))
    assert {str(error) for error in errors} == {"model a is damaged: run the repair"}
    assert {getattr(error, "model_id", None) for error in errors} == {"a"}
    assert len({id(error) for error in errors}) == 50
    assert yard.loads == {"a": 1}
    tries = []
    for second in range(16):
        clock.now = float(second)
        with pytest.raises(ModelCorrupt):
            use(pool, "a")
        tries.append(yard.loads["a"])
    # Seconds 1, 3 and 7: the pause is 1, 2, 4, then 8 s.
    assert tries == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    del yard.failing["a"]
    clock.now = 1_000.0
    assert use(pool, "a") == "a: text"
    assert pool.loaded()[0].bytes == 10


def test_foreign_error_of_a_load_becomes_one_of_ours():
    yard = Yard()
    yard.failing["a"] = ValueError("some library's words")
    pool = ModelPool(yard.load, budget_bytes=100)
    for _ in range(2):
        with pytest.raises(EngineFailure, match=r"model a could not be loaded \(ValueError\)") as failure:
            use(pool, "a")
        assert isinstance(failure.value.__cause__, ValueError)
    assert yard.loads == {"a": 1}


def test_thread_that_is_ended_while_it_loads_blames_nobody():
    yard = Yard()
    yard.failing["a"] = SystemExit(1)
    pool = ModelPool(yard.load, budget_bytes=100)
    with pytest.raises(SystemExit):
        use(pool, "a")
    yard.failing.clear()
    assert use(pool, "a") == "a: text"


def test_close_unloads_now_what_is_free_and_the_rest_when_it_comes_back():
    yard = Yard()
    pool = ModelPool(yard.load, budget_bytes=100)
    use(pool, "free")
    with pool.lease("held") as engine:
        pool.close()
        assert names(pool) == ["held"]
        assert engine.translate(["x"])[0].text == "held: x"
        with pytest.raises(ShuttingDown):
            use(pool, "held")
    assert names(pool) == []
    assert yard.live == 0
    pool.close()


def test_close_wakes_a_load_that_waits_for_room():
    yard = Yard(size=10)
    pool = ModelPool(yard.load, budget_bytes=10, expected_bytes=yard.size, wait_seconds=PATIENCE)
    with pool.lease("a"), ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(use, pool, "b")
        with pytest.raises(TimeoutError):
            waiting.result(0.05)
        pool.close()
        assert isinstance(waiting.exception(PATIENCE), ShuttingDown)


def test_engine_that_cannot_be_closed_does_not_stop_the_others(caplog: pytest.LogCaptureFixture):
    class Stuck(SizedEngine):
        def close(self) -> None:
            super().close()
            raise OSError("device is gone")

    yard = Yard()
    pool = ModelPool(lambda model_id: Stuck(yard, model_id, 10), budget_bytes=10)
    for model_id in "abc":
        assert use(pool, model_id) == f"{model_id}: text"
    assert "closing a model failed" in caplog.text
    assert names(pool) == ["c"]


def test_error_inside_the_lease_gives_the_model_back():
    pool = ModelPool(Yard().load, budget_bytes=10)
    with pytest.raises(RuntimeError, match="caller"), pool.lease("a"):
        raise RuntimeError("caller")
    assert pool.loaded()[0].leases == 0


def in_threads(work: Callable[[random.Random], None], threads: int, turns: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        plays: list[Future[None]] = [
            pool.submit(lambda seed: [work(random.Random(seed * turns + turn)) for turn in range(turns)], seed)
            for seed in range(threads)
        ]
    for play in plays:
        play.result(0)


@pytest.mark.parametrize("known", [False, True])
def test_ten_thousand_leases_over_thirty_models_in_room_for_three(known: bool):
    yard = Yard(size=100)
    pool = ModelPool(yard.load, budget_bytes=300, expected_bytes=yard.size if known else None, wait_seconds=PATIENCE)

    def work(chance: random.Random) -> None:
        model_id = str(min(29, int(chance.expovariate(0.2))))
        with pool.lease(model_id) as engine:
            assert engine.translate(["x"])[0].text == f"{model_id}: x"

    in_threads(work, threads=8, turns=1_250)
    assert yard.live == sum(model.bytes for model in pool.loaded()) <= 300
    assert not known or yard.peak <= 300
    assert sum(yard.loads.values()) < 10_000
    pool.close()
    assert yard.live == 0


@settings(max_examples=15, deadline=None)
@given(
    threads=st.integers(1, 8),
    budget=st.integers(1, 40),
    idle=st.sampled_from([0.0, 0.05]),
    trouble=st.sets(st.sampled_from("abcdefgh"), max_size=2),
)
def test_nested_leases_failures_and_idle_time_never_lock_up(threads: int, budget: int, idle: float, trouble: set[str]):
    yard = Yard(size=10)
    yard.failing = {name: EngineFailure(f"{name} is broken") for name in trouble}
    clock = Clock()
    pool = ModelPool(
        yard.load,
        budget_bytes=budget,
        idle_seconds=idle,
        wait_seconds=0.001,
        expected_bytes=yard.size,
        clock=clock,
    )

    def work(chance: random.Random) -> None:
        outer, inner = chance.choice("abcdefgh"), chance.choice("abcdefgh")
        clock.now += 0.01
        try:
            with pool.lease(outer) as first:
                assert use(pool, inner) == f"{inner}: text"
                assert first.translate(["x"])[0].text == f"{outer}: x"
        except EngineFailure:
            assert trouble & {outer, inner}

    in_threads(work, threads, turns=20)
    assert all(model.leases == 0 for model in pool.loaded())
    assert yard.live == sum(model.bytes for model in pool.loaded()) <= max(10, budget)
    pool.close()
    assert yard.live == 0


class PoolLife(RuleBasedStateMachine):
    """One thread's view: any order of leases, returns, failures and pauses keeps the books right."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.yard = Yard(sizes={"a": 5, "b": 10, "c": 20, "d": 60})
        self.pool = ModelPool(
            self.yard.load,
            budget_bytes=40,
            idle_seconds=30.0,
            wait_seconds=0.0,
            expected_bytes=self.yard.size,
            clock=self.clock,
        )
        self.leases: list[tuple[str, object, SizedEngine]] = []

    @rule(model_id=st.sampled_from("abcd"))
    def lease(self, model_id: str) -> None:
        lease = self.pool.lease(model_id)
        if model_id in self.yard.failing and model_id not in names(self.pool):
            with pytest.raises(EngineFailure):
                lease.__enter__()
            return
        try:
            engine = lease.__enter__()
        except EngineFailure:
            # Mended, but the pause is not over.
            return
        assert isinstance(engine, SizedEngine)
        self.leases.append((model_id, lease, engine))

    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        if self.leases:
            _, lease, _ = self.leases.pop(data.draw(st.integers(0, len(self.leases) - 1)))
            lease.__exit__(None, None, None)  # type: ignore[attr-defined]

    @rule(model_id=st.sampled_from("abcd"))
    def break_model(self, model_id: str) -> None:
        self.yard.failing[model_id] = EngineFailure(f"{model_id} is broken")

    @rule()
    def mend_all(self) -> None:
        self.yard.failing.clear()

    @rule(seconds=st.integers(1, 40))
    def pass_time(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def evict(self) -> None:
        self.pool.evict_idle()

    @invariant()
    def books_are_right(self) -> None:
        models = {model.model_id: model for model in self.pool.loaded()}
        for model_id in "abcd":
            held = sum(name == model_id for name, _, _ in self.leases)
            assert (models[model_id].leases if model_id in models else 0) == held
        assert not any(engine.closed for _, _, engine in self.leases)
        assert self.yard.live == sum(model.bytes for model in models.values())
        free = [model for model in models.values() if not model.leases]
        # Over the budget there is nothing left to unload, but for the one used last.
        assert self.yard.live <= 40 or len(free) <= 1


TestPoolLife = PoolLife.TestCase
TestPoolLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
