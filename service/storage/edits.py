"""Items that their publisher has changed since they were stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, select, update

from service.storage.rows import NewItem
from service.storage.schema import items

# SQLite takes at least 999 variables in a statement (sqlite.org/limits.html).
_LOOKUP_KEYS = 500


def take_edits(connection: Connection, known: Mapping[str, NewItem], now: int) -> int:
    """Send items whose content is another one than was stored back to where they began; returns how many.

    `known` are items of a document that were seen before, by the key of the row that they would have. An item that was
    stored before contents were noted has its noted now, and one that was deleted stays away.
    """
    edited = 0
    keys = sorted(known)
    for start in range(0, len(keys), _LOOKUP_KEYS):
        there = items.c.key.in_(keys[start : start + _LOOKUP_KEYS])
        for row in connection.execute(select(items.c.id, items.c.key, items.c.content).where(there)).all():
            item = known[row.key]
            if item.content is None or row.content == item.content:
                continue
            values: dict[str, Any] = {"content": item.content}
            if row.content is not None:
                values |= _anew(item, now)
                edited += 1
            connection.execute(update(items).where(items.c.id == row.id).values(values))
    return edited


def _anew(item: NewItem, now: int) -> dict[str, Any]:
    # Nothing of what was made of the older text may stand beside the new one.
    return {
        "state": item.state.value,
        "title": item.title,
        "text": item.text,
        "is_teaser": item.is_teaser,
        "image": item.image,
        "enclosures": json.dumps([asdict(one) for one in item.enclosures]),
        "declared_language": item.language,
        "warnings": json.dumps(item.warnings, ensure_ascii=False),
        "edited_at": now,
        "language": None,
        "target": None,
        "translated_title": None,
        "translated_text": None,
        "summary": None,
        "translation_warnings": None,
        "reason": None,
        "attempts": 0,
        "resume_state": None,
        "may_retry": True,
    }
