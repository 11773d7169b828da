"""A feed document as read, whatever its format."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from service.storage import Enclosure

# A text that ends like this goes on elsewhere; in some of the languages that feeds are in.
_GOES_ON: Final = re.compile(
    r"(?:\.\.\.|…|\[(?:…|\.\.\.|\+)\]|(?:read|see) more|continue reading|leia (?:mais|a íntegra)|saiba mais|continuar "
    r"(?:leyendo|lendo)|seguir leyendo|lire la suite|weiterlesen)\W*$",
    re.IGNORECASE,
)
_TEASER_CHARACTERS: Final = 500
_TITLE_CHARACTERS: Final = 80


class Entry(msgspec.Struct, frozen=True):
    """One item. `url` and `image` are absolute http(s) addresses, `published` is in seconds since 1970.

    `has_content` says that the feed calls its text the whole one.
    """

    guid: str | None
    url: str | None
    title: str
    text: str
    has_content: bool
    published: int | None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()

    @property
    def is_teaser(self) -> bool:
        """Whether the page probably has more than the feed."""
        return bool(_GOES_ON.search(self.text)) or (len(self.text) < _TEASER_CHARACTERS and not self.has_content)


class Document(msgspec.Struct, frozen=True):
    """A feed. `skipped` counts entries without anything to read, `warnings` are sentences for people."""

    title: str | None
    language: str | None
    entries: tuple[Entry, ...]
    skipped: int = 0
    warnings: tuple[str, ...] = ()


def title_of(text: str) -> str:
    """The first words of a text, for an item that has no title."""
    words = " ".join(text.split())
    return words if len(words) <= _TITLE_CHARACTERS else words[:_TITLE_CHARACTERS].rsplit(" ", 1)[0] + "…"
