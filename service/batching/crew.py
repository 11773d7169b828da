"""Worker threads that take work from one place, sleep while there is none, and are replaced when they die."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

# Enough to be set aside for a waking thread at once; the share of an otherwise idle core stays whole.
_NICENESS = 5

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Crew(Generic[T]):
    """Threads that each call `take` under `lock`, then `execute` outside it, for ever.

    `take` gets the number of other workers that have nothing to do, and returns None when there is no work. An
    exception out of `execute` ends the thread; another one is started in its place and `on_replaced` is called.
    """

    def __init__(
        self,
        lock: threading.Lock,
        take: Callable[[int], T | None],
        on_replaced: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._work = threading.Condition(lock)
        self._rest = threading.Condition(lock)
        self._take = take
        self._on_replaced = on_replaced
        self._threads: dict[threading.Thread, bool] = {}
        self._numbers = count(1)
        self._idle = 0
        self._stopped = False

    @property
    def busy(self) -> int:
        """Workers that execute something now; the lock must be held."""
        return sum(self._threads.values())

    def start(self, size: int, execute: Callable[[T], None]) -> None:
        """Start `size` threads."""
        for _ in range(size):
            self._hire(execute)

    def wake(self, pieces: int) -> None:
        """Tell the workers that `pieces` of work were added; the lock must be held."""
        self._work.notify(min(pieces, self._idle))

    def recheck(self) -> None:
        """Look again at what `wait_until` waits for; the lock must be held."""
        self._rest.notify_all()

    def wait_until(self, quiet: Callable[[], bool], seconds: float) -> bool:
        """Wait until `quiet`, checked whenever a worker is done and on `recheck`; the lock must be held."""
        return self._rest.wait_for(quiet, timeout=seconds)

    def stop(self) -> list[threading.Thread]:
        """Let every worker end as soon as it finds no work; returns those that execute nothing. Lock held."""
        self._stopped = True
        self._work.notify_all()
        return [thread for thread, busy in self._threads.items() if not busy]

    def _hire(self, execute: Callable[[T], None]) -> None:
        # A daemon: a run that never returns must not keep the process from ending.
        thread = threading.Thread(
            target=self._live, args=(execute,), name=f"batch-worker-{next(self._numbers)}", daemon=True
        )
        with self._lock:
            thread.start()
            self._threads[thread] = False

    def _live(self, execute: Callable[[T], None]) -> None:
        me = threading.current_thread()
        give_way(_NICENESS)
        while (work := self._next(me)) is not None:
            try:
                execute(work)
            except BaseException as error:  # noqa: BLE001 -- whatever a model's library raises, the queue is served on
                # Where it happened but not what it says: a message may quote a user's text.
                frames = "".join(traceback.format_tb(error.__traceback__))
                logger.error("a batch worker died of %s\n%s", type(error).__name__, frames)
                if self._replace(me, execute):
                    return
            self._finish(me)

    def _replace(self, me: threading.Thread, execute: Callable[[T], None]) -> bool:
        try:
            self._hire(execute)
        except RuntimeError:
            logger.error("no thread could be started; the worker carries on")
            return False
        with self._lock:
            del self._threads[me]
            self._rest.notify_all()
        self._on_replaced()
        return True

    def _next(self, me: threading.Thread) -> T | None:
        with self._lock:
            while (work := self._take(self._idle)) is None:
                if self._stopped:
                    del self._threads[me]
                    return None
                self._idle += 1
                self._work.wait()
                self._idle -= 1
            self._threads[me] = True
            return work

    def _finish(self, me: threading.Thread) -> None:
        with self._lock:
            self._threads[me] = False
            self._rest.notify_all()


def give_way(niceness: int) -> None:
    """Let the threads that read requests and write answers go before this one where they share a core (Linux only).

    There a thread has a niceness of its own; elsewhere the call would slow the whole process.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
