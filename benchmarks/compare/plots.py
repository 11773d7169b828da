"""The plots of a comparison: quality against speed, length, latencies, and where systems disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import fmean
from typing import Final

from benchmarks.chart import BOTTOM, RIGHT, TOP, Axis, Chart, axis, drawing
from benchmarks.compare.side_by_side import Sentence, SideBySide

# Source words; the last group has no end.
_LENGTHS: Final = (1, 11, 16, 21, 26, 31, 10_000)


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing with a heading and a sentence that says what is to be seen."""

    heading: str
    caption: str
    svg: str


def plots(comparison: SideBySide) -> list[Plot]:
    """Those that the comparison has data for."""
    makers: tuple[Callable[[SideBySide], Plot | None], ...] = (
        _quality_and_speed,
        _lengths,
        _latencies,
        _disagreement,
        _likeness,
    )
    made = (make(comparison) for make in makers)
    return [plot for plot in made if plot is not None]


def _quality_and_speed(comparison: SideBySide) -> Plot | None:
    quality = _figures(comparison, "chrf")
    speed = _figures(comparison, "words_per_second")
    if not quality or not speed:
        return None
    heading = "Quality against speed"
    chart = Chart(heading, axis("source words/s", list(speed.values()), log=True), axis("chrF", list(quality.values())))
    numbered = list(enumerate(comparison.systems))
    chart.points([(speed[one], quality[one], number, one) for number, one in numbered if one in speed])
    for number, system in numbered:
        if system not in speed:
            left, top = chart.dashed(quality[system], number)
            chart.text(left, top, f"{system} (speed unknown)")
    return Plot(heading, "Further right is faster, further up is closer to the references.", chart.svg())


def _lengths(comparison: SideBySide) -> Plot | None:
    groups = _by_length(comparison.sentences)
    if not _figures(comparison, "chrf") or len(groups) < 2:
        return None
    means = {
        system: [fmean(one.versions[system].chrf or 0.0 for one in group) for group in groups.values()]
        for system in comparison.systems
    }
    heading = "Quality by length"
    places = range(len(groups))
    chart = Chart(
        heading,
        Axis("words of the source", -0.4, len(groups) - 0.6),
        axis("mean chrF", [value for values in means.values() for value in values]),
    )
    for number, values in enumerate(means.values()):
        chart.line(list(zip(map(float, places), values, strict=True)), number)
    return Plot(
        heading, "Mean chrF of the sentences of each length.", chart.svg(list(zip(places, groups, strict=True)))
    )


def _latencies(comparison: SideBySide) -> Plot | None:
    measured = {system: sorted(times) for system, times in comparison.latencies.items() if len(times) > 1}
    if not measured:
        return None
    heading = "Latency"
    everything = [one for times in measured.values() for one in times]
    chart = Chart(heading, axis("ms for one sentence", everything, log=True), Axis("% of the sentences", 0, 100))
    for number, system in enumerate(comparison.systems):
        times = measured.get(system, [])
        chart.line([(time, 100 * (rank + 1) / len(times)) for rank, time in enumerate(times)], number)
    return Plot(heading, "How many sentences are done in so many milliseconds, sent one by one.", chart.svg())


def _disagreement(comparison: SideBySide) -> Plot | None:
    groups = _by_length(comparison.sentences)
    if len(comparison.systems) < 2 or not groups:
        return None
    means = [fmean(one.disagreement for one in group) for group in groups.values()]
    heading = "Where systems disagree"
    chart = Chart(
        heading, Axis("words of the source", -0.5, len(means) - 0.5), Axis("disagreement", 0, 1.15 * max(*means, 1.0))
    )
    for place, mean in enumerate(means):
        chart.bar((place - 0.4, place + 0.4), mean)
    names = list(zip(map(float, range(len(means))), groups, strict=True))
    return Plot(heading, "100 minus how alike the outputs are (chrF of each against the others).", chart.svg(names))


def _likeness(comparison: SideBySide) -> Plot | None:
    systems = comparison.systems
    if len(systems) < 2:
        return None
    pairs = {frozenset((first, second)): value for first, second, value in comparison.likeness}
    low = min(pairs.values())
    left, size = 128, (RIGHT - 128) / len(systems)
    height = (BOTTOM - TOP) / len(systems)
    parts = []
    for row, first in enumerate(systems):
        top = TOP + row * height
        name = escape(f"{row + 1}  {_shortened(first)}")
        parts.append(f'<text x="{left - 6}" y="{top + height / 2 + 4:.1f}" text-anchor="end">{name}</text>')
        parts.append(
            f'<text x="{left + (row + 0.5) * size:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{row + 1}</text>'
        )
        for column, second in enumerate(systems):
            value = pairs.get(frozenset((first, second)), 100.0)
            weight = 0.12 + 0.6 * (value - low) / max(100 - low, 1)
            place = f'x="{left + column * size:.1f}" y="{top:.1f}"'
            parts.append(
                f'<rect class="cell" {place} width="{size - 2:.1f}" height="{height - 2:.1f}" opacity="{weight:.2f}"/>'
                f'<text x="{left + (column + 0.5) * size:.1f}" y="{top + height / 2 + 4:.1f}" text-anchor="middle">'
                f"{value:.0f}</text>"
            )
    heading = "How alike outputs are"
    return Plot(
        heading, "Mean chrF of every system's outputs against every other's; 100 is the same.", drawing(heading, parts)
    )


def _by_length(sentences: Sequence[Sentence]) -> dict[str, list[Sentence]]:
    groups: dict[str, list[Sentence]] = {}
    for low, high in pairwise(_LENGTHS):
        name = f"{low}-{high - 1}" if high < _LENGTHS[-1] else f"{low}+"
        found = [one for one in sentences if low <= len(one.source.split()) < high]
        if found:
            groups[name] = found
    return groups


def _figures(comparison: SideBySide, metric: str) -> Mapping[str, float]:
    figures = ((system, comparison.report.find(system, comparison.direction, metric)) for system in comparison.systems)
    return {system: figure.median for system, figure in figures if figure is not None}


def _shortened(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"
