"""A hundred feeds of twenty items, a fifth of them bad in every way, through the command line on real weights."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from feed_site import WRITERS, FeedSite, brotli_bomb, gzip_bomb, make_news

# A slow feed keeps those of its own host waiting alone, as it is in the world: all of 127.0.0.0/8 is this machine.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers at every loopback address")
MEGABYTE = 1_000_000


@pytest.fixture
def site() -> Iterator[FeedSite]:
    """A site at every loopback address."""
    served = FeedSite("0.0.0.0")
    yield served
    served.close()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, what it told, and the most memory it took, in bytes."""

    code: int
    told: str
    peak: int


def _manchete(environment: dict[str, str], log: Path, *arguments: str) -> Ran:
    command = [sys.executable, "-m", "service.cli", "feeds", *arguments]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stream)
        peak = 0
        # Not what the system tells of an ended child: that counts the memory of the parent that it was forked from.
        while process.poll() is None:
            peak = max(peak, _most_memory(process.pid))
            time.sleep(0.02)
    return Ran(process.returncode, log.read_text(), peak)


def _most_memory(pid: int) -> int:
    """The most memory that a process has had, in bytes; 0 where it has just ended."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _bad(site: FeedSite, bomb: int) -> dict[str, str]:
    """Bad feeds, two of each kind, and what must be told of each; bombs are of so many megabytes."""
    reasons = {}
    kinds: list[tuple[str, dict[str, object], str]] = [
        ("slow", {"pause": 30.0}, "took longer than the limit of 3 seconds"),
        ("dripping", {"body": b"<rss>" * 100, "drip": 0.5}, "took longer than the limit of 3 seconds"),
        ("failing", {"status": 500}, "answered 500"),
        ("gone", {"status": 410}, "answered 410"),
        ("busy", {"status": 429, "headers": {"retry-after": "3600"}}, "answered 429"),
        ("gzip", {"body": gzip_bomb(bomb), "headers": {"content-encoding": "gzip"}}, "decompress to more than"),
        ("brotli", {"body": brotli_bomb(bomb), "headers": {"content-encoding": "br"}}, "decompress to more than"),
        ("large", {"body": b"<rss>" + b" " * 9 * MEGABYTE}, "over the limit of 8000000 bytes"),
        ("broken", {"body": b"<rss>" * 100, "cut": 20}, "broke"),
        ("page", {"body": b"<!doctype html><html></html>"}, "a web page and no feed"),
        ("inside", {"status": 302, "headers": {"location": "http://169.254.169.254/"}}, "a link-local address"),
    ]
    for number, (name, page, reason) in enumerate(kinds):
        for copy in range(2):
            site.put(f"/{name}/{copy}", **page)  # type: ignore[arg-type]
            reasons[site.url(f"/{name}/{copy}", f"127.0.1.{2 * number + copy + 1}")] = reason
    return reasons


def _good(site: FeedSite, count: int, size: int) -> list[str]:
    """Good feeds, every other one in English; every fifth has moved, every third has an ETag."""
    urls = []
    for feed in range(count):
        news = [make_news(feed, number, "en" if feed % 2 else "pt", site.url("")) for number in range(size)]
        headers = {"etag": f'"{feed}"'} if feed % 3 == 0 else {}
        site.put(f"/feed/{feed}", WRITERS[feed % 3](news, f"Feed {feed}", "pt"), headers=headers)
        path = f"/feed/{feed}"
        if feed % 5 == 0:
            path = f"/old/{feed}"
            site.put(path, status=301, headers={"location": f"/feed/{feed}"})
        urls.append(site.url(path, f"127.0.2.{feed % 20 + 1}"))
    return urls


def _check(environment: dict[str, str], site: FeedSite, folder: Path, good: int, size: int, bomb: int) -> None:
    variables = environment | {
        "MANCHETE_FEEDS_DATABASE": f"sqlite:///{folder / 'feeds.db'}",
        "MANCHETE_FEEDS_ALLOW_PRIVATE": "127.0.0.0/8",
        "MANCHETE_FEEDS_TIMEOUT_SECONDS": "3",
    }
    log, out = folder / "log", folder / "items.jsonl"
    bad = _bad(site, bomb)
    urls = _good(site, good, size)
    assert _manchete(variables, log, "add", *urls, *bad).code == 0
    first = _manchete(variables, log, "run")
    assert first.code == 1
    total = good * size
    assert (
        f"{good} fetched, 0 unchanged, {len(bad)} failed; {total} new items, {total} digested, 0 failed" in first.told
    )
    lines = first.told.splitlines()
    for url, reason in bad.items():
        assert any(line.startswith(f"{url}: ") and reason in line for line in lines), url
    _manchete(variables, log, "export", "--format", "jsonl", "--out", str(out))
    items = [json.loads(line) for line in out.read_text().splitlines()]
    assert len({item["id"] for item in items}) == len(items) == total
    assert all(item["state"] == "summarized" and item["summary"] for item in items)
    wrong = [item["text"] for item in items if (item["language"] == "pt") != (item["text"] != item["translated_text"])]
    assert wrong == []
    second = _manchete(variables, log, "run")
    assert "; 0 new items, 0 digested, 0 failed" in second.told
    assert f"{len(bad)} not due" in second.told
    again = folder / "again.jsonl"
    _manchete(variables, log, "export", "--format", "jsonl", "--out", str(again))
    assert again.read_bytes() == out.read_bytes()
    told = [first.told.splitlines()[-1], second.told.splitlines()[-1], f"{first.peak / MEGABYTE:.0f} MB at most"]
    print("\n".join(told))  # noqa: T201 -- the figures (pytest -rP)
    # Interpreter, libraries and model take 200 MB; the bombs alone would take 800 MB more.
    assert 0 < first.peak < 400 * MEGABYTE


def test_some_feeds_good_and_bad(environment: dict[str, str], site: FeedSite, tmp_path: Path) -> None:
    _check(environment, site, tmp_path, 8, 3, 20)


@pytest.mark.slow
def test_a_hundred_feeds_of_twenty_items(environment: dict[str, str], site: FeedSite, tmp_path: Path) -> None:
    _check(environment, site, tmp_path, 78, 20, 200)
