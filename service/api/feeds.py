"""Feeds over HTTP: subscriptions, runs, and the digests that one can read or subscribe to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from msgspec.structs import replace
from pydantic import Field
from typing_extensions import TypedDict

from service.api.errors import documented_errors
from service.api.execution import executor_of, read_request
from service.api.feedsdesk import ServedFeeds
from service.api.feedsroom import address_of, renderers
from service.api.openapi import request_body
from service.api.routing import DirectRoute
from service.api.schemas import Fields, TextOrTexts
from service.errors import InvalidInput, StorageError
from service.feeds.times import iso_time
from service.languages import normalise

logger = logging.getLogger(__name__)
router = APIRouter(tags=["Feeds"], route_class=DirectRoute)

_MAX_ITEMS: Final = 1_000
_MAX_HOURS: Final = 24 * 366
_OPML_TYPE: Final = "text/x-opml"
_DIGESTS: Final = {
    "html": "text/html; charset=utf-8",
    "json": "application/feed+json",
    "atom": "application/atom+xml",
    "md": "text/markdown; charset=utf-8",
}
_ERRORS: Final = (400, 403, 413, 415, 500)

T = TypeVar("T")


class ListFields(Fields):
    """`GET /feeds`, `GET /feeds/run`, `GET /feeds/export` and `DELETE /feeds/{feed}`."""


class AddFields(Fields):
    """`POST /feeds`."""

    LISTS = frozenset({"url"})

    url: TextOrTexts = Field(description="The address of an RSS, Atom or JSON feed, or a list of addresses")
    full_text: bool = Field(default=False, description="Take the text of teasers from their page")


class ImportFields(Fields):
    """`POST /feeds/import`."""

    opml: str = Field(description="An OPML document")
    full_text: bool = Field(default=False, description="Take the text of teasers from their page")


class RunFields(Fields):
    """`POST /feeds/run`."""

    target: str | None = Field(default=None, min_length=1, description="Language to translate to; else the server's")
    force: bool = Field(default=False, description="Fetch also feeds that failed and whose time has not come")


class DigestFields(Fields):
    """`GET /digest.html` and its kin."""

    NUMBERS = frozenset({"limit", "hours"})

    target: str | None = Field(default=None, min_length=1, description="Language of the digest; else the server's")
    limit: int = Field(default=100, ge=1, le=_MAX_ITEMS, description="Items at most")
    hours: int | None = Field(default=None, ge=1, le=_MAX_HOURS, description="Items of so many last hours only")


class FeedJson(TypedDict):
    """A subscription; times are ISO 8601, null where there is none yet."""

    id: int
    url: str
    title: str | None
    language: str | None
    full_text: bool
    last_success: str | None
    next_fetch: str | None
    error: str | None


class FeedsJson(TypedDict):
    """The subscriptions, how many items are in each state, and the latest items that failed."""

    feeds: list[FeedJson]
    items: dict[str, int]
    failed_items: list[dict[str, Any]]


class AddedJson(TypedDict):
    """What became of one address: its number, or the reason why it was refused."""

    url: str
    id: int | None
    created: bool
    error: str | None


class RunJson(TypedDict):
    """Whether a run is in work, and the report of the last one of this server."""

    running: bool
    last: dict[str, Any] | None


@router.get("/feeds", summary="Subscriptions", response_model=FeedsJson, responses=documented_errors(400, 403, 500))
async def list_feeds(request: Request) -> JSONResponse:
    """The feeds that are subscribed to, and how their items fare."""
    await read_request(request, ListFields)

    def look() -> FeedsJson:
        desk = _served(request).desk()
        failed = [{"outlet": outlet, "reason": why, "attempts": count} for outlet, why, count in desk.failures()]
        feeds = [
            FeedJson(
                id=feed.feed_id,
                url=feed.url,
                title=feed.title,
                language=feed.language,
                full_text=feed.full_text,
                last_success=iso_time(feed.last_success_at),
                next_fetch=iso_time(feed.next_fetch_at),
                error=feed.last_error,
            )
            for feed in desk.subscriptions()
        ]
        return FeedsJson(feeds=feeds, items=desk.counts(), failed_items=failed)

    return JSONResponse(await _aside(look))


@router.post(
    "/feeds",
    summary="Subscribe to feeds",
    response_model=list[AddedJson],
    responses=documented_errors(*_ERRORS),
    openapi_extra=request_body(AddFields, {"url": "https://example.org/feed.xml"}),
)
async def add_feeds(request: Request) -> JSONResponse:
    """Subscribe to one feed or several. Each is answered for itself; one that is refused keeps no other out."""
    fields = await read_request(request, AddFields)
    urls = [fields.url] if isinstance(fields.url, str) else fields.url
    return await _subscribe(request, lambda: [(url, None) for url in urls], fields.full_text)


@router.post(
    "/feeds/import",
    summary="Subscribe to the feeds of an OPML document",
    response_model=list[AddedJson],
    responses=documented_errors(*_ERRORS),
    openapi_extra=request_body(ImportFields, {"opml": "<opml version='2.0'>...</opml>"}),
)
async def import_feeds(request: Request) -> JSONResponse:
    """The same for a list that another reader has written."""
    fields = await read_request(request, ImportFields)

    def outlines() -> list[tuple[str, str | None]]:
        from service.feeds.opml import read_opml

        return [(one.url, one.title) for one in read_opml(fields.opml.encode("utf-8"))]

    return await _subscribe(request, outlines, fields.full_text)


@router.get(
    "/feeds/export",
    summary="The subscriptions as OPML",
    response_class=Response,
    responses={200: {"content": {_OPML_TYPE: {}}}, **documented_errors(400, 403, 500)},
)
async def export_feeds(request: Request) -> Response:
    """A list that other readers can import."""
    await read_request(request, ListFields)

    def write() -> str:
        desk = _served(request).desk()
        from service.feeds.opml import write_opml

        return write_opml(desk.subscriptions())

    return Response(await _aside(write), media_type=_OPML_TYPE)


@router.delete(
    "/feeds/{feed}",
    summary="Unsubscribe",
    response_model=dict[str, str],
    responses=documented_errors(400, 403, 404, 500),
)
async def remove_feed(request: Request) -> JSONResponse:
    """Unsubscribe from the feed with this number, and delete its items."""
    await read_request(request, ListFields)
    name = request.path_params["feed"]
    await _aside(lambda: _served(request).desk().remove(name))
    return JSONResponse({"status": "removed"})


@router.post(
    "/feeds/run",
    summary="Fetch and digest what is new",
    status_code=202,
    response_model=RunJson,
    responses=documented_errors(400, 403, 409, 415, 500),
    openapi_extra=request_body(RunFields, {"target": "en"}),
)
async def run_feeds(request: Request) -> JSONResponse:
    """Begin a run in the background; it goes on where an earlier one ended, however it ended."""
    fields = await read_request(request, RunFields)
    served, target = _served(request), _target(request, fields.target)
    await _aside(lambda: served.start(target, force=fields.force))
    return JSONResponse(served.status(), status_code=202)


@router.get("/feeds/run", summary="How a run fares", response_model=RunJson, responses=documented_errors(400, 403))
async def run_status(request: Request) -> JSONResponse:
    """Whether a run is in work, and what the last one did."""
    await read_request(request, ListFields)
    return JSONResponse(_served(request).status())


@router.get(
    "/digest.{kind}",
    summary="The latest items as HTML, JSON Feed, Atom or Markdown",
    response_class=Response,
    responses=documented_errors(400, 403, 404, 500),
)
async def digest_document(request: Request) -> Response:
    """`/digest.html` to read, `/digest.json` and `/digest.atom` to subscribe to, `/digest.md`."""
    fields = await read_request(request, DigestFields)
    kind = request.path_params["kind"]
    if kind not in _DIGESTS:
        from starlette.exceptions import HTTPException

        raise HTTPException(404)
    since = None if fields.hours is None else datetime.fromtimestamp(time.time() - 3_600 * fields.hours, UTC)
    target = _target(request, fields.target)
    public = executor_of(request).service.settings.feeds_public_url

    def render() -> str:
        digest = _served(request).desk().digest(target=target, since=since, limit=fields.limit)
        return renderers()[kind](replace(digest, url=address_of(request.url, public)))

    return Response(await _aside(render), media_type=_DIGESTS[kind], headers={"cache-control": "no-cache"})


def _served(request: Request) -> ServedFeeds:
    served = request.app.state.feeds
    assert isinstance(served, ServedFeeds)
    return served


async def _subscribe(
    request: Request, outlines: Callable[[], list[tuple[str, str | None]]], full_text: bool
) -> JSONResponse:
    def add() -> list[AddedJson]:
        desk = _served(request).desk()
        from service.feeds.opml import Outline

        added = desk.add([Outline(url, title) for url, title in outlines()], full_text=full_text)
        return [
            AddedJson(
                url=one.url, id=None if one.feed is None else one.feed.feed_id, created=one.created, error=one.reason
            )
            for one in added
        ]

    answers = await _aside(add)
    if len(answers) == 1 and answers[0]["error"] is not None:
        raise InvalidInput(f"url: {answers[0]['error']}", field="url")
    return JSONResponse(answers)


async def _aside(work: Callable[[], T]) -> T:
    """Do what waits for the database, away from the event loop."""
    try:
        return await asyncio.to_thread(work)
    except StorageError as error:
        # Answered without detail, so that it is told here.
        logger.error("feeds: %s", error.message)
        raise


def _target(request: Request, given: str | None) -> str:
    return normalise(given or executor_of(request).service.settings.feeds_target, field="target")
