"""Killed at any moment and run again, the database and the output are those of a run that nobody disturbed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from feed_runs import LOCAL
from feed_site import WRITERS, FeedSite, make_news
from sqlalchemy import select

from service.feeds.config import FeedsConfig
from service.feeds.desk import FeedDesk
from service.feeds.opml import Outline
from service.storage import Database, ItemTable
from service.storage.schema import feeds, items, sightings

# What tells when something was done, and in which order feeds happened to answer.
VOLATILE = {"id", "feed_id", "created_at", "seen_at", "edited_at", "last_seen", "last_success_at", "next_fetch_at"}


def _subscriptions(site: FeedSite, count: int, size: int) -> list[str]:
    urls = []
    for feed in range(count):
        news = [make_news(feed, number, "en" if feed % 3 == 2 else "pt", site.url("")) for number in range(size)]
        urls.append(site.put(f"/feed/{feed}", WRITERS[feed % 3](news, f"Feed {feed}", "pt")))
    site.put("/moved", status=301, headers={"location": "/feed/0"})
    return [*urls[1:], site.url("/moved"), site.put("/broken", status=500), site.put("/empty", b"")]


def _start(environment: dict[str, str], url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", "feeds", "run"]
    variables = environment | {"MANCHETE_FEEDS_DATABASE": url}
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _run(environment: dict[str, str], url: str) -> None:
    """A run that is left alone."""
    _, errors = _start(environment, url).communicate(timeout=300)
    assert b"Traceback" not in errors, errors


def _dump(url: str) -> dict[str, list[tuple[object, ...]]]:
    """The content of every table, but for what is volatile."""
    database = Database(url)
    content = {}
    with database.reading() as connection:
        for table in (feeds, items, sightings):
            columns = [column for column in table.columns if column.name not in VOLATILE]
            content[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
    database.close()
    return content


def _states(url: str) -> str:
    database = Database(url)
    counts = ItemTable(database).counts()
    database.close()
    return str(counts)


@dataclass(frozen=True, slots=True)
class Size:
    """How many feeds, how many items each of them has, and how many kills."""

    feeds: int
    items: int
    kills: int


def _check(environment: dict[str, str], site: FeedSite, folder: Path, url: str, size: Size) -> set[str]:
    """Compare runs that are killed again and again with one that is not; gives the different states they were left in.

    A run that gets to its end before it can be killed must be like the other as well; then all begins anew.
    """
    subscriptions = _subscriptions(site, size.feeds, size.items)
    calm = f"sqlite:///{folder / 'calm.db'}"
    for database in (calm, url):
        _subscribe(database, subscriptions)
    work = _seconds(environment, calm)
    start = _seconds(environment, calm)
    expected, exported = _dump(calm), _exported(calm)
    assert len(expected["items"]) == size.feeds * size.items
    assert str(_states(calm)) == str({"summarized": size.feeds * size.items})
    moments = random.Random(size.kills)
    left: list[str] = []
    while len(left) < size.kills:
        process = _start(environment, url)
        try:
            process.communicate(timeout=moments.uniform(0.5 * start, start + 0.6 * (work - start)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            left.append(_states(url))
        else:
            assert _dump(url) == expected
            _subscribe(url, subscriptions)
    _run(environment, url)
    assert _dump(url) == expected
    assert _exported(url) == exported
    print(*left, sep="\n")  # noqa: T201 -- where the kills struck (pytest -rP)
    return set(left)


def _subscribe(url: str, subscriptions: list[str]) -> None:
    """Subscribe to all of them, with nothing left of what was there."""
    with closing(FeedDesk(url, FeedsConfig(fetch=LOCAL))) as desk:
        for feed in desk.subscriptions():
            desk.remove(feed.url)
        desk.add([Outline(one, None) for one in subscriptions])


def _exported(url: str) -> list[str]:
    with closing(FeedDesk(url, FeedsConfig())) as desk:
        return list(desk.export())


def _seconds(environment: dict[str, str], url: str) -> float:
    started = time.monotonic()
    _run(environment, url)
    return time.monotonic() - started


def test_three_kills_leave_no_trace(environment: dict[str, str], site: FeedSite, tmp_path: Path) -> None:
    assert _check(environment, site, tmp_path, f"sqlite:///{tmp_path / 'killed.db'}", Size(3, 6, 3))


def test_kills_while_edits_are_taken_up_leave_no_trace(
    environment: dict[str, str], site: FeedSite, tmp_path: Path
) -> None:
    subscriptions = _subscriptions(site, 3, 6)
    calm, killed = (f"sqlite:///{tmp_path / name}" for name in ("calm.db", "killed.db"))
    for database in (calm, killed):
        _subscribe(database, subscriptions)
        _run(environment, database)
    before = _dump(calm)
    for feed in range(3):
        page = site.pages[f"/feed/{feed}"]
        page.body = page.body.replace(b"segunda-feira", b"quinta-feira").replace(b"on Monday", b"on Thursday")
    work = _seconds(environment, calm)
    start = _seconds(environment, calm)
    expected = _dump(calm)
    assert len(set(map(repr, expected["items"])) - set(map(repr, before["items"]))) >= 5
    moments = random.Random(3)
    kills = 0
    for _ in range(4):
        process = _start(environment, killed)
        try:
            process.communicate(timeout=moments.uniform(0.6 * start, start + 0.5 * (work - start)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
    assert kills > 0
    _run(environment, killed)
    assert _dump(killed) == expected
    calmly, after_kills = ([json.loads(line) | {"edited": None} for line in _exported(one)] for one in (calm, killed))
    assert after_kills == calmly


@pytest.mark.slow
def test_twenty_kills_leave_no_trace(environment: dict[str, str], site: FeedSite, tmp_path: Path) -> None:
    left = _check(environment, site, tmp_path, f"sqlite:///{tmp_path / 'killed.db'}", Size(20, 20, 20))
    assert len(left) > 5


@pytest.mark.slow
def test_twenty_kills_leave_no_trace_in_postgresql(
    environment: dict[str, str], site: FeedSite, tmp_path: Path, postgres_url: str
) -> None:
    assert len(_check(environment, site, tmp_path, postgres_url, Size(20, 20, 20))) > 5
