"""Digests, and other views of what is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from service.feeds.digest import Digest, DigestItem
from service.feeds.times import iso_time
from service.storage import ItemRow, ItemTable

TITLE: Final = "Manchete"
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000


def collect_digest(
    items: ItemTable, target: str, *, since: datetime | None = None, limit: int = DEFAULT_LIMIT, title: str = TITLE
) -> Digest:
    """The latest items in the language `target`, at most `limit`, published at `since` or later; latest first."""
    earliest = None if since is None else int(since.timestamp())
    rows = items.latest(target, since=earliest, limit=limit)
    made = datetime.fromtimestamp(int(time.time()), UTC)
    return Digest(title, target, made, tuple(map(_digest_item, rows)))


def export_lines(items: ItemTable) -> Iterator[str]:
    """Every item as one line of JSON, whatever its state, in an order that does not depend on when it was fetched."""
    for row in items.every():
        shown = {
            "id": row.key,
            "outlet": row.outlet,
            "state": row.state.value,
            "url": row.url,
            "published": iso_time(row.published),
            "edited": iso_time(row.edited_at),
            "language": row.language,
            "title": row.title,
            "text": row.text,
            "target": row.target,
            "translated_title": row.translated_title,
            "translated_text": row.translated_text,
            "summary": list(row.summary),
            "image": row.image,
            "enclosures": [{"url": one.url, "type": one.kind, "length": one.length} for one in row.enclosures],
            "warnings": [*row.warnings, *row.translation_warnings],
            "reason": row.reason,
            "attempts": row.attempts,
        }
        yield json.dumps(shown, ensure_ascii=False)


def _digest_item(row: ItemRow) -> DigestItem:
    return DigestItem(
        item_id=row.key,
        outlet=row.outlet,
        url=row.url or "",
        published=None if row.published is None else datetime.fromtimestamp(row.published, UTC),
        language=row.language or "und",
        original_title=row.title,
        original_text=row.text,
        title=row.translated_title or row.title,
        text=row.translated_text or "",
        summary=row.summary,
        image=row.image,
        warnings=(*row.warnings, *row.translation_warnings),
        edited=None if row.edited_at is None else datetime.fromtimestamp(row.edited_at, UTC),
    )
