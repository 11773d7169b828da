"""What passes between those who want something written and those who write: values of the standard library alone."""

from __future__ import annotations

from threading import Event

import msgspec


class Manner(msgspec.Struct, frozen=True):
    """How a summary is made: `extractive`, `abstractive`, or `auto` (written where something can write), and its style.

    `style` is `brief`, `headline`, `bullets` or `thread`.
    """

    method: str = "extractive"
    style: str = "brief"


EXTRACT = Manner()


class Writing(msgspec.Struct, frozen=True):
    """What a model is asked to write: the whole `prompt`, or for models that only summarize, the bare `text`.

    `max_words` of output; `deadline` on the monotonic clock; setting `cancelled` makes it stop.
    """

    prompt: str
    text: str
    max_words: int
    deadline: float
    cancelled: Event = msgspec.field(default_factory=Event)


class Written(msgspec.Struct, frozen=True):
    """What a model wrote; `complete` is False where it was cut off."""

    text: str
    complete: bool = True
