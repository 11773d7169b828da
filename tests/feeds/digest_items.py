"""Digest items for tests: made by hand, and the labelled set of `benchmarks/data/stories.jsonl`."""

from __future__ import annotations

from datetime import UTC, datetime

from service.feeds.digest import Digest, DigestItem

MADE = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)


def item(item_id: str = "one", **changes: object) -> DigestItem:
    """An item with everything filled in; `changes` replace its values."""
    values: dict[str, object] = {
        "item_id": item_id,
        "outlet": "Diário do Vale",
        "url": f"https://news.example/{item_id}",
        "published": datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        "language": "pt",
        "original_title": "O rio subiu quatro metros",
        "original_text": "O rio subiu quatro metros.\n\nNinguém se feriu.",
        "title": "The river rose four metres",
        "text": "The river rose four metres.\n\nNobody was hurt.",
        "summary": ("The river rose four metres.",),
        "image": None,
        "warnings": (),
    }
    return DigestItem(**(values | changes))  # type: ignore[arg-type]


def digest(*items: DigestItem, title: str = "Morning digest", language: str = "en") -> Digest:
    """A digest of these items."""
    return Digest(title, language, MADE, items)
