"""Loaded models: loaded once however many ask, leased while in use, unloaded by a byte budget and by idle time."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeAlias

import msgspec

from service.engines.base import Engine
from service.errors import EngineFailure, MancheteError, ShuttingDown
from service.models.reclaim import Reclaimer
from service.models.residency import Failures, LoadedModel, Residents, Slot

__all__ = ["Load", "LoadedModel", "ModelPool"]

logger = logging.getLogger(__name__)

Load: TypeAlias = Callable[[str], Engine]


class _Loading(msgspec.Struct, eq=False):
    """A load under way; those who wait for it hold a lease from the moment it is done."""

    reserved: int
    waiters: int = 0
    slot: Future[Slot] = msgspec.field(default_factory=Future)


class ModelPool:
    """Engines by model id, shared by threads, together within `budget_bytes` as far as the leases allow.

    `load` is called outside the lock, once a model however many ask. To make room, models that nobody leases are
    unloaded, the least recently used first; a leased one never is. When that is not enough, a load waits for leases to
    be given back, but at most `wait_seconds`, and not at all in a thread that holds a lease itself (it would wait for
    its own) or when nothing else is in memory; the budget is then exceeded with a warning. `expected_bytes` says what a
    model never loaded before will take; without it that counts as 0 until it is loaded. A model unused for
    `idle_seconds` is unloaded at the next lease or return, or by `evict_idle`; 0 means never.
    """

    def __init__(
        self,
        load: Load,
        *,
        budget_bytes: int,
        idle_seconds: float = 0.0,
        wait_seconds: float = 30.0,
        expected_bytes: Callable[[str], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._expected_bytes = expected_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._residents = Residents(budget_bytes, clock)
        self._failures = Failures(clock)
        self._reclaimer = Reclaimer(clock)
        self._loading: dict[str, _Loading] = {}
        self._sizes: dict[str, int] = {}
        self._holders: Counter[int] = Counter()
        self._closed = False

    @contextmanager
    def lease(self, model_id: str) -> Iterator[Engine]:
        """The engine of `model_id`, loaded if need be and kept at least until the block is left.

        Raises what the load raised (as EngineFailure where that is not of this project's tree), also to those who ask
        within a pause of 1 to 60 seconds after a failure, and ShuttingDown after `close`.
        """
        holder = threading.get_ident()
        slot = self._acquire(model_id, holder)
        try:
            self.evict_idle()
            yield slot.engine
        finally:
            # Giving it back may unload it: nothing here may keep it alive then.
            del slot
            self._release(model_id, holder)

    def holds(self, model_id: str) -> bool:
        """Whether the model is in memory now, so that a lease would not have to wait for it."""
        with self._lock:
            return model_id in self._residents

    def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory, least recently used first."""
        with self._lock:
            return self._residents.snapshot()

    def evict_idle(self) -> None:
        """Unload the models that nobody leases and nobody has used for `idle_seconds`."""
        if self._idle_seconds > 0:
            with self._lock:
                victims = self._residents.pop_idle(self._clock() - self._idle_seconds)
            self._unload(victims)
        self._reclaimer.sweep()

    def close(self) -> None:
        """Refuse further leases and unload everything: now what nobody leases, the rest when it is given back."""
        with self._lock:
            self._closed = True
            victims = self._residents.pop_unleased()
            self._room.notify_all()
        self._unload(victims)

    def _acquire(self, model_id: str, holder: int) -> Slot:
        expected = self._expected(model_id)
        patience = time.monotonic() + self._wait_seconds
        while True:
            with self._lock:
                self._check(model_id)
                if model_id in self._residents:
                    self._holders[holder] += 1
                    return self._residents.pin(model_id)
                if model_id in self._loading:
                    loading, mine = self._loading[model_id], False
                    loading.waiters += 1
                    break
                victims = self._residents.pop_excess(expected, keep=0)
                if not victims and self._may_load(model_id, expected, holder, patience):
                    loading, mine = _Loading(expected), True
                    self._loading[model_id] = loading
                    self._residents.used += expected
                    break
                if not victims:
                    self._room.wait(max(0.0, patience - time.monotonic()))
            self._unload(victims)
        return self._load_now(model_id, loading, holder) if mine else self._join(loading, holder)

    def _load_now(self, model_id: str, loading: _Loading, holder: int) -> Slot:
        started = self._clock()
        try:
            engine = self._load(model_id)
            size = engine.resident_bytes
        except BaseException as error:
            failure = self._fail(model_id, loading, error)
            if failure is error or not isinstance(error, Exception):
                raise
            raise failure from error
        seconds = self._clock() - started
        with self._lock:
            slot = Slot(engine, size, seconds, self._clock(), leases=1 + loading.waiters)
            del self._loading[model_id]
            self._residents.put(model_id, slot, loading.reserved)
            self._sizes[model_id] = size
            self._failures.forget(model_id)
            self._holders[holder] += 1
            victims = self._residents.pop_excess(0, keep=1)
            self._room.notify_all()
        loading.slot.set_result(slot)
        logger.info("loaded model %s: %d bytes, %.2f s", model_id, size, seconds)
        self._unload(victims)
        return slot

    def _fail(self, model_id: str, loading: _Loading, error: BaseException) -> MancheteError:
        if isinstance(error, MancheteError):
            failure = error
        else:
            failure = EngineFailure(f"model {model_id} could not be loaded ({type(error).__name__})")
        with self._lock:
            del self._loading[model_id]
            self._residents.used -= loading.reserved
            # What ends a thread (SystemExit, KeyboardInterrupt) says nothing about the model.
            if isinstance(error, Exception):
                self._failures.record(model_id, failure)
            self._room.notify_all()
        loading.slot.set_exception(failure)
        logger.warning("loading model %s failed: %s", model_id, failure)
        return failure

    def _join(self, loading: _Loading, holder: int) -> Slot:
        failure = loading.slot.exception()
        if failure is not None:
            raise _again(failure)
        with self._lock:
            self._holders[holder] += 1
        return loading.slot.result()

    def _release(self, model_id: str, holder: int) -> None:
        with self._lock:
            self._residents.unpin(model_id)
            self._holders[holder] -= 1
            if not self._holders[holder]:
                del self._holders[holder]
            # The model used last stays even when it alone is over the budget: every use would load it again.
            victims = self._residents.pop_unleased() if self._closed else self._residents.pop_excess(0, keep=1)
            self._room.notify_all()
        self._unload(victims)
        self.evict_idle()

    def _expected(self, model_id: str) -> int:
        size = self._sizes.get(model_id)
        if size is not None or self._expected_bytes is None:
            return size or 0
        return self._expected_bytes(model_id)

    def _check(self, model_id: str) -> None:
        if self._closed:
            raise ShuttingDown("the service is shutting down and loads no models")
        failure = self._failures.current(model_id)
        if failure is not None:
            raise _again(failure)

    def _may_load(self, model_id: str, expected: int, holder: int, patience: float) -> bool:
        used, budget = self._residents.used, self._residents.budget
        if used + expected <= budget:
            return True
        if used and not self._holders[holder] and time.monotonic() < patience:
            return False
        message = "model %s is loaded over the budget: it takes %d bytes, %d are in use and %d allowed"
        logger.warning(message, model_id, expected, used, budget)
        return True

    def _unload(self, victims: list[Slot]) -> None:
        if not victims:
            return
        size = sum(slot.bytes for slot in victims)
        logger.info("unloading %d models: %d bytes", len(victims), size)
        engines = [slot.engine for slot in victims]
        victims.clear()
        try:
            self._reclaimer.unload(engines)
        finally:
            with self._lock:
                self._residents.used -= size
                self._residents.leaving -= size
                self._room.notify_all()


def _again(error: BaseException) -> BaseException:
    """A copy of `error` to raise in another thread: raising one exception many times piles tracebacks up on it."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy
