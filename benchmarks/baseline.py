"""What must not get worse: `baseline.json` with floors of quality and ratios of speed, and why each was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from benchmarks.results import METRICS, Report
from service.errors import InvalidInput

BASELINE_FILE: Final = Path(__file__).with_name("baseline.json")
SCHEMA_VERSION: Final = 1
# How far below what was measured a floor lies: what another processor's rounding may cost, and far less than what a
# fault costs. For the share of lines that keep their numbers that is one line of the shipped set.
MARGINS: Final[Mapping[str, float]] = {"bleu": 1.0, "chrf": 0.5, "numbers_kept": 4.0}
SPEED: Final = "words_per_second"


@dataclass(frozen=True, slots=True)
class Floors:
    """The floors of one set of texts, by direction and metric; they mean nothing for texts of another checksum."""

    sha256: str
    floors: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Change:
    """When floors were changed, at which revision, which, and why."""

    date: str
    revision: str
    reason: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Floors by the name of the texts; `speed` has our words/s over `peer`'s by direction, to compare with."""

    quality: Mapping[str, Floors] = field(default_factory=dict)
    peer: str = ""
    speed: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Change, ...] = ()
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Verdict:
    """A measured value beside its floor, None where there is none yet."""

    data: str
    direction: str
    metric: str
    value: float
    floor: float | None

    @property
    def passed(self) -> bool:
        """Whether it is not below its floor."""
        return self.floor is None or self.value >= self.floor

    @property
    def sentence(self) -> str:
        """What to say of it."""
        name = METRICS[self.metric].heading
        beside = "has no floor yet" if self.floor is None else f"floor {self.floor:.2f}"
        below = "" if self.passed else ": BELOW THE FLOOR"
        return f"{self.data}, {self.direction}: {name} {self.value:.2f}, {beside}{below}"


_ADAPTER: Final = TypeAdapter(Baseline)


def read_baseline(path: Path) -> Baseline:
    """Read the file, an empty baseline where there is none; raises InvalidInput naming it."""
    try:
        baseline = _ADAPTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return Baseline()
    except OSError as error:
        raise InvalidInput(
            f"--baseline: {path} cannot be read ({error.strerror or error})", field="--baseline"
        ) from error
    except ValidationError as error:
        raise InvalidInput(f"--baseline: {path} is not a baseline", field="--baseline") from error
    if baseline.schema_version != SCHEMA_VERSION:
        raise InvalidInput(f"--baseline: {path} has schema version {baseline.schema_version}", field="--baseline")
    return baseline


def as_json(baseline: Baseline) -> str:
    """The baseline as JSON text."""
    return _ADAPTER.dump_json(baseline, indent=2).decode() + "\n"


def judge(baseline: Baseline, reports: Sequence[Report]) -> list[Verdict]:
    """Hold the figures of the reports against their floors.

    Raises InvalidInput where the texts are not those that the floors were measured on.
    """
    verdicts = []
    for report in reports:
        data = report.conditions.data
        known = baseline.quality.get(data.name)
        if known is not None and known.sha256 != data.sha256:
            raise InvalidInput(
                f"--data: the lines of {data.name} are not those of the baseline's floors", field="--data"
            )
        for figure in report.figures:
            if figure.metric in MARGINS:
                floor = known.floors.get(figure.direction, {}).get(figure.metric) if known is not None else None
                verdicts.append(Verdict(data.name, figure.direction, figure.metric, figure.median, floor))
    return verdicts


def adjusted(
    baseline: Baseline, reports: Sequence[Report], ratios: Mapping[str, float], *, reason: str, lower: bool
) -> Baseline:
    """The baseline with floors at the margin below what was measured, and the reason in its history.

    Floors are only raised, and made where there are none; with `lower`, those that were not reached are lowered too. So
    are `ratios`, of our speed to the peer's by direction.
    """
    quality = {name: replace(known, floors=dict(known.floors)) for name, known in baseline.quality.items()}
    changes = []
    for verdict in judge(baseline, reports):
        wanted = round(verdict.value - MARGINS[verdict.metric], 2)
        floor = verdict.floor
        if floor is not None and not (wanted > floor or (lower and not verdict.passed)):
            continue
        sha256 = next(one.conditions.data.sha256 for one in reports if one.conditions.data.name == verdict.data)
        known = quality.get(verdict.data, Floors(sha256, {}))
        own = {**known.floors.get(verdict.direction, {}), verdict.metric: wanted}
        quality[verdict.data] = Floors(sha256, {**known.floors, verdict.direction: own})
        changes.append(f"{verdict.data}, {verdict.direction}: {verdict.metric} {_told(floor)} -> {wanted:.2f}")
    speed = dict(baseline.speed)
    for direction, ratio in ratios.items():
        was, now = speed.get(direction), round(ratio, 2)
        if was is None or now > was or (lower and now < was):
            speed[direction] = now
            changes.append(f"{direction}: speed {_told(was)} -> {now:.2f}")
    changed = replace(baseline, quality=quality, speed=speed)
    if not changes:
        return changed
    seen = reports[0].conditions
    entry = Change(seen.date, seen.git_revision or "unknown", reason, tuple(changes))
    return replace(changed, history=(*baseline.history, entry))


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
