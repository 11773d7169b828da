"""A site of feeds on this machine: real HTTP, invented news, and every way in which a feed can be bad."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import brotli

PLACES = ("Porto Sereno", "Vila Serena", "Campo Alto", "Santa Rita", "Ribeira", "Monte Claro", "Lagoa Nova")
PORTUGUESE = (
    "A prefeitura de {place} abriu ontem uma nova ponte que custou {number} milhões de reais.",
    "Choveu {number} milímetros em {place} durante a madrugada, segundo a Defesa Civil.",
    "O hospital de {place} recebeu {number} doses da vacina e começa a aplicá-las na segunda-feira.",
    "Os moradores de {place} esperam há {number} dias pela volta da água.",
    "A escola municipal de {place} vai oferecer {number} vagas para o próximo ano.",
)
ENGLISH = (
    "The council of {place} opened a new bridge yesterday that cost {number} million reais.",
    "It rained {number} millimetres in {place} during the night, according to the civil defence.",
    "The hospital in {place} received {number} doses of the vaccine and will start on Monday.",
    "Residents of {place} have been waiting for {number} days for the water to come back.",
    "The town school of {place} will offer {number} places for the coming year.",
)
START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class News:
    """An invented article."""

    guid: str
    link: str
    title: str
    text: str
    published: datetime


def make_news(feed: int, number: int, language: str, site: str) -> News:
    """An article that differs from every other one."""
    sentences = PORTUGUESE if language == "pt" else ENGLISH
    place = PLACES[(feed + number) % len(PLACES)]
    chosen = [sentences[(feed + number + step) % len(sentences)] for step in range(3)]
    texts = [
        one.format(place=place, number=12 + (7 * feed + 31 * number + step) % 880) for step, one in enumerate(chosen)
    ]
    link = f"{site}/articles/{feed}/{number}"
    return News(
        f"urn:{feed}:{number}",
        link,
        texts[0].rstrip("."),
        " ".join(texts),
        START + timedelta(minutes=feed, hours=number),
    )


def rss(news: list[News], title: str = "Feed", language: str = "pt") -> bytes:
    """An RSS 2.0 document."""
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>{escape(one.link)}</link>"
        f'<guid isPermaLink="false">{escape(one.guid)}</guid><pubDate>{format_datetime(one.published)}</pubDate>'
        f"<description>{escape('<p>' + one.text + '</p><script>alert(1)</script>')}</description></item>"
        for one in news
    )
    head = f"<title>{escape(title)}</title><link>http://127.0.0.1/</link><language>{language}</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def atom(news: list[News], title: str = "Feed", language: str = "pt") -> bytes:
    """An Atom document."""
    entries = "".join(
        f"<entry><id>{escape(one.guid)}</id><title>{escape(one.title)}</title><link href='{escape(one.link)}'/>"
        f"<updated>{one.published.isoformat()}</updated><content type='html'>{escape('<p>' + one.text + '</p>')}"
        "</content></entry>"
        for one in news
    )
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}"><title>{escape(title)}</title>'
    return f"{feed}<id>urn:feed</id>{entries}</feed>".encode()


def json_feed(news: list[News], title: str = "Feed", language: str = "pt") -> bytes:
    """A JSON Feed document."""
    items = [
        {
            "id": one.guid,
            "url": one.link,
            "title": one.title,
            "content_html": f"<p>{one.text}</p>",
            "date_published": one.published.isoformat(),
        }
        for one in news
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": title, "language": language, "items": items}
    return json.dumps(document).encode()


WRITERS: tuple[Callable[[list[News], str, str], bytes], ...] = (rss, atom, json_feed)


@dataclass
class Page:
    """What is served at a path: `pause` seconds before the answer, `drip` seconds after each of its first bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: float = 0.0
    cut: int | None = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class FeedSite:
    """Serves pages by path, and answers with "not modified" where they have an ETag that the client knows."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.pages: dict[str, Page] = {}
        self.hits: Counter[str] = Counter()
        self.not_modified: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str], float]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                # A client that has had enough is no failure of the server's.
                with suppress(ConnectionError):
                    _answer(self, site)

        self._server = _Server((address, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, body: bytes = b"", **options: object) -> str:
        """Serve a page; gives its address."""
        self.pages[path] = Page(body, **options)  # type: ignore[arg-type]
        return self.url(path)


def _answer(handler: BaseHTTPRequestHandler, site: FeedSite) -> None:
    path = handler.path
    site.hits[path] += 1
    sent = {name.lower(): value for name, value in handler.headers.items()}
    site.requests.append((path, sent, time.monotonic()))
    page = site.pages.get(path, Page(status=404))
    time.sleep(page.pause)
    known = page.headers.get("etag")
    if known is not None and sent.get("if-none-match") == known:
        site.not_modified[path] += 1
        handler.send_response(304)
        handler.send_header("content-length", "0")
        handler.end_headers()
        return
    handler.send_response(page.status)
    handler.send_header("content-length", str(len(page.body)))
    for name, value in page.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    body = page.body if page.cut is None else page.body[: page.cut]
    while page.drip and body:
        handler.wfile.write(body[:1])
        handler.wfile.flush()
        body = body[1:]
        time.sleep(page.drip)
    handler.wfile.write(body)
    handler.wfile.flush()
    if page.cut is not None:
        handler.close_connection = True


def gzip_bomb(megabytes: int) -> bytes:
    """So many megabytes of spaces, gzipped: a thousandth of that."""
    return gzip.compress(b"<rss>" + b" " * (megabytes * 1_000_000))


def brotli_bomb(megabytes: int) -> bytes:
    """The same in brotli: a few hundred bytes."""
    return brotli.compress(b"<rss>" + b" " * (megabytes * 1_000_000), quality=3)
