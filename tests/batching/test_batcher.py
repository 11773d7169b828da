"""The batcher from outside: admission, order, deadlines, failures, shutdown. Real threads, held by semaphores."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future

import pytest
from batching_runs import PATIENCE, HeldRun, Notes, OpenRun, expected, hypotheses, limits, request

from service.batching import Batcher, Dropped, Limits, Outcome, Part, QueueLoad, Run
from service.errors import (
    Cancelled,
    ConfigurationError,
    DeadlineExceeded,
    EngineFailure,
    MancheteError,
    ModelCorrupt,
    Overloaded,
    ShuttingDown,
    TooLarge,
)
from service.types import GREEDY, DecodeOptions


class Lab:
    """A batcher with its notes and a clock that the test moves."""

    def __init__(self, run: Run, bounds: Limits) -> None:
        self.now = 0.0
        self.notes = Notes()
        self.batcher = Batcher(run, bounds, self.notes, clock=lambda: self.now)


@pytest.fixture
def held() -> Iterator[HeldRun]:
    run = HeldRun()
    yield run
    run.release(1_000)


def texts_of(futures: Sequence[Future[Outcome]]) -> list[str]:
    return [future.result(PATIENCE).hypothesis.text for future in futures]


def answers(texts: Sequence[str], model_id: str = "m", options: DecodeOptions = GREEDY) -> list[str]:
    return [expected(model_id, text, options) for text in texts]


def test_lone_segment_runs_at_once_and_says_how():
    lab = Lab(OpenRun(), limits(workers=2))
    with lab.batcher.admit(request("r")) as ticket:
        (future,) = lab.batcher.submit(ticket, "m", ["one"], [7])
        outcome = future.result(PATIENCE)
    assert outcome.hypothesis.text == expected("m", "one", GREEDY)
    assert (outcome.batch_rows, outcome.batch_tokens, outcome.queue_seconds) == (1, 7, 0.0)
    assert lab.batcher.close(PATIENCE) == Dropped(0, 0)


def test_batch_waits_in_the_queue_and_is_reported(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("r")) as ticket:
        first = lab.batcher.submit(ticket, "m", ["plug"], [5])
        held.wait_started()
        rest = lab.batcher.submit(ticket, "m", ["a", "b", "c"], [5, 6, 7])
        assert lab.batcher.load() == QueueLoad(requests=1, segments=3, tokens=18, batches=1)
        lab.now = 4.0
        held.release(2)
        assert texts_of(first + rest) == answers(["plug", "a", "b", "c"])
        assert {(o.queue_seconds, o.batch_rows, o.batch_tokens) for o in (f.result() for f in rest)} == {(4.0, 3, 21)}
    lab.batcher.close(PATIENCE)
    assert lab.notes.started == [("m", 1, 5), ("m", 3, 21)]
    report = lab.notes.reports[1]
    assert (report.model_id, report.rows, report.tokens, report.padded_tokens) == ("m", 3, 18, 21)
    assert (report.queue_seconds, report.infer_seconds, report.error) == ((4.0, 4.0, 4.0), 1.0, None)


def test_each_row_is_answered_when_its_own_hypothesis_is_there():
    go_on = threading.Event()

    def run(model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[Part]:
        whole = hypotheses(model_id, texts, options)
        yield {1: whole.pop(1)}
        assert go_on.wait(PATIENCE)
        yield whole

    lab = Lab(run, limits())
    with lab.batcher.admit(request("r")) as ticket:
        futures = lab.batcher.submit(ticket, "m", ["long", "short", "longer"], [5, 5, 5])
        assert texts_of(futures[1:2]) == answers(["short"])
        assert [future.done() for future in futures] == [False, True, False]
        assert lab.batcher.load().batches == 1
        # The same text asked for again, while the rest still runs, is computed again.
        again = lab.batcher.submit(ticket, "m", ["short", "other"], [5, 5])
        go_on.set()
        assert texts_of(futures + again) == answers(["long", "short", "longer", "short", "other"])
    lab.batcher.close(PATIENCE)
    assert [report.rows for report in lab.notes.reports] == [3, 2]
    assert [len(report.queue_seconds) for report in lab.notes.reports] == [3, 2]


def test_bulk_lets_an_interactive_request_by_after_the_batch_that_runs(held: HeldRun):
    lab = Lab(held, limits(max_batch_rows=2))
    with lab.batcher.admit(request("bulk", "feeds", bulk=True)) as bulk, lab.batcher.admit(request("i")) as ticket:
        many = [f"bulk{number}" for number in range(6)]
        work = lab.batcher.submit(bulk, "m", many, [5] * 6)
        held.wait_started()
        urgent = lab.batcher.submit(ticket, "m", ["urgent"], [5])
        held.release(2)
        assert texts_of(urgent) == answers(["urgent"])
        assert held.batches[1] == ["urgent"]
        held.release(2)
        assert texts_of(work) == answers(many)
    lab.batcher.close(PATIENCE)


def test_same_segment_is_computed_once_for_all_who_ask(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("a", "a")) as first, lab.batcher.admit(request("b", "b", bulk=True)) as second:
        running = lab.batcher.submit(first, "m", ["x"], [5])
        held.wait_started()
        joined = lab.batcher.submit(second, "m", ["x", "y", "y"], [5, 5, 5])
        apart = lab.batcher.submit(first, "m", ["y"], [5], DecodeOptions(beam=4))
        held.release(3)
        assert texts_of(running + joined) == answers(["x", "x", "y", "y"])
        assert texts_of(apart) == answers(["y"], options=DecodeOptions(beam=4))
    lab.batcher.close(PATIENCE)
    assert sorted(held.batches) == [["x"], ["y"], ["y"]]
    assert lab.notes.joined == 2


def test_coalesced_work_survives_the_request_that_brought_it(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("stays", "s")) as stays:
        plug = lab.batcher.submit(stays, "m", ["plug"], [5])
        held.wait_started()
        leaver = request("leaves", "l")
        with lab.batcher.admit(leaver) as leaves:
            gone = lab.batcher.submit(leaves, "m", ["shared", "own"], [5, 5])
            kept = lab.batcher.submit(stays, "m", ["shared"], [5])
            assert lab.batcher.drop(leaver) == 2
            assert leaver.cancelled.is_set()
            for future in gone:
                with pytest.raises(Cancelled):
                    future.result(0)
        held.release(2)
        assert texts_of(plug + kept) == answers(["plug", "shared"])
    lab.batcher.close(PATIENCE)
    assert held.batches == [["plug"], ["shared"]]
    assert lab.notes.drops == [("cancelled", 2)]


def test_concurrency_is_refused_at_once_and_comes_back():
    lab = Lab(OpenRun(), limits(max_concurrent_requests=2))
    with lab.batcher.admit(request("a")):
        with lab.batcher.admit(request("b")), pytest.raises(Overloaded, match="2 requests") as refusal:
            lab.batcher.admit(request("c")).__enter__()
        assert refusal.value.retry_after >= 1.0
        with lab.batcher.admit(request("c")):
            pass
    assert lab.notes.rejections == ["requests"]
    lab.batcher.close(PATIENCE)


def test_full_queue_refuses_the_whole_submission_and_says_when_to_retry(held: HeldRun):
    lab = Lab(held, limits(max_queue_tokens=100))
    with lab.batcher.admit(request("a")) as ticket:
        lab.batcher.submit(ticket, "m", ["plug"], [60])
        held.wait_started()
        lab.now = 600.0
        held.release()
        # A worker that needed 600 s for 60 tokens needs longer than the longest wait that is ever told for 90 more.
        lab.batcher.submit(ticket, "m", ["a"], [90])
        held.wait_started()
        lab.batcher.submit(ticket, "m", ["b"], [90])
        with pytest.raises(Overloaded, match="90 tokens") as refusal:
            lab.batcher.submit(ticket, "m", ["c", "d"], [5, 6])
        assert refusal.value.retry_after == 60.0
        assert lab.batcher.load().segments == 1
        # What is queued already costs nothing to ask for again.
        lab.batcher.submit(ticket, "m", ["b", "c"], [90, 10])
        held.release(3)
    assert lab.notes.rejections == ["queue"]
    lab.batcher.close(PATIENCE)


@pytest.mark.parametrize(("bulk", "room"), [(False, 80), (True, 70)])
def test_request_that_can_never_fit_is_told_so(bulk: bool, room: int):
    lab = Lab(OpenRun(), limits(max_queue_tokens=80, max_batch_tokens=1_000))
    with lab.batcher.admit(request("a", bulk=bulk)) as ticket:
        with pytest.raises(TooLarge, match=f"{room + 1} tokens are over the limit of {room}") as refusal:
            lab.batcher.submit(ticket, "m", ["a", "b"], [1, room])
        assert refusal.value.field == "text"
        assert texts_of(lab.batcher.submit(ticket, "m", ["fits"], [room])) == answers(["fits"])
    assert lab.notes.rejections == ["too-large"]
    lab.batcher.close(PATIENCE)


def test_deadline_that_passes_in_the_queue_removes_the_segments(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("plug")) as plug, lab.batcher.admit(request("late", deadline=5.0)) as late:
        first = lab.batcher.submit(plug, "m", ["plug"], [5])
        held.wait_started()
        doomed = lab.batcher.submit(late, "m", ["late1", "late2"], [5, 5])
        lab.now = 5.0
        held.release()
        for future in doomed:
            with pytest.raises(DeadlineExceeded):
                future.result(PATIENCE)
        assert texts_of(first) == answers(["plug"])
        with pytest.raises(DeadlineExceeded):
            lab.batcher.submit(late, "m", ["more"], [5])
    lab.batcher.close(PATIENCE)
    assert held.batches == [["plug"]]
    assert lab.notes.drops == [("deadline", 2)]


def test_cancelled_event_removes_the_segments(held: HeldRun):
    lab = Lab(held, limits())
    gone = request("gone")
    with lab.batcher.admit(request("plug")) as plug, lab.batcher.admit(gone) as ticket:
        lab.batcher.submit(plug, "m", ["plug"], [5])
        held.wait_started()
        (future,) = lab.batcher.submit(ticket, "m", ["unwanted"], [5])
        gone.cancelled.set()
        held.release()
        with pytest.raises(Cancelled):
            future.result(PATIENCE)
        with pytest.raises(Cancelled):
            lab.batcher.submit(ticket, "m", ["more"], [5])
    lab.batcher.close(PATIENCE)
    assert held.batches == [["plug"]]


def test_leaving_the_block_drops_what_is_left(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("plug")) as plug:
        first = lab.batcher.submit(plug, "m", ["plug"], [5])
        held.wait_started()
        with lab.batcher.admit(request("r")) as ticket:
            (future,) = lab.batcher.submit(ticket, "m", ["left"], [5])
        with pytest.raises(Cancelled):
            future.result(0)
        with pytest.raises(RuntimeError, match="given back"):
            lab.batcher.submit(ticket, "m", ["more"], [5])
        held.release()
        assert texts_of(first) == answers(["plug"])
    lab.batcher.close(PATIENCE)
    assert held.batches == [["plug"]]


def test_cancelled_future_is_not_run(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("r")) as ticket:
        lab.batcher.submit(ticket, "m", ["plug"], [5])
        held.wait_started()
        unwanted, wanted = lab.batcher.submit(ticket, "m", ["unwanted", "wanted"], [5, 5])
        assert unwanted.cancel()
        held.release(2)
        assert texts_of([wanted]) == answers(["wanted"])
        with pytest.raises(CancelledError):
            unwanted.result(0)
    lab.batcher.close(PATIENCE)
    assert held.batches == [["plug"], ["wanted"]]


TROUBLE: dict[str, Callable[[], BaseException]] = {
    "poison": lambda: ValueError("a text of the user's"),
    "refused": lambda: TooLarge("text: too long", field="text"),
    "memory": MemoryError,
    "exit": lambda: SystemExit(3),
    "interrupt": KeyboardInterrupt,
    "corrupt": lambda: ModelCorrupt("model m is damaged", model_id="m"),
    "closing": lambda: ShuttingDown("closing"),
}


class PickyRun(OpenRun):
    """Fails, or dies, when a batch holds a text that says so; the answers to those before it are given first."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def __call__(self, model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[Part]:
        assert self.gate.wait(PATIENCE)
        self.batches.append(list(texts))
        for place, hypothesis in hypotheses(model_id, texts, options).items():
            if texts[place] in TROUBLE:
                raise TROUBLE[texts[place]]()
            if texts[place] != "silence":
                yield {len(texts) if texts[place] == "beyond" else place: hypothesis}


def run_one_batch(run: PickyRun, texts: list[str], workers: int = 1) -> tuple[Lab, list[BaseException | str]]:
    """Put `texts` into one batch, behind a plug, and collect what each future ends with."""
    lab = Lab(run, limits(workers=workers))
    with lab.batcher.admit(request("r")) as ticket:
        plugs = lab.batcher.submit(ticket, "other", [f"plug{number}" for number in range(workers)], [1] * workers)
        futures = lab.batcher.submit(ticket, "m", texts, [5] * len(texts))
        run.gate.set()
        texts_of(plugs)
        ends = [future.exception(PATIENCE) or future.result().hypothesis.text for future in futures]
    return lab, ends


@pytest.mark.parametrize(
    ("word", "error"), [("poison", EngineFailure), ("refused", TooLarge), ("memory", EngineFailure)]
)
def test_poisoned_text_fails_alone(word: str, error: type[Exception]):
    run = PickyRun()
    lab, ends = run_one_batch(run, ["a", word, "b"])
    assert [ends[0], ends[2]] == answers(["a", "b"])
    assert isinstance(ends[1], error)
    assert "user" not in str(ends[1])
    lab.batcher.close(PATIENCE)
    assert run.batches[1:] == [["a", word, "b"], [word], ["b"]]
    assert lab.notes.deaths == 0
    failed = [report for report in lab.notes.reports if report.error]
    assert [report.rows for report in failed] == [3, 1]


@pytest.mark.parametrize("word", ["poison", "refused", "memory"])
def test_batch_that_fails_before_any_answer_is_run_row_by_row(word: str):
    run = PickyRun()
    lab, ends = run_one_batch(run, [word, "a", "b"])
    assert isinstance(ends[0], MancheteError)
    assert ends[1:] == answers(["a", "b"])
    lab.batcher.close(PATIENCE)
    assert run.batches[1:] == [[word, "a", "b"], [word], ["a"], ["b"]]


@pytest.mark.parametrize("word", ["silence", "beyond"])
def test_run_that_answers_too_little_or_what_was_not_asked_hands_nobody_anothers_text(word: str):
    run = PickyRun()
    lab, ends = run_one_batch(run, ["a", word, "b"])
    assert [ends[0], ends[2]] == answers(["a", "b"])
    assert isinstance(ends[1], EngineFailure)
    lab.batcher.close(PATIENCE)


@pytest.mark.parametrize(("word", "error"), [("corrupt", ModelCorrupt), ("closing", ShuttingDown)])
def test_failure_that_is_no_texts_fault_fails_the_batch_once(word: str, error: type[Exception]):
    run = PickyRun()
    lab, ends = run_one_batch(run, ["a", word, "b"])
    assert ends[0] == answers(["a"])[0]
    assert [type(end) for end in ends[1:]] == [error] * 2
    lab.batcher.close(PATIENCE)
    assert run.batches[1:] == [["a", word, "b"]]


@pytest.mark.parametrize(("word", "error"), [("corrupt", ModelCorrupt), ("closing", ShuttingDown)])
def test_failure_before_any_answer_that_is_no_texts_fault_fails_all(word: str, error: type[Exception]):
    run = PickyRun()
    lab, ends = run_one_batch(run, [word, "a", "b"])
    assert [type(end) for end in ends] == [error] * 3
    lab.batcher.close(PATIENCE)
    assert run.batches[1:] == [[word, "a", "b"]]


@pytest.mark.parametrize("word", ["exit", "interrupt"])
@pytest.mark.parametrize("workers", [1, 3])
def test_dead_worker_is_replaced_and_its_requests_are_answered(word: str, workers: int):
    run = PickyRun()
    # Other tests' services may be up.
    before = set(threading.enumerate())
    lab, ends = run_one_batch(run, ["a", word, "b"], workers)
    assert [ends[0], ends[2]] == answers(["a", "b"])
    assert isinstance(ends[1], EngineFailure)
    with lab.batcher.admit(request("next")) as ticket:
        many = [str(number) for number in range(20)]
        assert texts_of(lab.batcher.submit(ticket, "m", many, [5] * 20)) == answers(many)
    assert len(set(threading.enumerate()) - before) >= workers
    lab.batcher.close(PATIENCE)
    # Once with the batch it was in and once alone; where workers share the rows it may have been alone at first.
    assert lab.notes.deaths in ((2,) if workers == 1 else (1, 2))
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("batch-worker")]


def test_requests_that_are_in_may_finish_while_it_closes(held: HeldRun):
    lab = Lab(held, limits(max_batch_rows=1))
    ends: list[Dropped] = []
    closer = threading.Thread(target=lambda: ends.append(lab.batcher.close(PATIENCE)))
    with lab.batcher.admit(request("r")) as ticket:
        first = lab.batcher.submit(ticket, "m", ["a", "b"], [5, 5])
        held.wait_started()
        closer.start()
        refused = False
        while not refused:
            # Only the closing thread can say when it has come to close.
            try:
                with lab.batcher.admit(request("new")):
                    pass
            except ShuttingDown:
                refused = True
        held.release(3)
        assert texts_of(first) == answers(["a", "b"])
        assert texts_of(lab.batcher.submit(ticket, "m2", ["second hop"], [5])) == answers(["second hop"], "m2")
    closer.join(PATIENCE)
    assert ends == [Dropped(0, 0)]
    assert lab.batcher.close(0) == Dropped(0, 0)


def test_shutdown_drops_the_rest_when_its_time_is_up_and_says_how_much(held: HeldRun):
    lab = Lab(held, limits())
    with lab.batcher.admit(request("a")) as first, lab.batcher.admit(request("b")) as second:
        running = lab.batcher.submit(first, "m", ["running"], [5])
        held.wait_started()
        queued = lab.batcher.submit(second, "m", ["q1", "q2"], [5, 5])
        assert lab.batcher.close(0) == Dropped(requests=2, segments=3)
        for future in running + queued:
            with pytest.raises(ShuttingDown):
                future.result(0)
        with pytest.raises(ShuttingDown):
            lab.batcher.submit(second, "m", ["more"], [5])
        with pytest.raises(ShuttingDown):
            lab.batcher.admit(request("c")).__enter__()
    assert lab.notes.drops == [("shutdown", 3)]
    assert lab.notes.rejections == ["closing", "closing"]
    held.release()
    assert held.batches == [["running"]]


def test_observer_that_fails_costs_nobody_an_answer():
    class Faulty(Notes):
        def batch_started(self, model_id: str, rows: int, padded_tokens: int) -> None:
            raise RuntimeError(f"metrics of {model_id} are down: {rows}, {padded_tokens}")

    batcher = Batcher(OpenRun(), limits(), Faulty())
    with batcher.admit(request("r")) as ticket:
        assert texts_of(batcher.submit(ticket, "m", ["a"], [5])) == answers(["a"])
    batcher.close(PATIENCE)


def test_callback_of_a_future_may_use_the_batcher():
    batcher = Batcher(OpenRun(), limits())
    seen: list[QueueLoad] = []
    done = threading.Event()
    with batcher.admit(request("r")) as ticket:

        def chain(_: Future[Outcome]) -> None:
            batcher.submit(ticket, "m", ["second"], [5])[0].add_done_callback(lambda _: done.set())
            seen.append(batcher.load())

        batcher.submit(ticket, "m", ["first"], [5])[0].add_done_callback(chain)
        assert done.wait(PATIENCE)
    assert seen
    batcher.close(PATIENCE)


def test_token_counts_must_match_the_texts():
    batcher = Batcher(OpenRun(), limits())
    with batcher.admit(request("r")) as ticket:
        with pytest.raises(ValueError, match="2 texts but 1"):
            batcher.submit(ticket, "m", ["a", "b"], [1])
        assert batcher.submit(ticket, "m", [], []) == []
    batcher.close(PATIENCE)


def test_limits_below_one_are_refused():
    with pytest.raises(ConfigurationError, match="max_batch_rows"):
        limits(max_batch_rows=0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness a thread")
def test_workers_give_way_to_the_threads_that_answer() -> None:
    seen = []

    def run(model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[Part]:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        yield hypotheses(model_id, texts, options)

    batcher = Batcher(run, limits())
    with batcher.admit(request("a")) as ticket:
        batcher.submit(ticket, "m", ["a"], [1])[0].result(timeout=10)
    batcher.close(1.0)
    assert seen[0] > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
