"""Steps are taken to their end on the spot, and end early when the request is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from service.errors import Cancelled, DeadlineExceeded
from service.pipeline.steps import Pause, Steps, complete, outcome
from service.types import RequestContext


class Work:
    """Steps that add up what their futures give; `closed` tells that they were left properly."""

    def __init__(self, *futures: Future[int]) -> None:
        self.futures = futures
        self.closed = False

    def steps(self, context: RequestContext) -> Steps[int]:
        total = 0
        try:
            for future in self.futures:
                yield Pause([future])
                total += outcome(future, context)
        finally:
            self.closed = True
        return total


@pytest.fixture
def futures() -> Iterator[list[Future[int]]]:
    made: list[Future[int]] = [Future(), Future()]
    yield made
    for future in made:
        future.cancel()


def test_what_the_futures_give_comes_back(futures: list[Future[int]]) -> None:
    context = RequestContext("test")
    work = Work(*futures)
    futures[0].set_result(1)
    threading.Timer(0.05, futures[1].set_result, [2]).start()
    assert complete(work.steps(context), context) == 3
    assert work.closed


def test_an_exception_of_a_future_comes_out_and_the_steps_are_closed(futures: list[Future[int]]) -> None:
    context = RequestContext("test")
    work = Work(*futures)
    futures[0].set_exception(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        complete(work.steps(context), context)
    assert work.closed


def test_a_deadline_ends_the_wait(futures: list[Future[int]]) -> None:
    context = RequestContext("test", deadline=time.monotonic() + 0.05)
    work = Work(*futures)
    with pytest.raises(DeadlineExceeded):
        complete(work.steps(context), context)
    assert work.closed


def test_a_client_that_goes_ends_the_wait(futures: list[Future[int]]) -> None:
    context = RequestContext("test")
    threading.Timer(0.05, context.cancelled.set).start()
    with pytest.raises(Cancelled):
        complete(Work(*futures).steps(context), context)


def test_what_is_done_counts_even_when_the_client_has_gone(futures: list[Future[int]]) -> None:
    context = RequestContext("test")
    context.cancelled.set()
    futures[0].set_result(1)
    assert outcome(futures[0], context) == 1
