"""`manchete bench gate`: our outputs held against the floors of `baseline.json`, our speed beside a peer's."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks import conditions
from benchmarks.baseline import MARGINS, SPEED
from benchmarks.bench import WARM_LINES
from benchmarks.corpus import BESIDE_CHECKOUT, FLORES_FOLDER, OWN_FOLDER, Corpus, load_corpus, words
from benchmarks.evaluate import OutputPlan, evaluate_outputs, record
from benchmarks.output_systems import OutputSystem
from benchmarks.processes import Worker
from benchmarks.progress import Progress
from benchmarks.quality import check_installed
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Report
from benchmarks.systems import BASELINE, system_spec
from service.errors import EngineFailure

GATE_FOLDER: Final = OWN_FOLDER / "gate"
DEFAULT_SYSTEM: Final = "manchete-1"
ENGINE: Final = "manchete"
ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class GatePlan:
    """Which system, in which directions, on which sets of texts; with `speed`, the engine is raced against the peer."""

    system: OutputSystem
    directions: tuple[str, ...]
    corpora: tuple[Corpus, ...]
    speed: bool = True

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return sum(self.outputs(corpus).steps for corpus in self.corpora) + self.speed * ROUNDS * len(self.directions)

    def outputs(self, corpus: Corpus) -> OutputPlan:
        """The outputs to collect of one set of texts."""
        return OutputPlan((self.system,), self.directions, corpus)


def gate_corpora(folders: tuple[Path, ...], languages: tuple[str, ...]) -> tuple[Corpus, ...]:
    """The texts of the folders; by default those that are shipped for this, and FLORES-200 where it is."""
    if not folders:
        flores = BESIDE_CHECKOUT / FLORES_FOLDER
        folders = (GATE_FOLDER, flores) if flores.is_dir() else (GATE_FOLDER,)
    return tuple(load_corpus(folder, languages) for folder in folders)


def measure_gate(plan: GatePlan, progress: Progress) -> list[Report]:
    """A report for each set of texts; the speed is in the first.

    Raises EngineFailure when the system fails: a gate that measured nothing has not been passed.
    """
    check_installed()
    reports = [_quality(plan, corpus, progress) for corpus in plan.corpora]
    if plan.speed:
        reports[0] = _with_speed(plan, reports[0], progress)
    return reports


def _quality(plan: GatePlan, corpus: Corpus, progress: Progress) -> Report:
    outputs = plan.outputs(corpus)
    evaluation = evaluate_outputs(outputs, progress)
    if evaluation.absences:
        raise EngineFailure(f"gate: {plan.system.label} was not measured: {evaluation.absences[0].reason}")
    recorder = Recorder("")
    for direction, found in evaluation.systems.items():
        sources = corpus.lines[direction.partition("-")[0]]
        record(recorder, found[plan.system.label], sources, outputs.references(direction))
    figures = tuple(figure for figure in recorder.figures() if figure.metric in MARGINS)
    return Report("gate", evaluation.conditions, figures)


def _with_speed(plan: GatePlan, report: Report, progress: Progress) -> Report:
    """The report with the throughput of our engine and the peer's, in turn on one core, and their ratio."""
    missing = system_spec(BASELINE).missing()
    cores = conditions.cores_for(1) or ()
    if missing is not None:
        notes = (*report.conditions.notes, f"speed was not measured: {missing}")
        return replace(report, conditions=replace(report.conditions, notes=notes))
    recorder = Recorder(BASELINE)
    for direction in plan.directions:
        lines = plan.corpora[0].lines[direction.partition("-")[0]]
        with ExitStack() as stack:
            workers = {name: stack.enter_context(Worker(name, cores)) for name in (ENGINE, BASELINE)}
            for worker in workers.values():
                worker.ask("open", direction=direction)
                worker.ask("batch", direction=direction, lines=lines[:WARM_LINES])
            for number in range(1, ROUNDS + 1):
                progress.step(f"{direction}: speed, round {number}")
                for name, worker in workers.items():
                    seconds = worker.ask("batch", direction=direction, lines=lines)["seconds"]
                    recorder.add(Key(name, direction, SPEED), words(lines) / seconds, lines=len(lines))
    return replace(report, figures=(*report.figures, *recorder.figures()))


def speed_ratios(report: Report) -> dict[str, float]:
    """Our engine's words/s over the peer's by direction, as far as they were measured."""
    return {
        figure.direction: figure.ratio
        for figure in report.figures
        if figure.system == ENGINE and figure.metric == SPEED and figure.ratio is not None
    }
