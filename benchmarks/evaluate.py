"""Outputs of several systems for the same texts, and everything that is counted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from benchmarks import conditions
from benchmarks.corpus import Corpus, words
from benchmarks.numbers import Number, lost_numbers, numbers_in
from benchmarks.output_systems import OutputSystem
from benchmarks.outputs import Collector, Output, Source, save_outputs, steps
from benchmarks.processes import SystemFailed
from benchmarks.progress import Progress
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Absence, Conditions
from benchmarks.segment_scores import SegmentScores, segment_scores, signatures
from benchmarks.stats import median, percentile
from service.guards import Finding, check

_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """Whose outputs, for what; `resume` keeps what is done of a long run, `save` takes the outputs as files."""

    systems: tuple[OutputSystem, ...]
    directions: tuple[str, ...]
    corpus: Corpus
    latency_lines: int = 0
    core: int | None = None
    resume: Path | None = None
    save: Path | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The texts of every direction."""
        lines = self.corpus.lines
        return tuple(Source(one, lines[one.partition("-")[0]], self.latency_lines) for one in self.directions)

    @property
    def steps(self) -> int:
        """How many steps `evaluate_outputs` reports."""
        return steps(self.systems, self.sources) + len(self.systems) * len(self.directions)

    def references(self, direction: str) -> Sequence[str] | None:
        """The reference translations of a direction, None where the texts have none."""
        return self.corpus.lines.get(direction.partition("-")[2])


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One system's output in one direction, line by line: scores, lost numbers, findings of the guards."""

    output: Output
    scores: SegmentScores | None
    lost: tuple[tuple[Number, ...], ...]
    findings: tuple[tuple[Finding, ...], ...]


@dataclass(slots=True)
class Evaluation:
    """Everything about a run: what was evaluated by direction and system, what is absent, under which conditions."""

    conditions: Conditions
    systems: dict[str, dict[str, Evaluated]] = field(default_factory=dict)
    absences: list[Absence] = field(default_factory=list)


def evaluate_outputs(plan: OutputPlan, progress: Progress) -> Evaluation:
    """Collect and evaluate. A system that is missing or fails is an absence, the others go on; raises InvalidInput."""
    evaluation = Evaluation(conditions.begin(plan.corpus.data_set, 1))
    collector = Collector(progress, plan.resume, plan.core)
    for source in plan.sources:
        found = evaluation.systems.setdefault(source.direction, {})
        for system in plan.systems:
            reason = system.missing(source.direction)
            try:
                output = collector.collect(system, source) if reason is None else None
            except SystemFailed as error:
                reason, output = error.message, None
            if output is None:
                evaluation.absences.append(Absence(system.label, reason or "", source.direction))
                continue
            progress.step(f"{source.direction}: scoring {system.label}")
            found[system.label] = evaluate(output, source.lines, plan.references(source.direction))
    if plan.save is not None:
        save_outputs(plan.save, [one.output for found in evaluation.systems.values() for one in found.values()])
    evaluation.conditions = _ended(evaluation, plan)
    return evaluation


def evaluate(output: Output, sources: Sequence[str], references: Sequence[str] | None) -> Evaluated:
    """Score an output and look for what it lost."""
    source_language, _, target_language = output.direction.partition("-")
    pairs = list(zip(sources, output.lines, strict=True))
    return Evaluated(
        output,
        None if references is None else segment_scores(output.lines, references),
        tuple(lost_numbers(source, line) for source, line in pairs),
        tuple(check(source, line, source_language, target_language) for source, line in pairs),
    )


def record(recorder: Recorder, one: Evaluated, sources: Sequence[str], references: Sequence[str] | None) -> None:
    """Add the figures of one output."""
    output, count = one.output, len(sources)

    def add(metric: str, value: float, details: Mapping[str, float] | None = None, lines: int = count) -> None:
        recorder.add(Key(output.system, output.direction, metric), value, lines=lines, details=details)

    recorder.model(output.system, output.direction, output.model)
    for metric, value in (one.scores.corpus() if one.scores is not None else {}).items():
        add(metric, value)
    with_digits = [index for index, source in enumerate(sources) if numbers_in(source)]
    if with_digits:
        kept = sum(not one.lost[index] for index in with_digits)
        add("numbers_kept", _HUNDRED * kept / len(with_digits), lines=len(with_digits))
    warned = [{finding.code for finding in findings} for findings in one.findings]
    codes = sorted(set().union(*warned))
    details = {code: float(sum(code in found for found in warned)) for code in codes}
    add("guard_warnings", _HUNDRED * sum(bool(found) for found in warned) / max(count, 1), details)
    if references is not None:
        add("length_ratio", sum(map(len, output.lines)) / max(sum(map(len, references)), 1))
    if output.seconds and not output.resumed:
        add("words_per_second", words(sources) / output.seconds)
    if output.latencies and not output.resumed:
        times = [1000 * seconds for seconds in output.latencies]
        add("latency_p50", median(times), lines=len(times))
        add("latency_p95", percentile(times, 95), lines=len(times))


def _ended(evaluation: Evaluation, plan: OutputPlan) -> Conditions:
    known = {
        system.label: conditions.cores_for(system.cores, plan.core) or () for system in plan.systems if system.cores
    }
    resumed = sorted(
        {one.output.system for found in evaluation.systems.values() for one in found.values() if one.output.resumed}
    )
    notes = [f"{label}: begun by a run before this one, so that its times are not shown" for label in resumed]
    return replace(
        evaluation.conditions,
        cores=known if conditions.can_pin() else {},
        load_average_after=conditions.load_average(),
        signatures=signatures(),
        notes=tuple(notes),
    )
