"""The commands and their options. Bodies are in `service.cli.commands`, imported when one is to run.

argparse, since a command-line library that is nicer to declare options with takes longer to import than a sentence to
translate.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NoReturn

from service import __version__
from service.api.limits import MAX_RATIO, MAX_SENTENCES, MAX_WORDS, MIN_RATIO, MIN_SENTENCES, MIN_WORDS
from service.errors import InvalidInput

DESCRIPTION = "Tell the language of texts, translate and summarize them, on this machine."
_MAX_PORT = 65_535


class Formatter(argparse.HelpFormatter):
    """Help as argparse writes it, its first word capitalised as a sentence is."""

    def add_usage(self, usage: str | None, actions: object, groups: object, prefix: str | None = None) -> None:
        """Add the line of usage."""
        super().add_usage(usage, actions, groups, "Usage: " if prefix is None else prefix)  # type: ignore[arg-type]


class Parser(argparse.ArgumentParser):
    """Raises InvalidInput for what it does not understand, so that it is told as every other error is."""

    def __init__(self, **options: object) -> None:
        super().__init__(formatter_class=Formatter, allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise InvalidInput(message.removeprefix("argument "))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command and its options; raises InvalidInput naming the argument at fault, SystemExit after `--help`."""
    return _parser(arguments).parse_args(arguments)


def print_help() -> None:
    """Print what `--help` prints."""
    _parser(()).print_help()


def _parser(arguments: Sequence[str]) -> Parser:
    parser = Parser(prog="manchete", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"manchete {__version__}")
    parser.set_defaults(command=None)
    # Left to find its own name, argparse formats a line of help, which takes it two milliseconds.
    commands = parser.add_subparsers(prog="manchete", metavar="COMMAND", title="commands", parser_class=Parser)

    def command(name: str, description: str, declare: Callable[[Parser], None]) -> None:
        added = commands.add_parser(name, help=description[:-1], description=description)
        added.set_defaults(command=name)
        # The options of all the others would take as long as a sentence takes to translate.
        if name in arguments:
            declare(added)

    command("serve", "Serve the HTTP API and the page until interrupted.", _serve)
    command("translate", "Translate a text, or every line of one.", _translate)
    command("detect", "Tell the language of a text, or of every line of one.", _detect)
    command("summarize", "Summarize a text in its own language.", _summarize)
    command("digest", "Detect, translate and summarize an article in one go.", _digest)
    command("batch", "Translate, and summarize, every record of a file of any length.", _batch)
    command("models", "Look after the model store.", _models)
    command("feeds", "Subscribe to news feeds, and make digests of them.", _feeds)
    # Its own options are told by `manchete bench --help`.
    commands.add_parser("bench", help="Measure this machine: engines, peers, and a running server", add_help=False)
    return parser


def _feeds(parser: Parser) -> None:
    from service.cli.feeds_parser import add_feeds

    add_feeds(parser, whole_number)


def _serve(parser: Parser) -> None:
    parser.add_argument("--host", help="Address to listen on (default: MANCHETE_HOST)")
    port = whole_number(0, _MAX_PORT)
    parser.add_argument("--port", type=port, metavar="NUMBER", help="Port to listen on (default: MANCHETE_PORT)")


def _translate(parser: Parser) -> None:
    _file(parser)
    _languages(parser)
    _choice(parser)
    _glossary(parser)
    _lines(parser)


def _detect(parser: Parser) -> None:
    _file(parser)
    _lines(parser)
    _json(parser)


def _summarize(parser: Parser) -> None:
    told = "UTF-8 text; - is standard input. Several tell one story, and give one summary"
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help=told)
    _source(parser)
    _summary(parser)
    _json(parser)


def _digest(parser: Parser) -> None:
    _file(parser)
    _languages(parser)
    _choice(parser)
    _glossary(parser)
    _summary(parser)
    _json(parser)


def _batch(parser: Parser) -> None:
    kinds = "JSONL, CSV or Parquet, by its name"
    parser.add_argument("--in", dest="input", required=True, metavar="FILE", help=f"Records: {kinds}")
    parser.add_argument("--out", dest="output", required=True, metavar="FILE", help=f"Results: {kinds}")
    _source(parser)
    parser.add_argument("--to", default="en", metavar="LANG", help="Language to translate to (default: en)")
    _choice(parser)
    parser.add_argument("--summary", action="store_true", help="Summarize as well")
    _length(parser)
    for name in ("text", "title", "source"):
        parser.add_argument(
            f"--{name}-field", default=name, metavar="NAME", help=f"Column to take it from (default: {name})"
        )
    parser.add_argument("--overwrite", action="store_true", help="Start anew, whatever is there from an earlier run")


def _models(parser: Parser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True, parser_class=Parser)

    def command(name: str, description: str) -> Parser:
        added = commands.add_parser(name, help=description[:-1], description=description)
        added.set_defaults(command=f"models {name}")
        return added

    listing = command("list", "List the installed models, or what a source has.")
    listing.add_argument("--available", action="store_true", help="What the source has, rather than what is installed")
    _model_source(listing)
    pull = command("pull", "Fetch and install the model of a pair such as es-en, or one by its name.")
    pull.add_argument("what", metavar="PAIR|MODEL", help="A pair such as es-en, or a model's name")
    _model_source(pull)
    info = command("info", "Tell all that is known of an installed model.")
    info.add_argument("model", metavar="MODEL", help="Its name, as `manchete models list` tells it")
    verify = command("verify", "Check every file of the models, of all of them where none is named.")
    verify.add_argument("models", metavar="MODEL", nargs="*", help="Names")
    measure = command("measure", "Measure how fast models are on this machine, all of them where none is named.")
    measure.add_argument("models", metavar="MODEL", nargs="*", help="Names")
    remove = command("rm", "Delete models from the store.")
    remove.add_argument("models", metavar="MODEL", nargs="+", help="Names")
    command("prune", "Delete what no engine can load: downloads left behind, models of an older version.")
    prepare = command("prepare", "Convert the models that came along, so that the first request need not wait for it.")
    prepare.add_argument("--force", action="store_true", help="Convert again what is there already")


def _model_source(parser: Parser) -> None:
    parser.add_argument("--source", default="firefox", metavar="firefox|opus|DIR", help="Where from (default: firefox)")


def _file(parser: Parser) -> None:
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="UTF-8 text; - is standard input")


def _source(parser: Parser) -> None:
    parser.add_argument("--from", dest="source", metavar="LANG", help="Language of the text; else it is detected")


def _languages(parser: Parser) -> None:
    _source(parser)
    parser.add_argument("--to", required=True, metavar="LANG", help="Language to translate to")


def _choice(parser: Parser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--quality", choices=("fast", "best"), help="Which of several models of the pair")
    choice.add_argument("--model", metavar="MODEL", help="The very model, as `manchete models list` names it")


def _glossary(parser: Parser) -> None:
    parser.add_argument("--glossary", metavar="FILE", help="How terms are to read: a .json, .csv or .tsv file")
    parser.add_argument(
        "--term", action="append", default=[], metavar="TERM=RENDERING", help="How one term is to read; repeatable"
    )


def _lines(parser: Parser) -> None:
    parser.add_argument("--lines", action="store_true", help="Every input line is a text and gives one output line")


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="Print JSON")


def _summary(parser: Parser) -> None:
    parser.add_argument("--title", help="The text's headline")
    _length(parser)


def _length(parser: Parser) -> None:
    sentences, words = whole_number(MIN_SENTENCES, MAX_SENTENCES), whole_number(MIN_WORDS, MAX_WORDS)
    parser.add_argument("--sentences", type=sentences, metavar="NUMBER", help="Length of the summary")
    parser.add_argument("--words", type=words, metavar="NUMBER", help="Its length in words instead")
    ratio = share(MIN_RATIO, MAX_RATIO)
    parser.add_argument(
        "--ratio", type=ratio, metavar="SHARE", help="Its length as a share of the text's words instead"
    )
    methods, styles = ("extractive", "abstractive", "auto"), ("brief", "headline", "bullets", "thread")
    parser.add_argument("--method", choices=methods, default="extractive", help="The text's sentences, or written anew")
    parser.add_argument("--style", choices=styles, default="brief", help="How the summary is set")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """What reads an option's value; refuses what is no whole number within the limits."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text[:40]}")
        return number

    return read


def share(least: float, most: float) -> Callable[[str], float]:
    """What reads an option's value; refuses what is no number within the limits."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be a number from {least} to {most}, not {text[:40]}")
        return number

    return read
