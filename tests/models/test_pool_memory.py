"""Memory really returns to the operating system: measured in a process of its own, on Linux, from /proc."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from service.engines.base import Engine
from service.engines.echo import EchoEngine
from service.models.reclaim import Reclaimer

# 30 models of 8 MiB in room for 3: small blocks, which the C library keeps for itself unless told to give them back,
# and every other engine part of a reference cycle.
PROGRAM = """
import gc, json, random
from service.engines.echo import EchoEngine
from service.models.pool import ModelPool

MIB = 1 << 20

class Heavy(EchoEngine):
    def __init__(self, model_id):
        super().__init__(model_id, resident_bytes=8 * MIB)
        self.weights = [bytearray(1000) for _ in range(8 * MIB // 1064)]
        if int(model_id) % 2:
            self.myself = self

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

class Clock:
    now = 0.0
    def __call__(self):
        return self.now

clock = Clock()
pool = ModelPool(Heavy, budget_bytes=24 * MIB, expected_bytes=lambda model_id: 8 * MIB, clock=clock)
with pool.lease("0"):
    pass
gc.disable()
start = resident() - 8 * MIB
chance = random.Random(1)
right = 0
for _ in range(200):
    model_id = str(chance.randrange(30))
    with pool.lease(model_id) as engine:
        right += engine.signature.model == model_id and engine.translate(["x"])[0].text == "x"
    del engine
    clock.now += 1.0
pool.evict_idle()
held = resident() - start
pool.close()
print(json.dumps({"right": right, "held": held / MIB, "closed": (resident() - start) / MIB}))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_unloaded_models_leave_the_process():
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    figures = json.loads(done.stdout)
    assert figures["right"] == 200
    assert figures["held"] <= 24 * 1.15
    assert figures["closed"] <= 8


class Knot(EchoEngine):
    """An engine that only the garbage collector can free."""

    def __init__(self) -> None:
        super().__init__()
        self.myself = self


@pytest.fixture
def _no_automatic_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_automatic_collection")
def test_engine_in_a_cycle_is_collected_but_not_more_than_once_a_second():
    now = [0.0]
    reclaimer = Reclaimer(lambda: now[0])

    def unload_knot() -> weakref.ref[Knot]:
        knots: list[Engine] = [Knot()]
        reference = weakref.ref(knots[0])
        reclaimer.unload(knots)
        assert knots == []
        return reference

    assert unload_knot()() is None
    second = unload_knot()
    now[0] = 0.9
    reclaimer.sweep()
    assert second() is not None
    now[0] = 1.0
    reclaimer.sweep()
    assert second() is None


def test_engine_without_weak_references_is_closed_all_the_same():
    class Slotted:
        __slots__ = ("closed",)

        def close(self) -> None:
            self.closed = True

    engine = Slotted()
    Reclaimer(lambda: 0.0).unload([cast(Engine, engine)])
    assert engine.closed
