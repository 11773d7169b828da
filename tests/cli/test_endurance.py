"""A process that works on for long: how it collects garbage, and how its threads share a core."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COLLECTS = """
import gc
from service.cli.endurance import settle_in
gc.disable()
class Node: pass
import weakref
settle_in()
assert gc.isenabled() and gc.get_freeze_count() > 0
node = Node(); node.self = node; seen = weakref.ref(node); del node
kept = [[] for _ in range(20_000)]
print(seen() is None)
"""
_TURNS = """
import os, threading
from service.cli.endurance import take_turns
take_turns()
found = []
thread = threading.Thread(target=lambda: found.append(os.sched_getscheduler(0)))
thread.start(); thread.join()
print(found == [os.SCHED_BATCH])
"""


def _printed(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_garbage_of_later_is_collected() -> None:
    assert _printed(_COLLECTS) == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a policy for threads")
def test_threads_that_are_started_afterwards_take_turns_too() -> None:
    assert _printed(_TURNS) == "True"
