"""The sentences of a comparison, each with what every system made of it. Frozen, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Final

from pydantic import TypeAdapter

from benchmarks.bootstrap import Resampling
from benchmarks.evaluate import Evaluated, OutputPlan, evaluate_outputs, record
from benchmarks.progress import Progress
from benchmarks.quality import check_installed
from benchmarks.recorder import Recorder
from benchmarks.results import Report
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

    `likeness` has the mean likeness of every two systems' outputs, 0 to 100.
    """

    report: Report
    direction: str
    sentences: tuple[Sentence, ...]
    latencies: Mapping[str, tuple[float, ...]]
    likeness: tuple[tuple[str, str, float], ...]

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that have outputs, in the order in which they were named."""
        return tuple(self.sentences[0].versions) if self.sentences else ()

    def to_json(self) -> str:
        """Everything, as JSON text."""
        return _ADAPTER.dump_json(self, indent=1).decode() + "\n"


_ADAPTER: Final = TypeAdapter(SideBySide)


def compare_outputs(plan: OutputPlan, progress: Progress) -> SideBySide:
    """Run a plan of one direction; raises InvalidInput, ConfigurationError without sacrebleu."""
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
    report = Report(
        "compare",
        replace(evaluation.conditions, notes=(*evaluation.conditions.notes, note)),
        recorder.figures(),
        tuple(evaluation.absences),
        comparisons=tuple(comparisons),
    )
    likeness = _likeness(found)
    return SideBySide(
        report,
        direction,
        _sentences(found, sources, references, likeness),
        {label: tuple(1000 * one for one in each.output.latencies) for label, each in found.items()},
        tuple((*pair, fmean(values)) for pair, values in likeness.items() if values),
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
