"""What the gate has measured over time: small JSON files in `results/`, and a page that plots them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from benchmarks.baseline import Baseline
from benchmarks.chart import Axis, Chart, axis
from benchmarks.results import METRICS, Figure, Report, read_report
from service.errors import InvalidInput

RESULTS_FOLDER: Final = Path(__file__).with_name("results")
_TEMPLATE: Final = Path(__file__).with_name("history.html")
_METRICS: Final = ("chrf", "bleu", "numbers_kept")
_RATIO: Final = "words_per_second"

Point = tuple[str, float]


def file_name(report: Report) -> str:
    """The name of a result's file: when, at which revision, on what."""
    seen = report.conditions
    moment = seen.date[:19].replace(":", "").replace("T", "-")
    return f"{moment}-{seen.git_revision or 'unknown'}-{seen.data.name.replace(' ', '-')}.json"


def read_history(folder: Path) -> list[Report]:
    """All results, the oldest first; raises InvalidInput for a folder without any and for a file that is none."""
    reports = [read_report(path) for path in sorted(folder.glob("*.json"))]
    if not reports:
        raise InvalidInput(f"--results: {folder} has no results; make gate ARGS=--record writes one", field="--results")
    return sorted(reports, key=lambda report: report.conditions.date)


def as_html(reports: Sequence[Report], baseline: Baseline) -> str:
    """A page with a plot for every set of texts and metric, and the changes of the floors."""
    figures = "".join(
        f"<figure><h2>{escape(heading)}</h2>{_plot(heading, series, baseline)}{_legend(series)}</figure>"
        for heading, series in _series(reports).items()
    )
    changes = "".join(
        f"<li>{escape(one.date[:10])}, {escape(one.revision)}: {escape(one.reason)}"
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in one.changes)}</ul></li>"
        for one in baseline.history
    )
    dates = f"{reports[0].conditions.date[:10]} to {reports[-1].conditions.date[:10]}, {len(reports)} results"
    template = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(dates=escape(dates), figures=figures, changes=changes)


def _series(reports: Sequence[Report]) -> dict[str, dict[str, list[Point]]]:
    """Plots by heading, in each a series of dates and values by direction."""
    plots: dict[str, dict[str, list[Point]]] = {}
    for metric in (*_METRICS, _RATIO):
        for report in reports:
            for figure in report.figures:
                value = _value(figure, metric)
                if value is not None:
                    name = (
                        f"{figure.system} / {figure.baseline}, speed" if metric == _RATIO else _heading(report, metric)
                    )
                    series = plots.setdefault(name, {})
                    series.setdefault(figure.direction, []).append((report.conditions.date, value))
    return plots


def _value(figure: Figure, metric: str) -> float | None:
    if figure.metric != metric:
        return None
    if metric == _RATIO:
        return figure.ratio if figure.baseline != figure.system else None
    return figure.median


def _heading(report: Report, metric: str) -> str:
    return f"{report.conditions.data.name}: {METRICS[metric].heading}"


def _plot(heading: str, series: Mapping[str, Sequence[Point]], baseline: Baseline) -> str:
    """Lines over the results in order, with the present floors dashed."""
    dates = sorted({date for points in series.values() for date, _ in points})
    floors = _floors(heading, series, baseline)
    values = [value for points in series.values() for _, value in points]
    chart = Chart(heading, Axis("result", 0.5, len(dates) + 0.5), axis("", [*values, *floors.values()]))
    for colour, (direction, points) in enumerate(series.items()):
        places = [(float(dates.index(date) + 1), value) for date, value in points]
        chart.line(places, colour)
        chart.points([(x, y, colour, f"{y:.1f}" if (x, y) == places[-1] else "") for x, y in places])
        if direction in floors:
            chart.dashed(floors[direction], colour)
    step = -(-len(dates) // 4)
    return chart.svg([(float(place + 1), date[5:10]) for place, date in enumerate(dates) if place % step == 0])


def _floors(heading: str, series: Mapping[str, object], baseline: Baseline) -> dict[str, float]:
    name, _, shown = heading.rpartition(": ")
    known = baseline.quality.get(name)
    metric = next((one for one in _METRICS if METRICS[one].heading == shown), "")
    if known is None:
        return {}
    floors = {direction: known.floors.get(direction, {}).get(metric) for direction in series}
    return {direction: floor for direction, floor in floors.items() if floor is not None}


def _legend(series: Mapping[str, object]) -> str:
    names = (f'<li><span class="swatch s{colour}"></span>{escape(name)}</li>' for colour, name in enumerate(series))
    return f'<ul class="legend">{"".join(names)}</ul>'
