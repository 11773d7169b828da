"""`manchete bench quality`: scores of systems against references, how sure their differences are, and what was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from benchmarks import comet
from benchmarks.bootstrap import DEFAULT_SAMPLES, Resampling
from benchmarks.evaluate import Evaluation, OutputPlan, evaluate_outputs, record
from benchmarks.processes import SystemFailed
from benchmarks.progress import Progress
from benchmarks.published import read_published
from benchmarks.quality import check_installed
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Absence, Comparison, Report
from service.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """Outputs to judge; the first system is what the others are compared with.

    `published` are CSV files of scores to put beside, of the sets `test_sets` where some are given; `comet` is a
    checkpoint; `samples` is how often the lines are drawn anew.
    """

    outputs: OutputPlan
    published: tuple[Path, ...] = ()
    test_sets: tuple[str, ...] = ()
    comet: Path | None = None
    samples: int = DEFAULT_SAMPLES

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        each = 1 + (len(self.outputs.systems) if comet.missing(self.comet) is None else 0)
        return self.outputs.steps + each * len(self.outputs.directions)


def measure_quality(plan: QualityPlan, progress: Progress) -> Report:
    """Run the plan; raises InvalidInput for texts without references, ConfigurationError without sacrebleu."""
    check_installed()
    for direction in plan.outputs.directions:
        if plan.outputs.references(direction) is None:
            raise InvalidInput(f"--data: there are no references for {direction}", field="--data")
    published = read_published(plan.published, plan.outputs.directions, plan.test_sets)
    evaluation = evaluate_outputs(plan.outputs, progress)
    recorder = Recorder(plan.outputs.systems[0].label)
    comparisons: list[Comparison] = []
    for direction, found in evaluation.systems.items():
        sources = plan.outputs.corpus.lines[direction.partition("-")[0]]
        for one in found.values():
            # Outputs are scored here, not raced: bench speed does that in turns.
            record(
                recorder,
                replace(one, output=replace(one.output, seconds=None)),
                sources,
                plan.outputs.references(direction),
            )
        progress.step(f"{direction}: drawing the lines {plan.samples} times")
        scores = {label: one.scores for label, one in found.items() if one.scores is not None}
        resampling = Resampling(scores, plan.samples)
        for first, second in combinations(scores, 2):
            comparisons += resampling.compare(first, second, direction)
    _add_comet(plan, evaluation, recorder, progress)
    seen = replace(evaluation.conditions, notes=(*evaluation.conditions.notes, *_notes(plan)))
    return Report(
        "quality",
        seen,
        recorder.figures(),
        tuple(evaluation.absences),
        comparisons=tuple(comparisons),
        published=published,
    )


def _add_comet(plan: QualityPlan, evaluation: Evaluation, recorder: Recorder, progress: Progress) -> None:
    checkpoint = plan.comet
    if checkpoint is None or comet.missing(checkpoint) is not None:
        return
    for direction, found in evaluation.systems.items():
        sources = plan.outputs.corpus.lines[direction.partition("-")[0]]
        for label, one in found.items():
            progress.step(f"{direction}: COMET of {label}")
            try:
                score = comet.comet_score(
                    checkpoint, sources, one.output.lines, plan.outputs.references(direction) or ()
                )
            except SystemFailed as error:
                evaluation.absences.append(Absence(f"COMET of {label}", error.message, direction))
                continue
            recorder.add(Key(label, direction, "comet"), score, lines=len(sources))


def _notes(plan: QualityPlan) -> list[str]:
    reason = comet.missing(plan.comet)
    notes = (
        [f"COMET was not measured: {reason}"]
        if reason
        else [f"COMET by the model {plan.comet.name}" if plan.comet else ""]
    )
    notes.append(f"intervals and p-values by paired bootstrap with {plan.samples} samples of the lines")
    notes.append(
        "numbers kept: of the lines with digits, those whose numbers are all in the output, by a count of its own"
    )
    notes.append("warned of: lines in which the service's guards find fault, whichever system wrote them")
    return notes
