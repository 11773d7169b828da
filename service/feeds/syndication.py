"""Feeds of stories: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from xml.etree import ElementTree as ET

from service import __version__
from service.feeds.views import DigestView, SourceView, StoryView

_ATOM: Final = "http://www.w3.org/2005/Atom"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(digest: DigestView, content: Callable[[StoryView], str]) -> str:
    """The feed as XML; `content` makes the HTML of an entry."""
    feed = ET.Element("feed", {"xmlns": _ATOM, _XML_LANG: digest.language})
    _text(feed, "id", digest.digest_id)
    _text(feed, "title", digest.title)
    _text(feed, "updated", max([digest.made, *(story.updated for story in digest.stories)]))
    if digest.url is not None:
        ET.SubElement(feed, "link", {"rel": "self", "href": digest.url, "type": "application/atom+xml"})
    _text(ET.SubElement(feed, "author"), "name", "Manchete")
    ET.SubElement(feed, "generator", {"version": __version__}).text = "Manchete"
    for story in digest.stories:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", story.story_id)
        _text(entry, "title", story.title)
        _text(entry, "updated", story.updated)
        _text(entry, "published", story.published)
        for outlet in dict.fromkeys(source.outlet for source in story.sources):
            _text(ET.SubElement(entry, "author"), "name", outlet or "?")
        for place, source in enumerate(story.sources):
            if source.url is not None:
                relation = {"rel": "related" if place else "alternate", "href": source.url, "type": "text/html"}
                ET.SubElement(entry, "link", {**relation, "hreflang": source.language, "title": source.original_title})
        _text(entry, "summary", " ".join(story.summary))
        ET.SubElement(entry, "content", {"type": "html"}).text = content(story)
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


def json_feed(digest: DigestView, content: Callable[[StoryView], str]) -> str:
    """The feed as JSON; `content` makes the HTML of an item. `_manchete` holds what JSON Feed has no name for."""
    items = [_json_item(story, content(story)) for story in digest.stories]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": digest.title,
        **({} if digest.url is None else {"feed_url": digest.url}),
        "language": digest.language,
        "authors": [{"name": "Manchete"}],
        "_manchete": {"about": "the sources of each story", "version": __version__, "made": digest.made},
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=2) + "\n"


def _json_item(story: StoryView, html: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": story.story_id,
        "title": story.title,
        "content_html": html,
        "summary": " ".join(story.summary),
        "date_published": story.published,
        "date_modified": story.updated,
        "authors": [{"name": outlet} for outlet in dict.fromkeys(source.outlet for source in story.sources)],
        "_manchete": {"sources": [_json_source(source) for source in story.sources]},
    }
    if story.lead.url is not None:
        item["url"] = story.lead.url
    image = next((source.image for source in story.sources if source.image is not None), None)
    if image is not None:
        item["image"] = image
    return item


def _json_source(source: SourceView) -> dict[str, Any]:
    return {
        "outlet": source.outlet,
        "url": source.url,
        "published": source.time,
        "language": source.language,
        "title": source.title,
        "original_title": source.original_title,
        "warnings": list(source.warnings),
    }


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
