"""Reads JSON Feed, version 1 and 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from service.feeds.clean import first_image, text_line, text_of_html, tidy, web_url
from service.feeds.document import Document, Entry, title_of
from service.feeds.failures import FetchFailed
from service.storage import Enclosure

_VERSION: Final = "https://jsonfeed.org/version/1"
_MAX_ENCLOSURES: Final = 20


def looks_like_json(body: bytes) -> bool:
    """Whether a document can be nothing but JSON."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def read_json_feed(body: bytes, url: str) -> Document:
    """Read a JSON Feed that came from `url`; raises FetchFailed when it is none."""
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FetchFailed("the document is not valid JSON") from error
    if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith(_VERSION):
        raise FetchFailed("the document is JSON but no JSON Feed")
    base = web_url(_text(feed, "home_page_url"), url) or url
    raw_items = feed.get("items")
    items = [item for item in raw_items if isinstance(item, dict)] if isinstance(raw_items, list) else []
    entries = [entry for item in items if (entry := _entry(item, base))]
    skipped = (len(raw_items) if isinstance(raw_items, list) else 0) - len(entries)
    title = text_line(_text(feed, "title") or "", is_html=False)
    return Document(title or None, _text(feed, "language"), tuple(entries), skipped)


def _entry(item: dict[str, Any], base: str) -> Entry | None:
    markup = _text(item, "content_html")
    text = text_of_html(markup) if markup else tidy(_text(item, "content_text") or "")
    whole = bool(text)
    text = text or tidy(_text(item, "summary") or "")
    title = text_line(_text(item, "title") or "", is_html=False)
    enclosures = _enclosures(item, base)
    url = web_url(_text(item, "url") or _text(item, "external_url"), base)
    if not text and not title and not url:
        return None
    image = web_url(_text(item, "image") or _text(item, "banner_image"), base)
    guid = item.get("id")
    return Entry(
        # Numbers are not allowed there and are found there.
        guid=tidy(str(guid)) or None if isinstance(guid, str | int | float) else None,
        url=url,
        title=title or title_of(text) or url or "",
        text=text,
        has_content=whole,
        published=_seconds(_text(item, "date_published") or _text(item, "date_modified")),
        image=image or (first_image(markup, base) if markup else None),
        enclosures=enclosures,
    )


def _enclosures(item: dict[str, Any], base: str) -> tuple[Enclosure, ...]:
    found = []
    attachments = item.get("attachments")
    for one in attachments if isinstance(attachments, list) else ():
        if isinstance(one, dict) and (url := web_url(_text(one, "url"), base)):
            size = one.get("size_in_bytes")
            found.append(Enclosure(url, _text(one, "mime_type"), size if isinstance(size, int) else None))
    return tuple(found[:_MAX_ENCLOSURES])


def _seconds(value: str | None) -> int | None:
    if not value:
        return None
    try:
        when = datetime.fromisoformat(value.strip())
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _text(holder: dict[str, Any], name: str) -> str | None:
    value = holder.get(name)
    # A lone surrogate can stand in JSON but in no text that is stored.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
