"""What is kept of feeds: tables, numbered migrations, and the few statements that read and change them."""

from __future__ import annotations

from service.storage.database import Database
from service.storage.feeds import FeedTable
from service.storage.items import ItemTable
from service.storage.rows import (
    Enclosure,
    FeedRow,
    FetchRecord,
    ItemRow,
    ItemState,
    NewItem,
    Step,
    Stored,
)

__all__ = [
    "Database",
    "Enclosure",
    "FeedRow",
    "FeedTable",
    "FetchRecord",
    "ItemRow",
    "ItemState",
    "ItemTable",
    "NewItem",
    "Step",
    "Stored",
]
