"""The service in this process, for one command, and what the commands check before they start it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.api.limits import check_text
from service.languages import normalise

if TYPE_CHECKING:
    from service.wiring import Service

# Sixteen sentences of any usual length, the rows that the student engine is fastest with.
OFFLINE_BATCH_TOKENS = 1024


@contextmanager
def open_service(*, offline: bool = False) -> Iterator[Service]:
    """Build the service from the environment, without loading any model before one is asked for.

    `offline`, batches are as large as suits the engine best, and threads take turns: nobody waits for a short one.

    Afterwards only what outlives the process is closed: the process is about to end, and its memory with it.
    Raises ConfigurationError when a setting cannot be used.
    """
    from msgspec.structs import replace

    from service.settings import load_settings
    from service.wiring import build

    # What goes wrong is told once, by the command's own sentence, and not by the rooms' logs as well.
    logging.getLogger("service").addHandler(logging.NullHandler())
    # The commands feed the queue in bounded portions themselves; the limit that protects a server would only fail them.
    settings = replace(load_settings(), preload="", max_queue_tokens=sys.maxsize)
    if offline:
        from service.cli.endurance import take_turns

        settings = replace(settings, max_batch_tokens=max(settings.max_batch_tokens, OFFLINE_BATCH_TOKENS))
        # Before the threads are started, which inherit it.
        take_turns()
    service = build(settings, watched=False)
    try:
        yield service
    finally:
        service.save()


def check_language(code: str | None, option: str) -> None:
    """Raise UnknownLanguage naming the option unless `code` is a language, or None."""
    if code is not None:
        normalise(code, field=option)


def optional_title(title: str | None, char_limit: int) -> str | None:
    """The title, None where it is blank; raises InvalidInput when the pipeline cannot take it."""
    if title is None or not title.strip():
        return None
    return check_text(title, "--title", char_limit)
