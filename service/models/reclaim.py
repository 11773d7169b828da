"""Giving the memory of unloaded models back to the operating system."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from service.engines.base import Engine

logger = logging.getLogger(__name__)

# A full garbage collection holds every thread up, a tenth of a second and more in a large process.
COLLECTION_SECONDS = 1.0
# Numbers of glibc's malloc.h; the most that it takes for the second of them on 64-bit machines.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 * 2**20


class Reclaimer:
    """Closes engines and sees to it that they go. Safe to share by threads; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._suspects: list[Callable[[], object]] = []
        self._collected = -COLLECTION_SECONDS

    def unload(self, engines: list[Engine]) -> None:
        """Close and drop `engines`, which empties the list, and return freed heap pages to the operating system.

        What `Engine.close` raises is logged: the memory of the others still has to go.
        """
        suspects = [_unload_last(engines) for _ in range(len(engines))]
        with self._lock:
            self._suspects += suspects
        self.sweep()
        _heap_trimmer()()

    def sweep(self) -> None:
        """Collect garbage if an engine outlives its unloading, but not more often than once a second.

        It may be part of a reference cycle, or the frame that leased it may not have ended yet; the next sweep knows.
        """
        with self._lock:
            self._suspects = [suspect for suspect in self._suspects if suspect() is not None]
            now = self._clock()
            if not self._suspects or now - self._collected < COLLECTION_SECONDS:
                return
            self._suspects.clear()
            self._collected = now
        gc.collect()
        _heap_trimmer()()


def _unload_last(engines: list[Engine]) -> Callable[[], object]:
    """Close and drop the last engine; returns what tells later whether it is still there (None when it is not)."""
    engine = engines.pop()
    try:
        engine.close()
    except Exception:
        logger.exception("closing a model failed")
    try:
        return weakref.ref(engine)
    except TypeError:
        # A class with __slots__ may not support weak references; one collection settles it.
        return lambda: True


def keep_freed_memory() -> None:
    """Have glibc keep what a batch frees for the next one, up to `_KEPT_BYTES` a heap; elsewhere nothing happens.

    Left to itself it may give the pages back after each batch and take them again, zeroed, for the next: a tenth to a
    fifth of the time of a model, and a lock that threads share. Whether it does is a matter of chance. Settings of the
    user's own (`MALLOC_...`) are kept to.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    adjust = _libc_function("mallopt")
    if adjust is not None:
        for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            adjust(parameter, _KEPT_BYTES)


@cache
def _heap_trimmer() -> Callable[[], object]:
    """glibc's malloc_trim(0), which returns free pages from the middle of the heap too; elsewhere nothing."""
    trim = _libc_function("malloc_trim")
    if trim is None:
        return lambda: None
    # A plain int is passed as a C int, which holds the zero that is meant as any width does.
    return lambda: trim(0)


def _libc_function(name: str) -> Any:
    """A function of glibc's that gives an int; None on other systems, and in musl where it is missing."""
    if not sys.platform.startswith("linux"):
        return None
    # Imported here: a process that loads one model and ends has no need of it.
    import ctypes

    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
