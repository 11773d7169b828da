"""The one runner of all benchmarks: progress on standard error, tables or JSON on standard output, files on request."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from service.errors import InvalidInput

if TYPE_CHECKING:
    from benchmarks.compare.side_by_side import SideBySide
    from benchmarks.progress import Progress
    from benchmarks.results import Report


class Plan(Protocol):
    """What a benchmark is to do."""

    @property
    def steps(self) -> int:
        """How many steps it reports."""
        ...


P = TypeVar("P", bound=Plan)
R = TypeVar("R")


def run_plan(plan: P, measure: Callable[[P, Progress], R]) -> R:
    """Measure, showing progress; SIGTERM unwinds it like an exception, so that nothing it started outlives it."""
    from benchmarks.progress import Progress

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with Progress(plan.steps) as progress:
        return measure(plan, progress)


def deliver(report: Report, json_file: str | None, markdown: Path | None) -> None:
    """Print the report as tables, or as JSON where `json_file` is `-`, and write the files; raises InvalidInput."""
    from benchmarks.report import as_text, write_section

    # Standard output first: a file that cannot be written must not cost what was measured.
    sys.stdout.write(report.to_json() if json_file == "-" else as_text(report))
    sys.stdout.flush()
    if json_file is not None and json_file != "-":
        write_text(Path(json_file), report.to_json(), "--json")
    if markdown is not None:
        write_section(markdown, report)


def deliver_comparison(comparison: SideBySide, html: Path | None, json_file: str | None, markdown: Path | None) -> None:
    """Print a comparison's tables, or all of it as JSON where `json_file` is `-`, and write the files."""
    from benchmarks.compare.page import as_html, sentences_as_markdown
    from benchmarks.report import as_text, write_section

    sys.stdout.write(comparison.to_json() if json_file == "-" else as_text(comparison.report))
    sys.stdout.flush()
    if html is not None:
        write_text(html, as_html(comparison), "--html")
    if json_file is not None and json_file != "-":
        write_text(Path(json_file), comparison.to_json(), "--json")
    if markdown is not None:
        write_section(markdown, comparison.report, sentences_as_markdown(comparison))


def write_text(path: Path, text: str, option: str) -> None:
    """Write a file, its folder made where it is not there; raises InvalidInput naming the option it was given with."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{option}: {path} cannot be written ({error.strerror or error})", field=option) from error
