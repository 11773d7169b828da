"""From the arguments to the command's exit code."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from service.cli.exits import BROKEN_PIPE, USAGE, run_to_exit_code
from service.cli.parser import parse, print_help

BENCH = "bench"


def main() -> NoReturn:
    """Run the command line and exit: 0, 1 (failed), 2 (bad input), 3 (a model), 130 (interrupted)."""

    def run() -> int:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        code = _run(sys.argv[1:])
        sys.stdout.flush()
        return code

    try:
        code = run_to_exit_code(run)
    except BrokenPipeError:
        # Whoever read us has gone. The interpreter flushes once more on its way out; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    # Starting up makes objects by the ten thousand and hardly any garbage: to look for it would take a fifteenth of the
    # time of a short command. What lives longer turns it on again.
    gc.disable()
    if arguments[:1] == [BENCH]:
        gc.enable()
        # Benchmarks have a command line of their own, with more options than all other commands together.
        from benchmarks.cli import run

        return run(arguments[1:])
    options = parse(arguments)
    if options.command is None:
        print_help()
        return USAGE
    from service.cli.commands import SHORT, find

    if options.command not in SHORT:
        gc.enable()
    return find(options.command)(options)
