"""Items on their way from `new` to `summarized`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, select, update

from service.storage.database import Database
from service.storage.rows import Enclosure, ItemRow, ItemState, Step
from service.storage.schema import feeds, items, sightings

_PAGE_ROWS = 200


class ItemTable:
    """The items of a database. Every method is one transaction (but `every`) and raises StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, states: Collection[ItemState]) -> list[int]:
        """The numbers of the items in one of the states, oldest first."""
        wanted = select(items.c.id).where(items.c.state.in_([state.value for state in states])).order_by(items.c.id)
        with self._database.reading() as connection:
            return list(connection.execute(wanted).scalars())

    def load(self, item_ids: Sequence[int]) -> list[ItemRow]:
        """The items with these numbers that still exist, in the order of their numbers."""
        wanted = _rows().where(items.c.id.in_(item_ids)).order_by(items.c.id)
        with self._database.reading() as connection:
            return [_item(row) for row in connection.execute(wanted)]

    def advance(self, steps: Sequence[Step]) -> int:
        """Take every step whose item is still in its state of before; returns how many were taken."""
        taken = 0
        with self._database.writing() as connection:
            for step in steps:
                here = and_(items.c.id == step.item_id, items.c.state == step.before.value)
                values = {name: _kept(value) for name, value in step.values.items()}
                values["state"] = step.after.value
                taken += connection.execute(update(items).where(here).values(values)).rowcount
        return taken

    def fail(self, item_id: int, before: ItemState, reason: str, *, may_retry: bool) -> None:
        """The stage that leads out of `before` failed on an item; `reason` is one sentence."""
        values = {
            "state": ItemState.FAILED.value,
            "resume_state": before.value,
            "reason": reason,
            "attempts": items.c.attempts + 1,
            "may_retry": may_retry,
        }
        here = and_(items.c.id == item_id, items.c.state == before.value)
        with self._database.writing() as connection:
            connection.execute(update(items).where(here).values(values))

    def retry_failed(self, max_attempts: int | None) -> int:
        """Put failed items back to where they failed: those that may be tried again, or all where None is given."""
        failed = items.c.state == ItemState.FAILED.value
        if max_attempts is not None:
            failed = and_(failed, items.c.may_retry, items.c.attempts < max_attempts)
        values = {"state": items.c.resume_state, "resume_state": None, "reason": None}
        with self._database.writing() as connection:
            return connection.execute(update(items).where(failed).values(values)).rowcount

    def retarget(self, target: str) -> int:
        """Send items that were translated to another language back to be translated to `target`."""
        done = items.c.state.in_([ItemState.TRANSLATED.value, ItemState.SUMMARIZED.value])
        other = and_(done, items.c.target != target)
        with self._database.writing() as connection:
            return connection.execute(update(items).where(other).values(state=ItemState.DETECTED.value)).rowcount

    def counts(self) -> dict[str, int]:
        """How many items are in each state."""
        with self._database.reading() as connection:
            counted = select(items.c.state, func.count()).group_by(items.c.state).order_by(items.c.state)
            return {str(state): int(count) for state, count in connection.execute(counted)}

    def failures(self, limit: int) -> list[tuple[str, str, int]]:
        """Failed items, latest first: outlet, reason, attempts."""
        wanted = _rows().where(items.c.state == ItemState.FAILED.value).order_by(items.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = [_item(row) for row in connection.execute(wanted)]
        return [(row.outlet, row.reason or "", row.attempts) for row in rows]

    def latest(self, target: str, *, since: int | None, limit: int) -> list[ItemRow]:
        """Summarized items in the language `target`, latest first; of items without a date counts when it was seen."""
        age = func.coalesce(items.c.published, items.c.seen_at)
        wanted = _rows().where(items.c.state == ItemState.SUMMARIZED.value, items.c.target == target)
        if since is not None:
            wanted = wanted.where(age >= since)
        wanted = wanted.order_by(age.desc(), items.c.key).limit(limit)
        with self._database.reading() as connection:
            return [_item(row) for row in connection.execute(wanted)]

    def every(self) -> Iterator[ItemRow]:
        """All items in the order of their keys, read in portions: any number of them in constant memory."""
        last = ""
        while True:
            page = _rows().where(items.c.key > last).order_by(items.c.key).limit(_PAGE_ROWS)
            with self._database.reading() as connection:
                rows = [_item(row) for row in connection.execute(page)]
            if not rows:
                return
            yield from rows
            last = rows[-1].key

    def expire(self, before: int) -> int:
        """Delete items that were seen first before `before`, summarized or failed; returns how many.

        That they were seen is remembered for as long as their feed's document still has them.
        """
        ended = items.c.state.in_([ItemState.SUMMARIZED.value, ItemState.FAILED.value])
        with self._database.writing() as connection:
            gone = connection.execute(delete(items).where(ended, items.c.seen_at < before)).rowcount
            # A feed that could not be fetched for long does not lose its sightings: its items would come back as new.
            last_success = select(feeds.c.last_success_at).where(feeds.c.id == sightings.c.feed_id).scalar_subquery()
            left = and_(sightings.c.last_seen < before, sightings.c.last_seen < last_success)
            connection.execute(delete(sightings).where(left))
        return gone


def _kept(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def _rows() -> Select[Any]:
    outlet = func.coalesce(feeds.c.title, feeds.c.url)
    return select(items, outlet.label("outlet")).join(feeds, feeds.c.id == items.c.feed_id)


def _item(row: Row[Any]) -> ItemRow:
    return ItemRow(
        item_id=row.id,
        key=row.key,
        feed_id=row.feed_id,
        outlet=row.outlet,
        state=ItemState(row.state),
        url=row.url,
        title=row.title,
        text=row.text,
        is_teaser=row.is_teaser,
        published=row.published,
        seen_at=row.seen_at,
        image=row.image,
        enclosures=tuple(Enclosure(**one) for one in json.loads(row.enclosures)),
        declared_language=row.declared_language,
        language=row.language,
        target=row.target,
        translated_title=row.translated_title,
        translated_text=row.translated_text,
        summary=_texts(row.summary),
        warnings=_texts(row.warnings),
        translation_warnings=_texts(row.translation_warnings),
        reason=row.reason,
        attempts=row.attempts,
        edited_at=row.edited_at,
    )


def _texts(kept: str | None) -> tuple[str, ...]:
    return tuple(json.loads(kept)) if kept else ()
