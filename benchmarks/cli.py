"""`manchete bench`: speed, a server under load, summaries, feeds; what looks at outputs is in `benchmarks.cli_outputs`.

Also `python -m benchmarks.cli`.

The `manchete` command imports this module when it is asked for `bench`, and hands it the arguments that follow.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from benchmarks import cli_outputs
from benchmarks.cli_options import Data, JsonFile, Markdown

DEFAULT_URL: Final = "http://127.0.0.1:8000"

app = typer.Typer(
    name="bench",
    help="Measure this machine: engines and peers, their outputs, a running server, summaries, feeds.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def speed(  # noqa: PLR0913 -- one parameter an option
    *,
    systems: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Comma-separated; manchete-N is the service on N cores")
    ] = None,
    direction: Annotated[str, typer.Option(metavar="PAIR", help="A pair such as pt-en, or both")] = "both",
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often everything is measured")] = 3,
    lines: Annotated[int | None, typer.Option(min=1, help="Use the first so many sentences only")] = None,
    latency_lines: Annotated[int, typer.Option(min=1, help="Sentences translated one by one")] = 200,
    core: Annotated[int | None, typer.Option(min=0, help="The core to measure on; else the last usable one")] = None,
    data: Data = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Compare engines and peers: throughput, latency, cold start, memory, BLEU and chrF."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.corpus import load_corpus
    from benchmarks.directions import parse_directions
    from benchmarks.speed import SpeedPlan, measure_speed
    from benchmarks.systems import DEFAULT_SYSTEMS, parse_systems

    chosen = parse_systems(systems or DEFAULT_SYSTEMS)
    directions, languages = parse_directions(direction)
    corpus = load_corpus(data, languages, lines)
    plan = SpeedPlan(chosen, directions, corpus, rounds, latency_lines, core)
    deliver(run_plan(plan, measure_speed), json_file, markdown)


@app.command()
def load(  # noqa: PLR0913 -- one parameter an option
    *,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help=f"A server that runs already (default: {DEFAULT_URL})")
    ] = None,
    spawn: Annotated[bool, typer.Option("--spawn", help="Start a server for this and stop it after")] = False,
    server_cores: Annotated[
        int | None, typer.Option(min=1, help="Cores for a spawned server; else all but one")
    ] = None,
    clients: Annotated[int, typer.Option(min=1, max=1000, help="Clients that each send one sentence at a time")] = 32,
    seconds: Annotated[float, typer.Option(min=0.5, max=3600, help="How long they do")] = 20.0,
    bulk: Annotated[int, typer.Option(min=0, max=100_000, help="Sentences of one more client, sent as lists")] = 0,
    direction: Annotated[str, typer.Option(metavar="PAIR", help="The pair to translate")] = "pt-en",
    api_key: Annotated[str | None, typer.Option(metavar="KEY", help="The key the server asks for")] = None,
    data: Data = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Put a server under load: throughput, latencies, errors, how full its batches are."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.corpus import load_corpus
    from benchmarks.directions import parse_directions
    from benchmarks.load import LoadPlan, measure_load
    from service.errors import InvalidInput

    if spawn and (url is not None or api_key is not None):
        raise InvalidInput("--spawn: a server of its own has no --url and no --api-key", field="--spawn")
    directions, languages = parse_directions(direction)
    if len(directions) > 1:
        raise InvalidInput("--direction: name one pair, such as pt-en", field="--direction")
    plan = LoadPlan(
        direction=direction,
        corpus=load_corpus(data, languages),
        url=None if spawn else url or DEFAULT_URL,
        clients=clients,
        seconds=seconds,
        bulk=bulk,
        server_cores=server_cores,
        api_key=api_key,
    )
    deliver(run_plan(plan, measure_load), json_file, markdown)


cli_outputs.register(app)


@app.command()
def summarize(
    *,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON lines {lang, title?, text, summaries}; else our own news")
    ] = None,
    part: Annotated[str, typer.Option(metavar="PART", help="all, or every other article: tune or report")] = "all",
    systems: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Comma-separated; lead is what the others are compared with")
    ] = None,
    words: Annotated[int, typer.Option(min=10, max=1000, help="Words a summary may have")] = 100,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Compare summarizers with summaries by people, at equal length: ROUGE, repetition, names, support, time."""
    from benchmarks.articles import load_articles
    from benchmarks.command import deliver, run_plan
    from benchmarks.summarize import SummaryPlan, measure_summaries
    from benchmarks.summarizers import SYSTEMS, parse_summarizers

    chosen = SYSTEMS if systems is None else parse_summarizers(systems)
    plan = SummaryPlan(load_articles(data, part), chosen, words)
    deliver(run_plan(plan, measure_summaries), json_file, markdown)


@app.command()
def feeds(
    *,
    items: Annotated[int, typer.Option(min=8, max=100_000, help="Invented articles, beside the set of stories")] = 300,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often everything is measured")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each system, each on a core of its own")] = 1,
    core: Annotated[int | None, typer.Option(min=0, help="The core to measure on; else the last usable one")] = None,
    json_file: JsonFile = None,
    markdown: Markdown = None,
) -> None:
    """Run feeds and `manchete batch` beside the engine by itself: throughput, stages, memory, a second run, stories."""
    from benchmarks.command import deliver, run_plan
    from benchmarks.feeds import FeedsPlan, measure_feeds

    deliver(run_plan(FeedsPlan(items, rounds, threads, core), measure_feeds), json_file, markdown)


def run(arguments: list[str]) -> int:
    """Run a command; returns its exit code. Raises InvalidInput for what the arguments get wrong, naming it."""
    from typer.exceptions import TyperException

    from service.errors import InvalidInput

    try:
        code: int | None = app(arguments, prog_name="manchete bench", standalone_mode=False)
    except TyperException as error:
        raise InvalidInput(" ".join(error.format_message().split())) from error
    return code or 0


def main() -> NoReturn:
    """Run this application by itself, with the exit codes of the `manchete` command."""
    from service.cli.exits import run_to_exit_code

    sys.exit(run_to_exit_code(lambda: run(sys.argv[1:])))


if __name__ == "__main__":
    main()
