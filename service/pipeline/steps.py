"""Work that waits for futures without saying how: a generator that pauses, and is resumed when it can go on.

The command line and the threads of the API wait on the spot (`complete`); the API's event loop drives what is short by
itself, without a thread for every request.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import closing
from typing import Any, TypeAlias, TypeVar

import msgspec

from service.errors import Cancelled, DeadlineExceeded
from service.types import RequestContext

R = TypeVar("R")

# How often a thread that waits looks whether the client has gone.
_CANCEL_CHECK_SECONDS = 0.25


class Pause(msgspec.Struct, frozen=True):
    """Where a generator of steps stops: until `futures` are done, or the request is over and waiting is in vain.

    `blocks` says that what comes next may take long without waiting for any future: an event loop has to hand the
    generator to a thread.
    """

    futures: Sequence[Future[Any]] = ()
    blocks: bool = False


Steps: TypeAlias = Generator[Pause, None, R]


def complete(steps: Steps[R], context: RequestContext) -> R:
    """Take the steps to their end on this thread; returns what they return and raises what they raise."""
    with closing(steps):
        try:
            while True:
                for future in next(steps).futures:
                    _wait(future, context)
        except StopIteration as end:
            result: R = end.value
            return result


def outcome(future: Future[R], context: RequestContext) -> R:
    """The result of a future after a pause; raises its exception, or what ended the request before it was done."""
    if future.done():
        return future.result()
    if context.cancelled.is_set():
        raise Cancelled("the client has gone")
    raise DeadlineExceeded("the request took longer than its time limit")


def _wait(future: Future[Any], context: RequestContext) -> None:
    while not future.done() and not context.cancelled.is_set():
        seconds = _CANCEL_CHECK_SECONDS
        if context.deadline is not None:
            seconds = min(seconds, context.deadline - time.monotonic())
            if seconds <= 0:
                return
        try:
            future.exception(timeout=seconds)
        except FutureTimeout:
            continue
