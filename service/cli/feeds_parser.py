"""The options of `manchete feeds ...`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d{1,6})([smhd])")
_LEAST_SECONDS: Final = 10
_MAX_ITEMS: Final = 1_000


def add_feeds(parser: argparse.ArgumentParser, whole_number: Callable[[int, int], Callable[[str], int]]) -> None:
    """Declare the commands below `manchete feeds`."""
    kind = type(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True, parser_class=kind)

    def command(name: str, description: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=description[:-1], description=description)
        added.set_defaults(command=f"feeds {name}")
        return added

    add = command("add", "Subscribe to feeds.")
    add.add_argument("urls", metavar="URL", nargs="+", help="Address of an RSS, Atom or JSON feed")
    _full_text(add)
    subscriptions = command("import", "Subscribe to the feeds of an OPML file.")
    subscriptions.add_argument("file", metavar="OPML", help="The file; - is standard input")
    _full_text(subscriptions)
    command("list", "List the subscriptions, and what became of their items.")
    remove = command("remove", "Unsubscribe, and delete the items.")
    remove.add_argument("feeds", metavar="FEED", nargs="+", help="Number or address, as `manchete feeds list` tells")
    run = command("run", "Fetch what is due, translate and summarize what is new; goes on where a run was ended.")
    often = run.add_mutually_exclusive_group()
    often.add_argument("--once", action="store_true", help="One run (the default)")
    often.add_argument("--every", type=duration, metavar="TIME", help="A run every 15m, 2h, ... until interrupted")
    _target(run)
    run.add_argument("--force", action="store_true", help="Fetch also feeds that failed and whose time has not come")
    run.add_argument("--retry", action="store_true", help="Take up every item that failed, however often it did")
    digest = command("digest", "Write the latest items as one document.")
    digest.add_argument("--format", choices=("html", "md", "json", "atom"), default="html", help="Default: html")
    digest.add_argument("--since", type=duration, metavar="TIME", help="Items of the last 24h, 7d, ...; else all")
    limit = whole_number(1, _MAX_ITEMS)
    digest.add_argument("--limit", type=limit, default=100, metavar="NUMBER", help="Items at most (default: 100)")
    digest.add_argument("--url", metavar="URL", help="Where the document will be found, for readers that subscribe")
    _target(digest)
    _out(digest)
    export = command("export", "Write the subscriptions as OPML, or every item as a line of JSON.")
    export.add_argument("--format", choices=("opml", "jsonl"), default="opml", help="Default: opml")
    _out(export)


def duration(text: str) -> int:
    """Seconds of `90s`, `15m`, `2h` or `7d`."""
    match = _DURATION.fullmatch(text.strip())
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if seconds < _LEAST_SECONDS:
        least = f"a time of at least {_LEAST_SECONDS}s"
        raise argparse.ArgumentTypeError(f"must be {least}, like 15m, 2h or 7d, not {text[:40]}")
    return seconds


def _full_text(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full-text", action="store_true", help="Take the text of teasers from their page")


def _target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="LANG", help="Language of the digest (default: MANCHETE_FEEDS_TARGET)")


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="-", metavar="FILE", help="Where to; - is standard output")
