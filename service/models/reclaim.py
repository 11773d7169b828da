"""Giving the memory of unloaded models back to the operating system."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import weakref
from collections.abc import Callable
from functools import cache

from service.engines.base import Engine

logger = logging.getLogger(__name__)


def unload(engines: list[Engine]) -> None:
    """Close and drop `engines`, which empties the list, and return freed heap pages to the operating system.

    What `Engine.close` raises is logged: the memory of the others still has to go.
    """
    lingering = [_unload_last(engines) for _ in range(len(engines))]
    if any(lingering):
        # Some engine is part of a reference cycle. A full collection is slow, so it is not made for those that are not.
        gc.collect()
    _heap_trimmer()()


def _unload_last(engines: list[Engine]) -> bool:
    """Close and drop the last engine; True when that did not free it."""
    engine = engines.pop()
    try:
        engine.close()
    except Exception:
        logger.exception("closing a model failed")
    try:
        reference = weakref.ref(engine)
    except TypeError:
        # A class with __slots__ may not support weak references; there is no way to tell.
        return True
    del engine
    return reference() is not None


@cache
def _heap_trimmer() -> Callable[[], object]:
    """glibc's malloc_trim(0), which returns free pages from the middle of the heap too; elsewhere nothing."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        # musl has no such function.
        return lambda: None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda: trim(0)
