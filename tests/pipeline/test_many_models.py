"""The whole service with more models than there is room for: each loaded once, every answer right, memory bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, random, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from msgspec.structs import replace
from pathlib import Path
from service.engines.echo import EchoEngine
from service.guards import unchecked
from service.languages.registry import LANGUAGES
from service.models import Catalog
from service.models.catalog import EMBEDDED
from service.settings import Settings
from service.types import RequestContext, TranslateRequest
from service.wiring import build

MIB = 1 << 20
SIZE, ROOM, MODELS = 8 * MIB, 3, 30
requests = int(sys.argv[1])
targets = [code for code in LANGUAGES if code not in ("pt", "en")][:MODELS]
entries = tuple(replace(EMBEDDED[0], model_id=f"pt-{code}", targets=(code,)) for code in targets)
loads, lock = {}, threading.Lock()

class Heavy(EchoEngine):
    '''Holds real memory in small blocks, and answers with its own name before the text.'''
    def __init__(self, model_id):
        with lock:
            loads[model_id] = loads.get(model_id, 0) + 1
        time.sleep(0.05 if len(sys.argv) > 2 else 0)
        super().__init__(model_id, resident_bytes=SIZE)
        self.weights = [bytearray(1000) for _ in range(SIZE // 1064)]
    def translate(self, texts, options=None):
        return super().translate([f"{self.signature.model}: {text}" for text in texts])

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def ask(number):
    code = targets[number % MODELS] if len(sys.argv) > 2 else random.Random(number).choice(targets)
    context = RequestContext(str(number), client=str(number % 7))
    result = service.pipeline.translate(TranslateRequest(f"texto {number}", code, "pt"), context)
    return result.translation.text == f"pt-{code}: texto {number}"

room = MODELS if len(sys.argv) > 2 else ROOM
settings = Settings(memory_mb=room * SIZE // MIB, translation_memory_mb=0, preload="", threads=2)
service = build(settings, load=Heavy, catalog=Catalog(entries), check=unchecked)
start = 0
with ThreadPoolExecutor(200 if len(sys.argv) > 2 else 16) as threads:
    if len(sys.argv) == 2:
        # What the rooms import and the threads' own memory is there before memory is looked at.
        list(threads.map(ask, range(64)))
        start = resident() - sum(model.bytes for model in service.pool.loaded())
    # A thread asks again and again: a future a request would be more memory than the models.
    clients = 200 if len(sys.argv) > 2 else 16
    right = sum(threads.map(lambda first: sum(map(ask, range(first, requests, clients))), range(clients)))
held = resident() - start
print(json.dumps({"right": right, "held": held / MIB, "most loads": max(loads.values()), "loaded": len(loads)}))
"""
ROOT = Path(__file__).resolve().parents[2]


def _figures(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def test_200_first_requests_at_once_load_each_model_once() -> None:
    figures = _figures("200", "room for all")
    assert (figures["right"], figures["loaded"], figures["most loads"]) == (200, 30, 1)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_10_000_requests_over_30_models_in_room_for_3_stay_within_the_budget() -> None:
    figures = _figures("10000")
    assert figures["right"] == 10_000
    assert figures["loaded"] == 30
    assert figures["held"] <= 24 * 1.15
