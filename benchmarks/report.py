"""A report to read: its tables, what failed or was missing, and the conditions, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.results import METRICS, Comparison, Conditions, Figure, Report
from benchmarks.stats import median
from benchmarks.tables import Table, without_empty_columns
from service.errors import InvalidInput

# Figures that would say the same as their neighbour, or are of interest to machines alone, are in the JSON only.
_SHOWN: Final = (
    "words_per_second",
    "scaling",
    "words_per_cpu_second",
    "sentences_per_second",
    "requests",
    "errors",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "latency_p99_limit",
    "batch_rows",
    "batch_infer",
    "client_cpu",
    "recalled",
    "cold_start",
    "resident",
    "bleu",
    "chrf",
    "ter",
    "comet",
    "numbers_kept",
    "guard_warnings",
    "length_ratio",
    "accuracy",
    "abstained",
    "texts_per_second",
    "batch_changes",
    "rouge1",
    "rouge2",
    "rougeL",
    "summary_words",
    "redundancy",
    "coverage",
    "support",
    "article_ms",
    "items_per_second",
    "items",
    "run",
    "stage_fetch",
    "stage_parse",
    "stage_extract",
    "stage_store",
    "stage_detect",
    "stage_translate",
    "stage_summarize",
    "peak",
    "feeds_told",
    "whole_texts",
    "stories_f1",
)
_NO_RATIO: Final = frozenset({"sentences_per_second"})
_BOTH: Final = "both"
_UNITS: Final = {"summarize": "articles", "feeds": "articles"}


def as_text(report: Report) -> str:
    """The report for a terminal."""
    parts = [table.as_text() for table in tables_of(report)]
    return "\n".join([*parts, *(f"{line}\n" for line in absences_of(report)), "\n".join(conditions_of(report)) + "\n"])


def as_markdown(report: Report) -> str:
    """The report for a page, without a heading of its own."""
    parts = [table.as_markdown() for table in tables_of(report)]
    lines = [f"- {line}" for line in (*absences_of(report), *conditions_of(report))]
    return "\n".join([*parts, "### Conditions\n", *lines]) + "\n"


def write_section(path: Path, report: Report, more: str = "") -> None:
    """Write the report as Markdown to `path`, and `more` after it.

    Where the file has the lines `<!-- bench NAME: begin -->` and `<!-- bench NAME: end -->`, only what is between them
    is replaced; another file of that name is overwritten only when it is empty or absent. Raises InvalidInput.
    """
    begin, end = (f"<!-- bench {report.benchmark}: {edge} -->" for edge in ("begin", "end"))
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if not text.strip():
            text = f"{begin}\n{end}\n"
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise InvalidInput(f"--markdown: {path} has no line {begin} followed by a line {end}", field="--markdown")
        head, rest = text.split(begin)
        path.write_text(f"{head}{begin}\n{as_markdown(report)}{more}{end}{rest.split(end)[1]}", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"--markdown: {path} cannot be written ({error.strerror or error})", field="--markdown"
        ) from error


def tables_of(report: Report) -> list[Table]:
    """Its tables in order: what was measured by direction, differences, published scores."""
    return [*_measured(report), *_compared(report), *_published(report)]


def _compared(report: Report) -> list[Table]:
    """Differences of every two systems, each with its interval and p-value."""
    tables = []
    for direction in dict.fromkeys(one.direction for one in report.comparisons):
        own = [one for one in report.comparisons if one.direction == direction]
        metrics = dict.fromkeys(one.metric for one in own)
        rows = []
        for pair in dict.fromkeys((one.first, one.second) for one in own):
            cells = {one.metric: _difference(one) for one in own if (one.first, one.second) == pair}
            rows.append((f"{pair[0]} - {pair[1]}", *(cells.get(metric, "") for metric in metrics)))
        columns = ("difference", *(METRICS[metric].heading for metric in metrics))
        tables.append(Table(f"{direction}: differences, 95% intervals and p-values", columns, tuple(rows)))
    return tables


def _difference(one: Comparison) -> str:
    return f"{one.difference:+.2f} [{one.low:+.2f}, {one.high:+.2f}] p={one.p_value:.3f}"


def _published(report: Report) -> list[Table]:
    """What others have published, by direction and test set."""
    tables = []
    for direction, test_set in dict.fromkeys((one.direction, one.test_set) for one in report.published):
        own = [one for one in report.published if (one.direction, one.test_set) == (direction, test_set)]
        metrics = dict.fromkeys(one.metric for one in own)
        rows = []
        for system, source in dict.fromkeys((one.system, one.source) for one in own):
            values = {one.metric: one.value for one in own if (one.system, one.source) == (system, source)}
            cells = (f"{values[name]:.{_digits(name)}f}" if name in values else "" for name in metrics)
            rows.append((f"{system} ({source})", *cells))
        columns = ("published", *(METRICS[name].heading if name in METRICS else name for name in metrics))
        tables.append(Table(f"{direction}: published scores on {test_set or 'an unnamed set'}", columns, tuple(rows)))
    return tables


def _digits(metric: str) -> int:
    return METRICS[metric].digits if metric in METRICS else 4


def _measured(report: Report) -> list[Table]:
    directions = dict.fromkeys(figure.direction for figure in report.figures)
    tables = []
    for direction in directions:
        figures = [figure for figure in report.figures if figure.direction == direction]
        metrics = [METRICS[name] for name in _SHOWN if any(figure.metric == name for figure in figures)]
        systems = dict.fromkeys(figure.system for figure in figures)
        rows = []
        for system in systems:
            own = {figure.metric: figure for figure in figures if figure.system == system}
            cells = [_cell(own[metric.name]) if metric.name in own else "" for metric in metrics]
            rows.append((_label(system, figures), *cells))
        title = "One process with every direction loaded" if direction == _BOTH else direction
        table = Table(title, ("system", *(metric.heading for metric in metrics)), tuple(rows))
        tables.append(without_empty_columns(table))
    return tables


def _label(system: str, figures: Iterable[Figure]) -> str:
    """The system's name, with the number of lines where it was given fewer than the others."""
    lines = {figure.system: figure.lines for figure in figures if figure.metric == "words_per_second"}
    fewer = system in lines and lines[system] < max(lines.values())
    return f"{system} ({lines[system]} lines)" if fewer else system


def _cell(figure: Figure) -> str:
    metric = METRICS[figure.metric]
    value = f"{figure.median:,.{metric.digits}f}"
    if figure.baseline == figure.system:
        return value
    if figure.ratio is not None and figure.metric not in _NO_RATIO:
        return f"{value} ({figure.ratio:.2f}x)"
    if figure.difference is not None:
        return f"{value} ({figure.difference:+.2f})"
    if figure.details:
        return f"{value} ({', '.join(f'{name}: {count:g}' for name, count in figure.details.items())})"
    return value


def absences_of(report: Report) -> list[str]:
    """A sentence for everything that was asked for and not measured."""
    return [
        f"Not measured: {one.system}{f' ({one.direction})' if one.direction else ''}: {one.reason}."
        for one in report.absences
    ]


def conditions_of(report: Report) -> list[str]:
    """The conditions, a sentence each; the last is the signature."""
    seen = report.conditions
    unit = _UNITS.get(report.benchmark, "lines")
    lines = [
        f"{seen.date}, Manchete at {seen.git_revision or 'an unknown revision'}.",
        f"{seen.processor} ({_listed(seen.instruction_sets)}), {seen.usable_cores} usable cores, {seen.platform}.",
        *([f"Pinned to cores: {_cores(seen)}."] if seen.cores else []),
        f"Load average {_numbers(seen.load_average_before)} before, {_numbers(seen.load_average_after)} after.",
        f"Data: {seen.data.name}, {seen.data.lines} {unit}, SHA-256 {seen.data.sha256[:16]}.",
        f"Rounds: {seen.rounds}{_spread(report)}.",
        f"Versions: {_listed(f'{name} {version}' for name, version in seen.versions.items())}.",
        f"Environment: {_listed(f'{name}={value}' for name, value in seen.environment.items())}.",
    ]
    lines += [f"Texts given to {name}: {how}." for name, how in seen.batching.items()]
    lines += [f"{METRICS[name].heading}: `{signature}`." for name, signature in seen.signatures.items()]
    baseline = next((figure.baseline for figure in report.figures if figure.baseline), None)
    if baseline:
        lines.append(f"In parentheses: the median over the rounds of the ratio or difference to {baseline}.")
    lines += [f"{note[:1].upper()}{note[1:]}." for note in seen.notes]
    return [*lines, f"Signature: `{report.signature}`."]


def _spread(report: Report) -> str:
    """How far the rounds of a throughput lie apart at worst: what the figures may be trusted to."""
    spreads = {
        f"{figure.system}, {figure.direction}": (max(figure.rounds) - min(figure.rounds)) / median(figure.rounds)
        for figure in report.figures
        if figure.metric == "words_per_second" and len(figure.rounds) > 1
    }
    if not spreads:
        return ""
    worst = max(spreads, key=lambda name: spreads[name])
    return f"; the words/s of the rounds lie at most {spreads[worst]:.0%} of their median apart ({worst})"


def _cores(seen: Conditions) -> str:
    return _listed(f"{name} {'+'.join(map(str, cores))}" for name, cores in seen.cores.items())


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values) or "unknown"


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"
