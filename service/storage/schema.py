"""The tables as the statements see them. What makes them is `service.storage.migrations`; a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

metadata = MetaData()

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("title", Text),
    Column("language", Text),
    Column("full_text", Boolean, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("failures", Integer, nullable=False),
    Column("next_fetch_at", BigInteger),
    Column("last_success_at", BigInteger),
    Column("last_error", Text),
    Column("created_at", BigInteger, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("feed_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_teaser", Boolean, nullable=False),
    Column("published", BigInteger),
    Column("seen_at", BigInteger, nullable=False),
    Column("image", Text),
    Column("enclosures", Text, nullable=False),
    Column("declared_language", Text),
    Column("language", Text),
    Column("target", Text),
    Column("translated_title", Text),
    Column("translated_text", Text),
    Column("summary", Text),
    Column("warnings", Text, nullable=False),
    Column("translation_warnings", Text),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("resume_state", Text),
    Column("may_retry", Boolean, nullable=False),
    Column("content", Text),
    Column("edited_at", BigInteger),
)

sightings = Table(
    "sightings",
    metadata,
    Column("feed_id", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("last_seen", BigInteger, nullable=False),
)
