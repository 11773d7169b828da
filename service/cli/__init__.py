"""The command line, `manchete`: the pipeline for one text at a time, and the server."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and end the process with its exit code.

    Everything that outlives the process is flushed; memory and threads are left to the operating system, which is
    faster than taking models and interpreter apart: a quarter of the time of a one-sentence translation.
    """
    from service.cli.app import main as run

    code: object = 0
    try:
        run()
    except SystemExit as end:
        code = end.code
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
