"""Everything that can be asked of feeds, in one place for the command line and the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from service.errors import InvalidInput, NotFound
from service.feeds.addresses import check_url
from service.feeds.config import FeedsConfig
from service.feeds.digest import Digest
from service.feeds.opml import Outline
from service.feeds.progress import RunReport
from service.feeds.store import DEFAULT_LIMIT, collect_digest, export_lines
from service.storage import Database, FeedRow, FeedTable, ItemTable

if TYPE_CHECKING:
    from service.feeds.progress import Progress, RunOptions
    from service.pipeline import Pipeline

MAX_FEEDS_AT_ONCE = 5_000
_DAY_SECONDS = 86_400


class Added(msgspec.Struct, frozen=True):
    """What became of a subscription that was asked for: `feed` is None where it was refused, and `reason` says why."""

    url: str
    feed: FeedRow | None
    created: bool
    reason: str | None


class FeedDesk:
    """The feeds of one database, which it opens. Raises what `Database` raises."""

    def __init__(self, database_url: str, config: FeedsConfig) -> None:
        self._database = Database(database_url)
        self._feeds = FeedTable(self._database)
        self._items = ItemTable(self._database)
        self._config = config

    @property
    def config(self) -> FeedsConfig:
        """The configuration."""
        return self._config

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, outlines: Sequence[Outline], *, full_text: bool = False) -> list[Added]:
        """Subscribe to feeds, in order; one that is refused keeps no other from being added. Nothing is fetched yet.

        Raises InvalidInput when there are more than MAX_FEEDS_AT_ONCE.
        """
        if len(outlines) > MAX_FEEDS_AT_ONCE:
            raise InvalidInput(f"url: {len(outlines)} are over the limit of {MAX_FEEDS_AT_ONCE}", field="url")
        return [self._add(outline, full_text) for outline in outlines]

    def _add(self, outline: Outline, full_text: bool) -> Added:
        try:
            url = check_url(outline.url, self._config.fetch.addresses)
        except InvalidInput as error:
            return Added(outline.url, None, False, error.message.removeprefix("url: "))
        feed, created = self._feeds.add(url, title=outline.title, full_text=full_text, now=int(time.time()))
        return Added(url, feed, created, None)

    def subscriptions(self) -> tuple[FeedRow, ...]:
        """The subscriptions."""
        return self._feeds.all()

    def counts(self) -> dict[str, int]:
        """How many items are in each state."""
        return self._items.counts()

    def failures(self, limit: int = 100) -> list[tuple[str, str, int]]:
        """Failed items: outlet, reason, attempts."""
        return self._items.failures(limit)

    def remove(self, name: str) -> None:
        """Unsubscribe from the feed with this URL or number, and delete its items; raises NotFound."""
        if not self._feeds.remove(name):
            raise NotFound(f"feed: {name[:200]} is not subscribed to", field="feed")

    def digest(self, *, target: str, since: datetime | None = None, limit: int = DEFAULT_LIMIT) -> Digest:
        """The latest items in the language `target`."""
        return collect_digest(self._items, target, since=since, limit=limit)

    def export(self) -> Iterator[str]:
        """Every item as one line of JSON."""
        return export_lines(self._items)

    def run(self, pipeline: Pipeline, job: RunOptions, progress: Progress) -> RunReport:
        """Fetch what is due and digest what waits; goes on where an earlier run ended, however it ended.

        Raises AlreadyRunning, StorageError, and what keeps the pipeline from taking any work at all.
        """
        # Imported here: to list or export, no document is fetched and nothing translated.
        from service.feeds.digesting import MAX_ATTEMPTS, Digester
        from service.feeds.gather import Gatherer
        from service.feeds.progress import Stopwatch

        report, watch, started = RunReport(), Stopwatch(), time.monotonic()
        with self._database.sole():
            self._items.retry_failed(None if job.retry_all else MAX_ATTEMPTS)
            self._items.retarget(job.target)
            gatherer = Gatherer(self._feeds, self._items, self._config, progress, watch)
            asyncio.run(gatherer.gather(report, force=job.force))
            Digester(self._items, pipeline, job, progress, watch).digest(report)
            if self._config.retention_days:
                report.expired = self._items.expire(int(time.time()) - self._config.retention_days * _DAY_SECONDS)
        report.seconds, report.stages = time.monotonic() - started, watch.read()
        return report
