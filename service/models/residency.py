"""Books of the model pool: what is in memory, what goes next, what failed lately. Not thread-safe."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from service.engines.base import Engine
from service.errors import MancheteError

# A model that failed to load is not tried again for this long; the pause doubles with every failure in a row.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class LoadedModel(msgspec.Struct, frozen=True):
    """One model in memory. `last_used` is on the pool's clock: when it was last leased or given back."""

    model_id: str
    bytes: int
    leases: int
    last_used: float
    load_seconds: float


class Slot(msgspec.Struct, eq=False):
    """A loaded engine and who uses it."""

    engine: Engine
    bytes: int
    load_seconds: float
    last_used: float
    leases: int


class Residents:
    """The models in memory, least recently used first, and the bytes that count against the budget."""

    def __init__(self, budget_bytes: int, clock: Callable[[], float]) -> None:
        self.budget = budget_bytes
        # Bytes of what is ready, being loaded (as far as known) and being unloaded; `leaving` are those of the last.
        self.used = 0
        self.leaving = 0
        self._clock = clock
        self._slots: OrderedDict[str, Slot] = OrderedDict()

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._slots

    def snapshot(self) -> tuple[LoadedModel, ...]:
        return tuple(
            LoadedModel(model_id, slot.bytes, slot.leases, slot.last_used, slot.load_seconds)
            for model_id, slot in self._slots.items()
        )

    def put(self, model_id: str, slot: Slot, reserved: int) -> None:
        """Add a model for which `reserved` bytes are counted already."""
        self._slots[model_id] = slot
        self.used += slot.bytes - reserved

    def pin(self, model_id: str) -> Slot:
        slot = self._slots[model_id]
        slot.leases += 1
        self._touch(model_id, slot)
        return slot

    def unpin(self, model_id: str) -> None:
        slot = self._slots[model_id]
        slot.leases -= 1
        self._touch(model_id, slot)

    def pop_excess(self, expected: int, keep: int) -> list[Slot]:
        """Take out what must go for `expected` more bytes to fit, but leave at least `keep` models."""
        victims = []
        for model_id in self._unleased():
            if self.used - self.leaving + expected <= self.budget or len(self._slots) <= keep:
                break
            victims.append(self._pop(model_id))
        return victims

    def pop_idle(self, oldest: float) -> list[Slot]:
        """Take out what nobody leases and nobody has used after `oldest`."""
        return [self._pop(model_id) for model_id in self._unleased() if self._slots[model_id].last_used <= oldest]

    def pop_unleased(self) -> list[Slot]:
        """Take out all that nobody leases."""
        return [self._pop(model_id) for model_id in self._unleased()]

    def _touch(self, model_id: str, slot: Slot) -> None:
        slot.last_used = self._clock()
        self._slots.move_to_end(model_id)

    def _unleased(self) -> list[str]:
        return [model_id for model_id, slot in self._slots.items() if not slot.leases]

    def _pop(self, model_id: str) -> Slot:
        slot = self._slots.pop(model_id)
        self.leaving += slot.bytes
        return slot


class _Failure(msgspec.Struct, frozen=True):
    error: MancheteError
    until: float
    pause: float


class Failures:
    """Loads that failed and when they may be tried again."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[str, _Failure] = {}

    def record(self, model_id: str, error: MancheteError) -> None:
        previous = self._failures.get(model_id)
        pause = FIRST_PAUSE_SECONDS if previous is None else min(LONGEST_PAUSE_SECONDS, 2 * previous.pause)
        self._failures[model_id] = _Failure(error, self._clock() + pause, pause)

    def forget(self, model_id: str) -> None:
        self._failures.pop(model_id, None)

    def current(self, model_id: str) -> MancheteError | None:
        """The error to answer with without another try, None when one is due."""
        failure = self._failures.get(model_id)
        return failure.error if failure is not None and self._clock() < failure.until else None
