"""Outlets on this machine for `manchete bench feeds`: `python -m benchmarks.feed_site ITEMS` serves them.

Each outlet has a port of its own, since a host is asked one thing at a time. Some feeds have moved, some are bad. The
process tells the addresses as one line of JSON on standard output and ends when its standard input does.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from benchmarks.conditions import child_environment, pinned
from benchmarks.feed_news import News, Outlet, feed_of, outlets, page_of, story_outlets
from benchmarks.processes import SystemFailed

HOST: Final = "127.0.0.1"
# What the slow feed takes; a run is told to wait half as long.
SLOW_SECONDS: Final = 2.0
# Pages that are no use, of articles beside those that are counted: behind a paywall, and gone.
USELESS_PAGES: Final = ("paid", "gone")
_BOMB_BYTES: Final = 64_000_000
_MOVED: Final = 3


@dataclass(frozen=True, slots=True)
class Addresses:
    """What to subscribe to: feeds with their texts, feeds with teasers, and what is no good."""

    whole: tuple[str, ...]
    teasers: tuple[str, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    sent: int | None = None


@contextmanager
def served(items: int, cores: Sequence[int]) -> Iterator[Addresses]:
    """Serve the outlets from a process on `cores` until the block is left; raises SystemFailed where that fails."""
    with pinned(cores):
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "benchmarks.feed_site", str(items)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemFailed(f"the feeds' server ended with exit status {process.wait()}")
        told: dict[str, list[str]] = json.loads(line)
        yield Addresses(tuple(told["whole"]), tuple(told["teasers"]), tuple(told["bad"]))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def main(items: int) -> None:
    """Serve until standard input ends."""
    whole: list[str] = []
    teasers: list[str] = []
    for place, outlet in enumerate([*outlets(items), *story_outlets()]):
        url = _serve_outlet(outlet, place)
        (teasers if outlet.teasers else whole).append(url)
    sys.stdout.write(json.dumps({"whole": whole, "teasers": teasers, "bad": _serve_bad()}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


def _serve_outlet(outlet: Outlet, place: int) -> str:
    pages: dict[str, _Page] = {}
    base = _serve(pages)
    if outlet.teasers:
        pages |= {f"/news/{one.key}": _Page(page_of(one.title, one.text.split("\n\n"))) for one in outlet.news}
        paid = '<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
        pages["/news/paid"] = _Page(page_of("Assine", ["Só para assinantes."], paid))
        latest = outlet.news[-1]
        more = [
            News(key, f"{latest.title} ({key})", f"{latest.text} ({key})", latest.published) for key in USELESS_PAGES
        ]
        outlet = Outlet(outlet.name, outlet.language, (*outlet.news, *more), teasers=True)
    # Every other server says whether its document has changed, as they do.
    headers = {"etag": f'"{place}"'} if place % 2 else {}
    pages["/feed"] = _Page(feed_of(outlet, f"{base}/news", place), headers=headers)
    if place % _MOVED == _MOVED - 1:
        pages["/old"] = _Page(status=301, headers={"location": "/feed"})
        return f"{base}/old"
    return f"{base}/feed"


def _serve_bad() -> list[str]:
    bomb = gzip.compress(b"<rss>" + b" " * _BOMB_BYTES)
    bad = {
        "slow": _Page(b"<rss/>", pause=SLOW_SECONDS),
        "gone": _Page(status=410),
        "forbidden": _Page(status=403),
        "bomb": _Page(bomb, headers={"content-encoding": "gzip"}),
        "page": _Page(page_of("No feed", ["This is no feed."])),
        "inside": _Page(status=302, headers={"location": "http://169.254.169.254/latest/"}),
        "broken": _Page(b"<rss>" * 99, sent=20),
        "busy": _Page(status=503, headers={"retry-after": "600"}),
    }
    return [f"{_serve({f'/{name}': page})}/{name}" for name, page in bad.items()]


def _serve(pages: Mapping[str, _Page]) -> str:
    """Serve pages by their paths on a port of their own; gives the address before the path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing: standard error is the benchmark's."""

        def do_GET(self) -> None:
            # Who asked may have had enough.
            with suppress(ConnectionError):
                _answer(self, pages.get(self.path, _Page(status=404)))

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://{HOST}:{server.server_address[1]}"


def _answer(handler: BaseHTTPRequestHandler, page: _Page) -> None:
    time.sleep(page.pause)
    tag = page.headers.get("etag")
    known = tag is not None and handler.headers.get("if-none-match") == tag
    body = b"" if known else page.body
    handler.send_response(304 if known else page.status)
    handler.send_header("content-length", str(len(body)))
    for name, value in page.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body if page.sent is None else body[: page.sent])
    handler.wfile.flush()
    handler.close_connection = handler.close_connection or page.sent is not None


if __name__ == "__main__":
    main(int(sys.argv[1]))
