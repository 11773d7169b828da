"""The first half of a run: fetches the feeds that are due and the pages of teasers, and stores what is new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from service.feeds.config import FeedsConfig
from service.feeds.document import Document
from service.feeds.extract import Extract, extract_article, fetch_article
from service.feeds.failures import FetchFailed
from service.feeds.fetch import Fetched, Fetcher, Validators
from service.feeds.identity import Named, content_of, keys_of
from service.feeds.parse import read_document
from service.feeds.progress import Progress, RunReport, Stopwatch
from service.storage import FeedRow, FeedTable, FetchRecord, ItemRow, ItemState, ItemTable, NewItem, Step

_FIRST_WAIT_SECONDS = 15 * 60
_LONGEST_WAIT_SECONDS = 24 * 3600
_PAGE_PORTION = 100

T = TypeVar("T")


class Gatherer:
    """Fetches for one run; `report` and `progress` hear of it."""

    def __init__(
        self, feeds: FeedTable, items: ItemTable, config: FeedsConfig, progress: Progress, watch: Stopwatch
    ) -> None:
        self._feeds = feeds
        self._items = items
        self._config = config
        self._progress = progress
        self._watch = watch
        # One document is parsed at a time: parsing holds the interpreter, and several large ones at once much memory.
        self._parsing = asyncio.Lock()

    async def gather(self, report: RunReport, *, force: bool) -> None:
        """Fetch every feed that is due (all of them with `force`), then the pages of what they brought."""
        now, started = int(time.time()), time.perf_counter()
        every = self._feeds.all()
        due = []
        for feed in every:
            if force or feed.next_fetch_at is None or feed.next_fetch_at <= now:
                due.append(feed)
                continue
            when = datetime.fromtimestamp(feed.next_fetch_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
            self._problem(report, feed, f"not fetched again before {when}; the last attempt: {feed.last_error}")
        report.feeds = len(every)
        report.waiting = len(every) - len(due)
        async with Fetcher(self._config.fetch) as fetcher:
            self._progress.begin("feeds", len(due))
            await _all(due, lambda feed: self._one_feed(fetcher, feed, report))
            waiting = self._items.waiting([ItemState.NEW])
            self._progress.begin("pages", len(waiting))
            for start in range(0, len(waiting), _PAGE_PORTION):
                rows = self._items.load(waiting[start : start + _PAGE_PORTION])
                await _all(rows, lambda row: self._one_page(fetcher, row, report))
        # The rest of the time this half has done nothing but wait for servers.
        self._watch.add("fetch", max(0.0, time.perf_counter() - started - sum(self._watch.read().values())))

    async def _one_feed(self, fetcher: Fetcher, feed: FeedRow, report: RunReport) -> None:
        try:
            answer = await fetcher.feed(feed.location, Validators(feed.etag, feed.last_modified))
            if answer.body is None:
                with self._watch.timed("store"):
                    self._feeds.unchanged(feed, _record(answer, feed, None), int(time.time()))
                report.unchanged += 1
            else:
                await self._read(feed, answer, report)
        except FetchFailed as error:
            wait = min(_FIRST_WAIT_SECONDS * 2 ** min(feed.failures, 10), _LONGEST_WAIT_SECONDS)
            asked = min(error.retry_after or 0.0, _LONGEST_WAIT_SECONDS)
            with self._watch.timed("store"):
                self._feeds.failed(feed, error.message, int(time.time() + max(wait, asked)))
            report.failed += 1
            self._problem(report, feed, error.message)
        self._progress.advance(1)

    async def _read(self, feed: FeedRow, answer: Fetched, report: RunReport) -> None:
        async with self._parsing:
            with self._watch.timed("parse"):
                document = await asyncio.to_thread(read_document, answer.body or b"", answer.url, answer.content_type)
        found = new_items(document, self._config.max_items, full_text=feed.full_text)
        with self._watch.timed("store"):
            stored = self._feeds.fetched(feed, _record(answer, feed, document), found, int(time.time()))
        report.fetched += 1
        report.new_items += stored.new
        report.known_items += stored.known
        report.edited_items += stored.edited
        for sentence in _odd(document, self._config.max_items):
            report.notes.append((feed.url, sentence))
            self._progress.note(f"{feed.url}: {sentence}")

    async def _one_page(self, fetcher: Fetcher, row: ItemRow, report: RunReport) -> None:
        page = await fetch_article(fetcher, row.url) if row.url else "only the feed's teaser is used: it has no link"
        if isinstance(page, str):
            extract = Extract(row.text, page)
        else:
            async with self._parsing:
                with self._watch.timed("extract"):
                    extract = await asyncio.to_thread(extract_article, page, row.text)
        text, warning = extract.text, extract.warning
        warnings = row.warnings if warning is None else (*row.warnings, warning)
        values = {"text": text, "warnings": warnings, "is_teaser": warning is not None}
        with self._watch.timed("store"):
            self._items.advance([Step(row.item_id, ItemState.NEW, ItemState.FETCHED, values)])
        report.pages += 1
        report.teasers += warning is not None
        self._progress.advance(1)

    def _problem(self, report: RunReport, feed: FeedRow, reason: str) -> None:
        report.problems.append((feed.url, reason))
        self._progress.note(f"{feed.url}: {reason}")


def new_items(document: Document, max_items: int, *, full_text: bool) -> list[NewItem]:
    """The items of a document as they are stored; with `full_text`, teasers with a link wait for their page."""
    entries = document.entries[:max_items]
    names = [Named(entry.guid, entry.url, entry.title, entry.text, entry.published) for entry in entries]
    return [
        NewItem(
            keys=keys,
            url=entry.url,
            title=entry.title,
            text=entry.text,
            is_teaser=entry.is_teaser,
            published=entry.published,
            image=entry.image,
            enclosures=entry.enclosures,
            language=document.language,
            state=ItemState.NEW if full_text and entry.is_teaser and entry.url else ItemState.FETCHED,
            content=content_of(entry.title, entry.text),
        )
        for entry, keys in zip(entries, keys_of(names), strict=True)
    ]


def _record(answer: Fetched, feed: FeedRow, document: Document | None) -> FetchRecord:
    given = answer.validators
    if document is None:
        # A server need not repeat with "not modified" what it gave with the document.
        return FetchRecord(answer.location, given.etag or feed.etag, given.last_modified or feed.last_modified)
    return FetchRecord(answer.location, given.etag, given.last_modified, document.title, document.language)


def _odd(document: Document, max_items: int) -> list[str]:
    odd = list(document.warnings)
    if document.skipped:
        odd.append(f"{document.skipped} entries have no title, no text and no link")
    if len(document.entries) > max_items:
        odd.append(f"of {len(document.entries)} items the first {max_items} were taken (MANCHETE_FEEDS_MAX_ITEMS)")
    return odd


async def _all(work: Sequence[T], do: Callable[[T], Awaitable[None]]) -> None:
    """Do all of it at once (the fetcher bounds what is in the air); the first error ends the rest and is raised."""

    async def one(piece: T) -> None:
        await do(piece)

    try:
        async with asyncio.TaskGroup() as group:
            for piece in work:
                group.create_task(one(piece))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
