"""Reads feed documents: RSS and Atom with feedparser, JSON Feed by itself."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from time import struct_time
from typing import Any, Final

import feedparser

from service.feeds.clean import first_image, text_line, text_of_html, tidy, web_url
from service.feeds.document import Document, Entry, title_of
from service.feeds.failures import FetchFailed
from service.feeds.jsonfeed import looks_like_json, read_json_feed
from service.storage import Enclosure

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
# What servers say wrongly about a document that is right.
_HARMLESS: Final = (feedparser.NonXMLContentType, feedparser.CharacterEncodingOverride)
_MAX_ENCLOSURES: Final = 20


def read_document(body: bytes, url: str, content_type: str) -> Document:
    """Read a feed that came from `url`; raises FetchFailed when it is none.

    What is wrong with a document is mended where feedparser can, and told in its warnings.
    """
    if not body.strip():
        raise FetchFailed("the document is empty")
    if looks_like_json(body):
        return read_json_feed(body, url)
    headers = {"content-location": url}
    if content_type:
        headers["content-type"] = content_type
    try:
        parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=True
        )
    except Exception as error:
        raise FetchFailed(f"the document cannot be read ({type(error).__name__})") from error
    feed = parsed.get("feed", {})
    if not parsed.get("version") and not parsed.get("entries"):
        raise FetchFailed(_not_a_feed(body, url))
    base = web_url(_text(feed.get("link")), url) or url
    entries, skipped = [], 0
    for raw in parsed.get("entries", ()):
        entry = _entry(raw, base)
        if entry is None:
            skipped += 1
        else:
            entries.append(entry)
    warnings: tuple[str, ...] = ()
    fault = parsed.get("bozo_exception")
    if parsed.get("bozo") and not isinstance(fault, _HARMLESS):
        warnings = (f"the document is not well-formed ({type(fault).__name__})",)
    title = _detail_line(feed, "title")
    return Document(title or None, _language(feed.get("language")), tuple(entries), skipped, warnings)


def _entry(raw: Mapping[str, Any], base: str) -> Entry | None:
    title = _detail_line(raw, "title")
    details = [*_mappings(raw.get("content")), *_mappings([raw.get("summary_detail")])]
    if not details and raw.get("summary"):
        details = [{"type": "text/html", "value": raw["summary"]}]
    texts = [(_detail_text(detail), detail) for detail in details]
    text, chosen = max(texts, key=lambda pair: len(pair[0]), default=("", {}))
    url = web_url(_text(raw.get("link")), base) or _alternate(raw, base)
    enclosures = _enclosures(raw, base)
    url = url or next((enclosure.url for enclosure in enclosures), None)
    if not text and not title and not url:
        return None
    return Entry(
        guid=tidy(_text(raw.get("id")) or "") or None,
        url=url,
        title=title or title_of(text) or url or "",
        text=text,
        has_content=bool(raw.get("content")),
        published=_published(raw),
        image=_image(raw, enclosures, chosen, base),
        enclosures=enclosures,
    )


def _detail_text(detail: Mapping[str, Any]) -> str:
    value = _text(detail.get("value")) or ""
    return text_of_html(value) if detail.get("type") in _HTML_TYPES else tidy(value)


def _detail_line(holder: Mapping[str, Any], name: str) -> str:
    detail = holder.get(f"{name}_detail")
    kind = detail.get("type") if isinstance(detail, Mapping) else None
    return text_line(_text(holder.get(name)) or "", is_html=kind in _HTML_TYPES)


def _alternate(raw: Mapping[str, Any], base: str) -> str | None:
    links = (link for link in _mappings(raw.get("links")) if link.get("rel") in (None, "alternate"))
    return next((found for link in links if (found := web_url(_text(link.get("href")), base))), None)


def _enclosures(raw: Mapping[str, Any], base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    media = [(one.get("url"), one.get("type"), one.get("filesize")) for one in _mappings(raw.get("media_content"))]
    linked = [(one.get("href"), one.get("type"), one.get("length")) for one in _mappings(raw.get("enclosures"))]
    for link, kind, length in [*linked, *media]:
        if url := web_url(_text(link), base):
            digits = _text(length) or ""
            size = int(digits) if digits.isdecimal() and len(digits) < 16 else None
            found.setdefault(url, Enclosure(url, _text(kind), size))
    return tuple(found.values())[:_MAX_ENCLOSURES]


def _image(raw: Mapping[str, Any], enclosures: Iterable[Enclosure], chosen: Mapping[str, Any], base: str) -> str | None:
    for one in _mappings(raw.get("media_thumbnail")):
        if url := web_url(_text(one.get("url")), base):
            return url
    for enclosure in enclosures:
        if (enclosure.kind or "").startswith("image/"):
            return enclosure.url
    markup = [_text(chosen.get("value")), *(_text(one.get("value")) for one in _mappings(raw.get("content")))]
    return next((found for one in markup if one and (found := first_image(one, base))), None)


def _published(raw: Mapping[str, Any]) -> int | None:
    # Looked for with `in`: a feedparser entry answers for one of these with another, and complains.
    present = [raw[name] for name in ("published_parsed", "updated_parsed", "created_parsed") if name in raw]
    return next((seconds for when in present if (seconds := _seconds(when)) is not None), None)


def _seconds(when: object) -> int | None:
    if not isinstance(when, struct_time | tuple):
        return None
    try:
        seconds = calendar.timegm(when)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    # Times before 1970 and after 9999 are mistakes, and not all that read them can represent them.
    return seconds if 0 < seconds < 253_402_300_800 else None


def _language(code: object) -> str | None:
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _mappings(values: object) -> list[Mapping[str, Any]]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list | tuple) else []


def _not_a_feed(body: bytes, url: str) -> str:
    start = body[:100_000].decode("utf-8", "replace")
    if "<html" not in start[:2_000].lower() and "<!doctype html" not in start[:2_000].lower():
        return "the document is no feed"
    finder = _FeedLinks()
    finder.feed(start)
    offered = [found for link in finder.links if (found := web_url(link, url))]
    return "the document is a web page and no feed" + (f"; it offers {', '.join(offered[:3])}" if offered else "")


class _FeedLinks(HTMLParser):
    """The feeds that a page names in its head."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        kind = (values.get("type") or "").lower()
        if tag == "link" and "alternate" in (values.get("rel") or "") and kind.endswith(("rss+xml", "atom+xml")):
            self.links.append(values.get("href") or "")
