"""Resolving futures and telling observers: everything here calls foreign code, so never under the batcher's lock."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import ParamSpec

from service.batching.contract import Observer, Outcome
from service.batching.jobs import Expelled, Waiter
from service.errors import EngineFailure, MancheteError

logger = logging.getLogger(__name__)

P = ParamSpec("P")


def tell(callback: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call an observer; what it raises is logged, for it must not cost anyone an answer."""
    try:
        callback(*args, **kwargs)
    except Exception:
        logger.exception("an observer of the batcher failed")


def answer(waiter: Waiter, outcome: Outcome) -> None:
    """Give a waiter its outcome, unless its future was cancelled."""
    if waiter.future.set_running_or_notify_cancel():
        waiter.future.set_result(outcome)


def refuse(waiter: Waiter, error: BaseException) -> None:
    """Give a waiter an error, unless its future was cancelled."""
    if waiter.future.set_running_or_notify_cancel():
        waiter.future.set_exception(error)


def dismiss(expelled: Iterable[Expelled], observer: Observer) -> None:
    """Answer the waiters that were dropped and report how many by reason."""
    reasons = Counter[str]()
    for waiter, reason in expelled:
        refuse(waiter, reason.error())
        reasons[reason.value] += 1
    for name, segments in reasons.items():
        tell(observer.dropped, name, segments)


def as_failure(error: BaseException, model_id: str) -> MancheteError:
    """The error of this project's tree for what came out of a run."""
    if isinstance(error, MancheteError):
        return error
    failure = EngineFailure(f"model {model_id} failed on a text ({type(error).__name__})")
    failure.__cause__ = error
    return failure
