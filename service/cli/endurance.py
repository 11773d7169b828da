"""What a process that works on for long does with the interpreter and the scheduler."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

from service.models import keep_freed_memory

# Collections follow each other after so many new objects and collections of the younger generation. Python's own 700,
# 10 and 10 cost a tenth of what it runs beside the models; there are few cycles to find.
_THRESHOLDS: Final = (10_000, 20, 20)


def settle_in() -> None:
    """Collect garbage from now on, seldom, and not among what starting up has made; keep memory between batches."""
    keep_freed_memory()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()


def take_turns() -> None:
    """Let the threads of this process, and those it starts, take turns rather than interrupt each other (Linux only).

    A thread that wakes up while another one is within a model stops it otherwise, twice as often on one core, and what
    the model had in its caches is gone. Of other processes those that answer somebody go first.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
