"""What a digest is made of: pure values, in the digest's language, that every rendering starts from."""

from __future__ import annotations

from datetime import datetime

import msgspec


class DigestItem(msgspec.Struct, frozen=True):
    """One article of a feed. `title`, `text` and `summary` (its sentences) are in the digest's language.

    `item_id` is stable and unique within the digest, `language` is the BCP-47 tag of the original, `published` is aware
    of its time zone, `image` is a URL, `warnings` are sentences for people. `edited` is when it was noticed that the
    outlet has changed the article since, aware as well.
    """

    item_id: str
    outlet: str
    url: str
    published: datetime | None
    language: str
    original_title: str
    original_text: str
    title: str
    text: str
    summary: tuple[str, ...]
    image: str | None
    warnings: tuple[str, ...]
    edited: datetime | None = None


class Digest(msgspec.Struct, frozen=True):
    """Articles under one title; `language` is the BCP-47 tag they are rendered in, `made` when they were collected.

    `url` is the address that the document will have, where that is known: readers look there for the next one.
    """

    title: str
    language: str
    made: datetime
    items: tuple[DigestItem, ...]
    url: str | None = None
