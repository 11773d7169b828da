"""The news that `manchete bench feeds` reads: invented articles, and the labelled set of stories, as feeds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import islice
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.batch import articles
from benchmarks.stories import load_articles

# So many items a feed, but at least so many feeds.
_FEED_ITEMS: Final = 40
_LEAST_FEEDS: Final = 8
# Every so many feeds one is in English, which is not translated.
_ENGLISH: Final = 4
_START: Final = datetime(2024, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class News:
    """One article; `key` is the end of its address. `text` has paragraphs with a blank line between."""

    key: str
    title: str
    text: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Outlet:
    """A feed; with `teasers` it shows the first sentence of each article, and the rest is in the article's page."""

    name: str
    language: str
    news: tuple[News, ...]
    teasers: bool = False


def outlets(items: int) -> list[Outlet]:
    """So many invented articles in feeds of Portuguese and English, the same ones every time.

    The first feed has teasers only.
    """
    size = max(1, min(_FEED_ITEMS, -(-items // _LEAST_FEEDS)))
    sizes = [min(size, items - at) for at in range(0, items, size)]
    languages = ["en" if place % _ENGLISH == _ENGLISH - 1 else "pt" for place in range(len(sizes))]
    left = {tag: iter(articles(_total(tag, languages, sizes), tag)) for tag in dict.fromkeys(languages)}
    made = []
    for place, (language, count) in enumerate(zip(languages, sizes, strict=True)):
        news = tuple(
            News(f"{place}-{number}", one.title, one.text, _START + timedelta(hours=number, minutes=place))
            for number, one in enumerate(islice(left[language], count))
        )
        made.append(Outlet(f"Outlet {place}", language, news, teasers=place == 0))
    return made


def _total(language: str, languages: Sequence[str], sizes: Sequence[int]) -> int:
    return sum(size for tag, size in zip(languages, sizes, strict=True) if tag == language)


def story_outlets() -> list[Outlet]:
    """The labelled set of stories, a feed for each outlet and language."""
    feeds: dict[tuple[str, str], list[News]] = {}
    for one in load_articles():
        news = News(one["id"], one["title"], one["text"], datetime.fromisoformat(one["published"]))
        feeds.setdefault((one["outlet"], one["language"]), []).append(news)
    return [Outlet(name, language, tuple(news)) for (name, language), news in feeds.items()]


def feed_of(outlet: Outlet, base: str, kind: int) -> bytes:
    """The outlet's document (RSS, Atom or JSON Feed by turns), whose articles are at `base`."""
    write = _WRITERS[kind % len(_WRITERS)]
    return write(outlet, [(f"{base}/{one.key}", one, _shown(outlet, one)) for one in outlet.news])


def page_of(title: str, paragraphs: Sequence[str], head: str = "") -> bytes:
    """An article's page as outlets have them, with what is no article around it."""
    text = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    return (
        f"<!doctype html><html><head><title>{escape(title)}</title>{head}</head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>{escape(title)}</h1>{text}</article><footer>All rights reserved</footer></body></html>"
    ).encode()


def _shown(outlet: Outlet, news: News) -> str:
    if outlet.teasers:
        return f"{news.text.partition('.')[0]}…"
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in news.text.split("\n\n"))


_Entries = Sequence[tuple[str, News, str]]


def _rss(outlet: Outlet, entries: _Entries) -> bytes:
    items = "".join(
        f"<item><title>{escape(news.title)}</title><link>{link}</link><guid isPermaLink='false'>{news.key}</guid>"
        f"<pubDate>{format_datetime(news.published)}</pubDate><description>{escape(shown)}</description></item>"
        for link, news, shown in entries
    )
    head = f"<title>{escape(outlet.name)}</title><language>{outlet.language}</language>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


def _atom(outlet: Outlet, entries: _Entries) -> bytes:
    items = "".join(
        f"<entry><id>urn:{news.key}</id><title>{escape(news.title)}</title><link href='{link}'/>"
        f"<updated>{news.published.isoformat()}</updated><content type='html'>{escape(shown)}</content></entry>"
        for link, news, shown in entries
    )
    head = f"<title>{escape(outlet.name)}</title><id>urn:feed</id>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='{outlet.language}'>{head}{items}</feed>".encode()


def _json(outlet: Outlet, entries: _Entries) -> bytes:
    items: list[Mapping[str, str]] = [
        {
            "id": news.key,
            "url": link,
            "title": news.title,
            "content_html": shown,
            "date_published": news.published.isoformat(),
        }
        for link, news, shown in entries
    ]
    version = "https://jsonfeed.org/version/1.1"
    feed = {"version": version, "title": outlet.name, "language": outlet.language, "items": items}
    return json.dumps(feed).encode()


_WRITERS: Final[tuple[Callable[[Outlet, _Entries], bytes], ...]] = (_rss, _atom, _json)
