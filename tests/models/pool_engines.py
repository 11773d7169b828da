"""Engines of a known size, whose loads and unloads are counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from service.engines.echo import EchoEngine
from service.types import GREEDY, DecodeOptions, Hypothesis

PATIENCE = 20.0
"""Seconds after which a test gives up on something that should happen at once."""


class SizedEngine(EchoEngine):
    """Answers with its own name before the text, and refuses to work once closed."""

    def __init__(self, yard: Yard, model_id: str, size: int) -> None:
        super().__init__(model_id, resident_bytes=size)
        self._yard = yard
        self.closed = False

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        assert not self.closed, "a leased engine was closed"
        return super().translate([f"{self.signature.model}: {text}" for text in texts], options)

    def close(self) -> None:
        assert not self.closed, "an engine was closed twice"
        self.closed = True
        self._yard.closed(self)


class Yard:
    """Makes engines and knows which are in memory. `size` bytes each unless `sizes` says otherwise."""

    def __init__(self, size: int = 10, sizes: dict[str, int] | None = None) -> None:
        self.loads: Counter[str] = Counter()
        self.live = 0
        self.peak = 0
        self.failing: dict[str, BaseException] = {}
        self._sizes = sizes or {}
        self._size = size
        self._lock = threading.Lock()

    def load(self, model_id: str) -> SizedEngine:
        with self._lock:
            self.loads[model_id] += 1
        if model_id in self.failing:
            raise self.failing[model_id]
        size = self.size(model_id)
        with self._lock:
            self.live += size
            self.peak = max(self.peak, self.live)
        return SizedEngine(self, model_id, size)

    def size(self, model_id: str) -> int:
        return self._sizes.get(model_id, self._size)

    def closed(self, engine: SizedEngine) -> None:
        with self._lock:
            self.live -= engine.resident_bytes
