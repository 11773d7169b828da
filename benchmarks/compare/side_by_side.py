"""The sentences of a comparison, each with what every system made of it. Frozen, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Final

from pydantic import TypeAdapter

from benchmarks.bootstrap import Resampling
from benchmarks.compare.summaries import Article, ArticleSummary, source_of, summaries
from benchmarks.evaluate import Evaluated, OutputPlan, evaluate_outputs, record
from benchmarks.output_systems import FILE, OutputSystem
from benchmarks.outputs import Collector, Source, steps
from benchmarks.processes import SystemFailed
from benchmarks.progress import Progress
from benchmarks.quality import check_installed
from benchmarks.recorder import Recorder
from benchmarks.results import Absence, Report
from benchmarks.segment_scores import similarity

_NUMBER: Final = "lost-number"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something of the source, `[start, end)` in characters, that an output lost, or what a guard says of it."""

    code: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Version:
    """One system's output for a sentence, its chrF (None without a reference), and its faults."""

    text: str
    chrf: float | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A source with its reference and versions by system; `disagreement` is 100 - the mean likeness of the versions."""

    source: str
    reference: str | None
    disagreement: float
    versions: Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A comparison: its figures, its sentences, and how long single sentences took, in ms, by system.

    `likeness` has the mean likeness of every two systems' outputs, 0 to 100; `summaries` those of articles, where some
    were given.
    """

    report: Report
    direction: str
    sentences: tuple[Sentence, ...]
    latencies: Mapping[str, tuple[float, ...]]
    likeness: tuple[tuple[str, str, float], ...]
    summaries: tuple[ArticleSummary, ...] = ()

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that have outputs, in the order in which they were named."""
        return tuple(self.sentences[0].versions) if self.sentences else ()

    def to_json(self) -> str:
        """Everything, as JSON text."""
        return _ADAPTER.dump_json(self, indent=1).decode() + "\n"


_ADAPTER: Final = TypeAdapter(SideBySide)


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """Outputs of one direction, and articles whose summaries are compared as well."""

    outputs: OutputPlan
    articles: tuple[Article, ...] = ()

    @property
    def source(self) -> Source:
        """The sentences of the articles."""
        return source_of(self.articles, self.outputs.directions[0])

    @property
    def steps(self) -> int:
        """How many steps the run reports."""
        return self.outputs.steps + (steps(self._translating, [self.source]) if self.articles else 0)

    @property
    def _translating(self) -> list[OutputSystem]:
        """The systems that can be given texts; a file has only its own lines."""
        return [system for system in self.outputs.systems if system.kind != FILE]

    def summaries(self, progress: Progress) -> tuple[list[ArticleSummary], list[Absence]]:
        """The summaries of every system's translations of the articles, and which systems have none."""
        made: list[ArticleSummary] = []
        absences = []
        collector = Collector(progress, core=self.outputs.core)
        for system in self.outputs.systems if self.articles else ():
            reason = "a file has no translations of the articles" if system.kind == FILE else None
            reason = reason or system.missing(self.source.direction)
            if reason is None:
                try:
                    made += summaries(self.articles, collector.collect(system, self.source))
                except SystemFailed as error:
                    reason = error.message
            if reason is not None:
                absences.append(Absence(f"summaries of {system.label}", reason, self.source.direction))
        return made, absences


def compare_outputs(comparison: ComparePlan, progress: Progress) -> SideBySide:
    """Run a plan of one direction; raises InvalidInput, ConfigurationError without sacrebleu."""
    plan = comparison.outputs
    check_installed()
    (direction,) = plan.directions
    evaluation = evaluate_outputs(plan, progress)
    found = evaluation.systems[direction]
    sources = plan.corpus.lines[direction.partition("-")[0]]
    references = plan.references(direction)
    recorder = Recorder(plan.systems[0].label)
    for one in found.values():
        record(recorder, one, sources, references)
    scores = {label: one.scores for label, one in found.items() if one.scores is not None}
    resampling = Resampling(scores)
    comparisons = [each for pair in combinations(scores, 2) for each in resampling.compare(*pair, direction)]
    note = "words/s of one pass in parts, not in turns: bench speed measures speed"
    made, without = comparison.summaries(progress)
    report = Report(
        "compare",
        replace(evaluation.conditions, notes=(*evaluation.conditions.notes, note)),
        recorder.figures(),
        (*evaluation.absences, *without),
        comparisons=tuple(comparisons),
    )
    likeness = _likeness(found)
    return SideBySide(
        report,
        direction,
        _sentences(found, sources, references, likeness),
        {label: tuple(1000 * one for one in each.output.latencies) for label, each in found.items()},
        tuple((*pair, fmean(values)) for pair, values in likeness.items() if values),
        tuple(made),
    )


Likeness = Mapping[tuple[str, str], Sequence[float]]


def _likeness(found: Mapping[str, Evaluated]) -> Likeness:
    """How alike the outputs of every two systems are, line by line."""
    return {
        (first, second): [
            similarity(one, other)
            for one, other in zip(found[first].output.lines, found[second].output.lines, strict=True)
        ]
        for first, second in combinations(found, 2)
    }


def _sentences(
    found: Mapping[str, Evaluated], sources: Sequence[str], references: Sequence[str] | None, likeness: Likeness
) -> tuple[Sentence, ...]:
    chrf = {label: one.scores.sentence_chrf() for label, one in found.items() if one.scores is not None}
    sentences = []
    for index, source in enumerate(sources):
        versions = {
            label: Version(
                one.output.lines[index],
                round(float(chrf[label][index]), 2) if label in chrf else None,
                _faults(one, index, source),
            )
            for label, one in found.items()
        }
        alike = [values[index] for values in likeness.values()]
        disagreement = round(100 - fmean(alike), 2) if alike else 0.0
        sentences.append(Sentence(source, references[index] if references else None, disagreement, versions))
    return tuple(sentences)


def _faults(one: Evaluated, index: int, source: str) -> tuple[Fault, ...]:
    """Lost numbers, and what the guards say besides."""
    numbers = one.lost[index]
    faults = [
        Fault(_NUMBER, f"{source[number.start : number.end]} is lost", number.start, number.end) for number in numbers
    ]
    for finding in one.findings[index]:
        span = finding.span
        if not any(number.start < span.end and span.start < number.end for number in numbers):
            faults.append(Fault(finding.code, finding.message, span.start, span.end))
    return tuple(faults)
