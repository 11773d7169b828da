"""The commands and their options."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, NoReturn

import typer

from benchmarks.cli import app as bench_app
from service import __version__
from service.api.limits import MAX_SENTENCES, MAX_WORDS, MIN_SENTENCES, MIN_WORDS, check_filled, summary_length
from service.cli.exits import BROKEN_PIPE, SOME_LINES_FAILED, USAGE, run_to_exit_code
from service.cli.inputs import read_text
from service.cli.session import check_language, open_service, optional_title
from service.cli.texts import print_digest, print_notices, print_text
from service.types import DigestRequest, RequestContext, SummarizeRequest, TranslateRequest

app = typer.Typer(
    name="manchete",
    help="Tell the language of texts, translate and summarize them, on this machine.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="Look after the model store.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(bench_app, name="bench")

File = Annotated[str, typer.Argument(metavar="[FILE|-]", help="UTF-8 text; - is standard input", show_default=False)]
From = Annotated[str | None, typer.Option("--from", metavar="LANG", help="Language of the text; else it is detected")]
To = Annotated[str, typer.Option("--to", metavar="LANG", help="Language to translate to")]
Lines = Annotated[bool, typer.Option("--lines", help="Every input line is a text and gives one output line")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]
Title = Annotated[str | None, typer.Option("--title", metavar="TITLE", help="The text's headline")]
Sentences = Annotated[
    int | None, typer.Option("--sentences", min=MIN_SENTENCES, max=MAX_SENTENCES, help="Length of the summary")
]
Words = Annotated[int | None, typer.Option("--words", min=MIN_WORDS, max=MAX_WORDS, help="Its length in words instead")]


def main() -> NoReturn:
    """Run the command line and exit: 0, 1 (failed), 2 (bad input), 3 (a model), 130 (interrupted)."""

    def run() -> int | None:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        code: int | None = app(standalone_mode=False)
        sys.stdout.flush()
        return code

    try:
        code = run_to_exit_code(run)
    except BrokenPipeError:
        # Whoever read us has gone. The interpreter flushes once more on its way out; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    sys.exit(code)


@app.callback(invoke_without_command=True)
def entry(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False,
) -> None:
    """Tell the language of texts, translate and summarize them, on this machine."""
    if version:
        typer.echo(f"manchete {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: MANCHETE_HOST)")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on (default: MANCHETE_PORT)")
    ] = None,
) -> None:
    """Serve the HTTP API and the page until interrupted."""
    from service.cli.server import run_server

    run_server(host, port)


@app.command()
def translate(to: To, source: From = None, file: File = "-", lines: Lines = False) -> None:
    """Translate a text, or every line of one."""
    check_language(source, "--from")
    check_language(to, "--to")
    with open_service() as service:
        limit = service.settings.char_limit
        if lines:
            from service.cli.lines import LineInput, translate_lines

            _exit_for(translate_lines(service.pipeline, LineInput(file, limit), to, source))
            return
        text = check_filled(read_text(file), "FILE", limit)
        result = service.pipeline.translate(TranslateRequest(text, to, source), RequestContext("cli"))
        print_notices(result.translation.warnings)
        print_text(result.translation.text)


@app.command()
def detect(file: File = "-", lines: Lines = False, as_json: Json = False) -> None:
    """Tell the language of a text, or of every line of one."""
    from service.cli.lines import LineInput, detect_lines, format_detection

    with open_service() as service:
        limit = service.settings.char_limit
        if lines:
            _exit_for(detect_lines(service.pipeline, LineInput(file, limit), as_json=as_json))
            return
        detection = service.pipeline.detect(check_filled(read_text(file), "FILE", limit), field="FILE")
        typer.echo(format_detection(detection, as_json=as_json))


@app.command()
def summarize(
    file: File = "-",
    source: From = None,
    title: Title = None,
    sentences: Sentences = None,
    words: Words = None,
    as_json: Json = False,
) -> None:
    """Summarize a text in its own language."""
    from service.api.render import render_summarize

    check_language(source, "--from")
    length = summary_length(sentences, words, prefix="--")
    with open_service() as service:
        limit = service.settings.char_limit
        text = check_filled(read_text(file), "FILE", limit)
        request = SummarizeRequest(text, source, optional_title(title, limit), length)
        result = service.pipeline.summarize(request, RequestContext("cli"))
        if as_json:
            typer.echo(json.dumps(render_summarize(result), ensure_ascii=False, indent=2))
            return
        print_notices(result.summary.warnings)
        print_text(result.summary.text)


@app.command()
def digest(  # noqa: PLR0913 -- one parameter an option
    to: To,
    *,
    file: File = "-",
    source: From = None,
    title: Title = None,
    sentences: Sentences = None,
    words: Words = None,
    as_json: Json = False,
) -> None:
    """Detect, translate and summarize an article in one go."""
    from service.api.render import render_digest

    check_language(source, "--from")
    check_language(to, "--to")
    length = summary_length(sentences, words, prefix="--")
    with open_service() as service:
        limit = service.settings.char_limit
        text = check_filled(read_text(file), "FILE", limit)
        request = DigestRequest(text, to, source, optional_title(title, limit), length)
        result = service.pipeline.digest(request, RequestContext("cli"))
        if as_json:
            typer.echo(json.dumps(render_digest(result), ensure_ascii=False, indent=2))
            return
        print_digest(result)


@models_app.command()
def prepare(
    force: Annotated[bool, typer.Option("--force", help="Convert again what is there already")] = False,
) -> None:
    """Convert the models that arrive with the installation, so that the first request need not wait for it."""
    from service.settings import load_settings
    from service.wiring import prepare_models

    prepare_models(load_settings(), force=force, report=typer.echo)


def _exit_for(failed_lines: int) -> None:
    if failed_lines:
        raise typer.Exit(SOME_LINES_FAILED)
