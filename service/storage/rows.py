"""The values that go into the tables and come out of them. Times are seconds since 1970 (UTC), whole."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class ItemState(StrEnum):
    """How far an item has come. Each state but the last two has one stage that leads out of it."""

    NEW = "new"
    FETCHED = "fetched"
    DETECTED = "detected"
    TRANSLATED = "translated"
    SUMMARIZED = "summarized"
    FAILED = "failed"


class Enclosure(msgspec.Struct, frozen=True):
    """A file that comes with an item: `kind` is its media type, `length` its size in bytes; None where not given."""

    url: str
    kind: str | None = None
    length: int | None = None


class FeedRow(msgspec.Struct, frozen=True):
    """A subscription. `url` is what was subscribed to, `location` where a permanent redirect has moved it."""

    feed_id: int
    url: str
    location: str
    title: str | None
    language: str | None
    full_text: bool
    etag: str | None
    last_modified: str | None
    failures: int
    next_fetch_at: int | None
    last_success_at: int | None
    last_error: str | None
    created_at: int


class FetchRecord(msgspec.Struct, frozen=True):
    """What a successful fetch taught about a feed. `etag` and `last_modified` are None where the server sent none."""

    location: str
    etag: str | None
    last_modified: str | None
    title: str | None = None
    language: str | None = None


class NewItem(msgspec.Struct, frozen=True):
    """An item as it stands in a feed document.

    `keys` are all the names it is known by, the one that it is identified by first; an item is new when none of them
    was seen in its feed. `state` is where it starts: `fetched` where its text is complete. `content` stands for what
    its publisher wrote: where it is another one the next time, the item was edited.
    """

    keys: tuple[str, ...]
    url: str | None
    title: str
    text: str
    is_teaser: bool
    published: int | None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    warnings: tuple[str, ...] = ()
    state: ItemState = ItemState.FETCHED
    content: str | None = None


class Stored(msgspec.Struct, frozen=True):
    """What became of a document's items: how many were new, how many known already, and how many of these edited."""

    new: int
    known: int
    edited: int = 0


class ItemRow(msgspec.Struct, frozen=True):
    """An item with all that is known of it. `reason` and `attempts` tell of failures.

    `warnings` are about the item as it was fetched, `translation_warnings` about what was made of it. `edited_at` is
    when an edit of it was last noticed.
    """

    item_id: int
    key: str
    feed_id: int
    outlet: str
    state: ItemState
    url: str | None
    title: str
    text: str
    is_teaser: bool
    published: int | None
    seen_at: int
    image: str | None
    enclosures: tuple[Enclosure, ...]
    declared_language: str | None
    language: str | None
    target: str | None
    translated_title: str | None
    translated_text: str | None
    summary: tuple[str, ...]
    warnings: tuple[str, ...]
    translation_warnings: tuple[str, ...]
    reason: str | None
    attempts: int
    edited_at: int | None


class Step(msgspec.Struct, frozen=True):
    """One item's way from a state to the next: `values` are columns of the item table and what they become."""

    item_id: int
    before: ItemState
    after: ItemState
    values: Mapping[str, object] = msgspec.field(default_factory=dict)
