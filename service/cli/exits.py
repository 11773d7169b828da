"""The one table from errors to exit codes, and the one sentence that goes to standard error with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from service.errors import ConfigurationError, InvalidInput, MancheteError, ModelError, UndetectedLanguage

EXIT_CODES: Final[Mapping[type[MancheteError], int]] = {
    MancheteError: 1,
    InvalidInput: 2,
    ConfigurationError: 2,
    ModelError: 3,
}
SOME_LINES_FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

# What the pipeline's fields are called on the command line.
_NAMES: Final = {
    "source": "--from",
    "target": "--to",
    "title": "--title",
    "model": "--model",
    "q": "FILE",
    "text": "FILE",
}


def exit_code(error: MancheteError) -> int:
    """The exit code of an error: that of its nearest ancestor in the table."""
    return next(EXIT_CODES[ancestor] for ancestor in type(error).__mro__ if ancestor in EXIT_CODES)


def sentence(error: MancheteError) -> str:
    """What to say about an error: its message on one line, with fields called as they are on the command line."""
    if isinstance(error, UndetectedLanguage):
        return "FILE: too little evidence to tell the language of this text; name it with --from"
    name = _NAMES.get(error.field or "")
    return f"{name}: {bare_sentence(error)}" if name else " ".join(error.message.split())


def bare_sentence(error: MancheteError) -> str:
    """An error's message on one line, without the field it begins with."""
    return " ".join(error.message.removeprefix(f"{error.field}: ").split())


def complain(message: str) -> None:
    """Write one line to standard error."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 -- this is the command line


def run_to_exit_code(run: Callable[[], int | None]) -> int:
    """Call `run`; its result, or the exit code of the error that it raised, which is told in one sentence."""
    try:
        return run() or 0
    except MancheteError as error:
        complain(sentence(error))
        return exit_code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
