"""Subscriptions, and the items that their documents bring."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from service.storage.database import Database
from service.storage.edits import take_edits
from service.storage.rows import FeedRow, FetchRecord, NewItem, Stored
from service.storage.schema import feeds, items, sightings

# SQLite takes at least 999 variables in a statement (sqlite.org/limits.html).
_LOOKUP_KEYS = 500
_KEY_CHARACTERS = 32


class FeedTable:
    """The subscriptions of a database. Every method is one transaction and raises StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, url: str, *, title: str | None, full_text: bool, now: int) -> tuple[FeedRow, bool]:
        """Subscribe to `url`; returns the subscription, and False where it was there (its options are then set)."""
        with self._database.writing() as connection:
            row = connection.execute(select(feeds).where(feeds.c.url == url)).one_or_none()
            if row is not None:
                changed = update(feeds).where(feeds.c.id == row.id).values(full_text=full_text)
                connection.execute(changed)
                return _feed(connection.execute(select(feeds).where(feeds.c.id == row.id)).one()), False
            made = insert(feeds).values(
                url=url, location=url, title=title, full_text=full_text, failures=0, created_at=now
            )
            connection.execute(made)
            return _feed(connection.execute(select(feeds).where(feeds.c.url == url)).one()), True

    def remove(self, name: str) -> bool:
        """Unsubscribe from the feed with this URL or number, and delete its items; False where there is none."""
        wanted = feeds.c.url == name
        if name.isdecimal() and len(name) < 10:
            wanted = or_(wanted, feeds.c.id == int(name))
        with self._database.writing() as connection:
            return bool(connection.execute(delete(feeds).where(wanted)).rowcount)

    def all(self) -> tuple[FeedRow, ...]:
        """Every subscription, oldest first."""
        with self._database.reading() as connection:
            return tuple(map(_feed, connection.execute(select(feeds).order_by(feeds.c.id))))

    def fetched(self, feed: FeedRow, record: FetchRecord, found: Sequence[NewItem], now: int) -> Stored:
        """Keep what a fetch brought: new items, that known ones were seen, and what to ask the server next time."""
        with self._database.writing() as connection:
            stored = _store_items(connection, feed, found, now)
            _learn(connection, feed, record, now)
        return stored

    def unchanged(self, feed: FeedRow, record: FetchRecord, now: int) -> None:
        """The server said that nothing is new since the last fetch: what was seen then is seen still."""
        of_feed = sightings.c.feed_id == feed.feed_id
        last = select(func.max(sightings.c.last_seen)).where(of_feed).scalar_subquery()
        with self._database.writing() as connection:
            connection.execute(update(sightings).where(of_feed, sightings.c.last_seen == last).values(last_seen=now))
            _learn(connection, feed, record, now)

    def failed(self, feed: FeedRow, reason: str, next_fetch_at: int) -> None:
        """A fetch failed; the feed is not fetched again before `next_fetch_at`."""
        values = {"failures": feeds.c.failures + 1, "last_error": reason, "next_fetch_at": next_fetch_at}
        with self._database.writing() as connection:
            connection.execute(update(feeds).where(feeds.c.id == feed.feed_id).values(values))


def _learn(connection: Connection, feed: FeedRow, record: FetchRecord, now: int) -> None:
    values = {
        "location": record.location,
        "etag": record.etag,
        "last_modified": record.last_modified,
        "title": record.title or feed.title,
        "language": record.language or feed.language,
        "failures": 0,
        "last_error": None,
        "next_fetch_at": None,
        "last_success_at": now,
    }
    connection.execute(update(feeds).where(feeds.c.id == feed.feed_id).values(values))


def _store_items(connection: Connection, feed: FeedRow, found: Sequence[NewItem], now: int) -> Stored:
    seen = _seen(connection, feed.feed_id, {key for item in found for key in item.keys})
    rows: list[dict[str, Any]] = []
    known: dict[str, NewItem] = {}
    fresh: set[str] = set()
    for item in found:
        if seen.intersection(item.keys):
            # Of copies in one document the first counts: two that differ would be edits of each other for ever.
            known.setdefault(_row_key(feed, item), item)
        elif not fresh.intersection(item.keys):
            rows.append(_columns(feed, item, now))
        fresh.update(item.keys)
    if rows:
        connection.execute(insert(items), rows)
    edited = take_edits(connection, known, now)
    again = sorted(fresh & seen)
    for start in range(0, len(again), _LOOKUP_KEYS):
        these = sightings.c.key.in_(again[start : start + _LOOKUP_KEYS])
        connection.execute(update(sightings).where(sightings.c.feed_id == feed.feed_id, these).values(last_seen=now))
    if fresh - seen:
        named = [{"feed_id": feed.feed_id, "key": key, "last_seen": now} for key in sorted(fresh - seen)]
        connection.execute(insert(sightings), named)
    return Stored(len(rows), len(found) - len(rows), edited)


def _seen(connection: Connection, feed_id: int, keys: Iterable[str]) -> set[str]:
    wanted = sorted(keys)
    found: set[str] = set()
    for start in range(0, len(wanted), _LOOKUP_KEYS):
        of_feed = select(sightings.c.key).where(sightings.c.feed_id == feed_id)
        some = of_feed.where(sightings.c.key.in_(wanted[start : start + _LOOKUP_KEYS]))
        found.update(connection.execute(some).scalars())
    return found


def _row_key(feed: FeedRow, item: NewItem) -> str:
    # Made of what identifies the item and not counted up, so that it is the same after any interruption.
    return hashlib.sha256(f"{feed.url}\0{item.keys[0]}".encode()).hexdigest()[:_KEY_CHARACTERS]


def _columns(feed: FeedRow, item: NewItem, now: int) -> dict[str, Any]:
    return {
        "key": _row_key(feed, item),
        "feed_id": feed.feed_id,
        "state": item.state.value,
        "url": item.url,
        "title": item.title,
        "text": item.text,
        "is_teaser": item.is_teaser,
        "published": item.published,
        "seen_at": now,
        "image": item.image,
        "enclosures": json.dumps([asdict(one) for one in item.enclosures]),
        "declared_language": item.language,
        "warnings": json.dumps(item.warnings, ensure_ascii=False),
        "attempts": 0,
        "may_retry": True,
        "content": item.content,
    }


def _feed(row: Row[Any]) -> FeedRow:
    return FeedRow(
        feed_id=row.id,
        url=row.url,
        location=row.location,
        title=row.title,
        language=row.language,
        full_text=row.full_text,
        etag=row.etag,
        last_modified=row.last_modified,
        failures=row.failures,
        next_fetch_at=row.next_fetch_at,
        last_success_at=row.last_success_at,
        last_error=row.last_error,
        created_at=row.created_at,
    )
