"""Collects the values of a run, round by round, and makes figures of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.results import METRICS, Compare, Figure
from benchmarks.stats import median, paired_differences, paired_ratios


@dataclass(frozen=True, slots=True)
class Key:
    """What a value is of."""

    system: str
    direction: str
    metric: str


@dataclass(slots=True)
class _Values:
    lines: int
    rounds: list[float] = field(default_factory=list)
    details: dict[str, float] = field(default_factory=dict)


class Recorder:
    """Values by system, direction and metric. `baseline` is the system that the others are compared with."""

    def __init__(self, baseline: str) -> None:
        self._baseline = baseline
        self._values: dict[Key, _Values] = {}
        self._models: dict[tuple[str, str], str] = {}

    def model(self, system: str, direction: str, model: str) -> None:
        """Note which model a system uses in a direction."""
        self._models[system, direction] = model

    def add(self, key: Key, value: float, *, lines: int, details: Mapping[str, float] | None = None) -> None:
        """Add the value of the next round; every round of a key has the same number of source lines."""
        values = self._values.setdefault(key, _Values(lines))
        if values.lines != lines:
            raise ValueError(f"{key}: {lines} lines in this round, {values.lines} before")
        values.rounds.append(value)
        for name, count in (details or {}).items():
            values.details[name] = values.details.get(name, 0) + count

    def rounds(self, key: Key) -> tuple[float, ...]:
        """The values of a key so far, in the order of the rounds; empty where there are none."""
        return tuple(self._values[key].rounds) if key in self._values else ()

    def discard(self, system: str, direction: str) -> None:
        """Forget a system's values in a direction: it failed, and half its rounds would compare with nothing."""
        for key in [key for key in self._values if (key.system, key.direction) == (system, direction)]:
            del self._values[key]

    def figures(self) -> tuple[Figure, ...]:
        """Everything that was added, in the order in which it first was."""
        return tuple(self._figure(key, values) for key, values in self._values.items())

    def _figure(self, key: Key, values: _Values) -> Figure:
        metric = METRICS[key.metric]
        base = self._values.get(Key(self._baseline, key.direction, key.metric))
        comparable = base is not None and len(base.rounds) == len(values.rounds)
        ratio = difference = None
        if base is not None and comparable and metric.compare is Compare.RATIO and min(base.rounds) > 0:
            ratio = median(paired_ratios(values.rounds, base.rounds))
        # The scores of a part of the texts say nothing beside those of all.
        if base is not None and comparable and metric.compare is Compare.DIFFERENCE and base.lines == values.lines:
            difference = median(paired_differences(values.rounds, base.rounds))
        return Figure(
            system=key.system,
            model=self._models.get((key.system, key.direction), ""),
            direction=key.direction,
            metric=key.metric,
            unit=metric.unit,
            lines=values.lines,
            rounds=tuple(values.rounds),
            median=median(values.rounds),
            baseline=self._baseline if ratio is not None or difference is not None else None,
            ratio=ratio,
            difference=difference,
            details=values.details,
        )
