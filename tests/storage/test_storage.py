"""The database: migrations, transactions, what is new and what was seen, states; on SQLite and on PostgreSQL."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import inspect, text

from service.errors import AlreadyRunning, ConfigurationError, StorageError
from service.storage import (
    Database,
    Enclosure,
    FeedRow,
    FeedTable,
    FetchRecord,
    ItemState,
    ItemTable,
    NewItem,
    Step,
    Stored,
)
from service.storage.migrations import MIGRATIONS
from service.storage.schema import metadata

DAY = 86_400
ADD = "INSERT INTO feeds (url, location, full_text, created_at) VALUES ('u', 'u', FALSE, 1)"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'feeds.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def feeds(database: Database) -> FeedTable:
    return FeedTable(database)


@pytest.fixture
def items(database: Database) -> ItemTable:
    return ItemTable(database)


def _feed(feeds: FeedTable, url: str = "http://h/feed") -> FeedRow:
    return feeds.add(url, title=None, full_text=False, now=1)[0]


def _items(count: int, start: int = 0) -> list[NewItem]:
    return [
        NewItem((f"g{n}", f"l{n}"), f"http://h/{n}", f"Title {n}", "Text", False, 1_000 + n)
        for n in range(start, start + count)
    ]


RECORD = FetchRecord("http://h/feed", '"e"', None, "Outlet", "pt")


def test_the_tables_are_those_of_the_statements(database: Database) -> None:
    with database.reading() as connection:
        looked = inspect(connection)
        for table in metadata.sorted_tables:
            columns = {column["name"]: column for column in looked.get_columns(table.name)}
            assert set(columns) == {column.name for column in table.columns}
            for column in table.columns:
                if not column.primary_key:
                    assert columns[column.name]["nullable"] == column.nullable, column.name


def test_opening_again_migrates_nothing_and_loses_nothing(url: str) -> None:
    first = Database(url)
    _feed(FeedTable(first))
    first.close()
    second = Database(url)
    assert len(FeedTable(second).all()) == 1
    with second.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM schema_version")).scalar_one() == len(MIGRATIONS)
    second.close()


def test_two_that_open_an_empty_database_at_once_both_find_it_made(url: str) -> None:
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            Database(url).close()
        except Exception as error:  # noqa: BLE001 -- any of them is told
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_service_is_left_alone(url: str) -> None:
    first = Database(url)
    with first.writing() as connection:
        connection.execute(text("INSERT INTO schema_version (version, taken_at) VALUES (999, 0)"))
    first.close()
    with pytest.raises(StorageError, match="has version 999"):
        Database(url)


def test_a_migration_that_fails_leaves_nothing_behind(url: str) -> None:
    Database(url).close()
    with pytest.raises(StorageError):
        Database(url, {**MIGRATIONS, 999: ("CREATE TABLE half (id INTEGER)", "NOT SQL")})
    again = Database(url)
    with again.reading() as connection:
        assert not inspect(connection).has_table("half")
    again.close()


def test_an_sqlite_file_is_its_owners_alone_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feeds.db"
    database = Database(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://h/x", "mysql is not one of sqlite, postgresql"),
        ("no url", "not a database URL"),
        ("sqlite://", "an SQLite URL must name a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_told(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=f"MANCHETE_FEEDS_DATABASE: {reason}"):
        Database(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is no database at all, but long enough to be looked at " * 20)
    with pytest.raises(StorageError, match="cannot be used: file is not a database"):
        Database(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StorageError, match=r"cannot be used: .*127\.0\.0\.1") as failure:
        Database("postgresql://someone:hushhush@127.0.0.1:9/none")
    assert "hushhush" not in failure.value.message


def test_items_are_new_once(feeds: FeedTable, items: ItemTable) -> None:
    feed = _feed(feeds)
    assert feeds.fetched(feed, RECORD, _items(3), 10).new == 3
    assert feeds.fetched(feed, RECORD, _items(4), 20).new == 1
    other = NewItem(("another guid", "l0"), "http://h/0", "Title 0", "Text", False, 1_000)
    assert feeds.fetched(feed, RECORD, [other], 30).new == 0
    assert len(list(items.every())) == 4
    (learned,) = feeds.all()
    assert (learned.title, learned.language, learned.etag, learned.last_success_at) == ("Outlet", "pt", '"e"', 30)


def test_the_same_item_in_two_feeds_is_two(feeds: FeedTable, items: ItemTable) -> None:
    for url in ("http://h/1", "http://h/2"):
        feeds.fetched(_feed(feeds, url), RECORD, _items(2), 10)
    assert len({row.key for row in items.every()}) == 4


def test_all_that_is_known_of_an_item_comes_back(feeds: FeedTable, items: ItemTable) -> None:
    enclosure = Enclosure("http://h/a.mp3", "audio/mpeg", 12)
    given = NewItem(
        ("k",), None, "Título ✓ 'x'", "a\n\nb", True, None, "http://h/i.jpg", (enclosure,), "pt", ("careful",)
    )
    feeds.fetched(_feed(feeds), RECORD, [given], 10)
    (row,) = items.every()
    assert (row.title, row.text, row.is_teaser, row.published) == (given.title, given.text, True, None)
    assert (row.image, row.enclosures, row.declared_language, row.warnings) == (
        "http://h/i.jpg",
        (enclosure,),
        "pt",
        ("careful",),
    )


def test_a_step_is_taken_once_and_only_from_its_state(feeds: FeedTable, items: ItemTable) -> None:
    feeds.fetched(_feed(feeds), RECORD, _items(2), 10)
    first, second = items.waiting([ItemState.FETCHED])
    step = Step(first, ItemState.FETCHED, ItemState.DETECTED, {"language": "pt"})
    assert items.advance([step]) == 1
    assert items.advance([step]) == 0
    assert items.counts() == {"detected": 1, "fetched": 1}
    assert items.waiting([ItemState.FETCHED]) == [second]


def test_failures_are_counted_and_tried_again_from_where_they_failed(feeds: FeedTable, items: ItemTable) -> None:
    feeds.fetched(_feed(feeds), RECORD, _items(2), 10)
    first, second = items.waiting([ItemState.FETCHED])
    items.fail(second, ItemState.FETCHED, "never", may_retry=False)
    for attempt in range(1, 4):
        items.fail(first, ItemState.FETCHED, "not now", may_retry=True)
        assert ("Outlet", "not now", attempt) in items.failures(10)
        assert items.retry_failed(3) == (1 if attempt < 3 else 0)
    assert items.retry_failed(None) == 2
    assert items.counts() == {"fetched": 2}


def test_another_target_sends_items_back_to_translation(feeds: FeedTable, items: ItemTable) -> None:
    feeds.fetched(_feed(feeds), RECORD, _items(1), 10)
    (only,) = items.waiting([ItemState.FETCHED])
    items.advance([Step(only, ItemState.FETCHED, ItemState.SUMMARIZED, {"target": "en"})])
    assert (items.retarget("en"), items.retarget("fr")) == (0, 1)
    assert items.counts() == {"detected": 1}


def test_expired_items_are_deleted_and_do_not_come_back(feeds: FeedTable, items: ItemTable) -> None:
    feed = _feed(feeds)
    feeds.fetched(feed, RECORD, _items(2), DAY)
    items.advance([Step(n, ItemState.FETCHED, ItemState.SUMMARIZED) for n in items.waiting([ItemState.FETCHED])])
    feeds.fetched(feed, RECORD, _items(3), 50 * DAY)
    assert items.expire(40 * DAY) == 2
    assert feeds.fetched(feed, RECORD, _items(3), 51 * DAY).new == 0
    # "Not modified" renews what was seen as well.
    feeds.unchanged(feed, RECORD, 90 * DAY)
    assert items.expire(80 * DAY) == 0
    assert feeds.fetched(feed, RECORD, _items(3), 91 * DAY).new == 0
    # What left its feed long ago is forgotten.
    feeds.fetched(feed, RECORD, _items(1, start=7), 95 * DAY)
    feeds.fetched(feed, RECORD, _items(1, start=7), 200 * DAY)
    items.expire(150 * DAY)
    assert feeds.fetched(feed, RECORD, _items(1), 201 * DAY).new == 1


def test_a_feed_that_was_down_for_long_keeps_its_sightings(feeds: FeedTable, items: ItemTable) -> None:
    feed = _feed(feeds)
    feeds.fetched(feed, RECORD, _items(2), DAY)
    feeds.failed(feed, "down", 300 * DAY)
    items.expire(200 * DAY)
    assert feeds.fetched(feed, RECORD, _items(2), 201 * DAY).new == 0


def test_removing_a_feed_removes_its_items(feeds: FeedTable, items: ItemTable) -> None:
    for url in ("http://h/1", "http://h/2"):
        feeds.fetched(_feed(feeds, url), RECORD, _items(2), 10)
    assert feeds.remove("http://h/1")
    assert not feeds.remove("http://h/1")
    (left,) = feeds.all()
    assert {row.feed_id for row in items.every()} == {left.feed_id}
    assert feeds.remove(str(left.feed_id))


def test_the_latest_come_first_and_undated_ones_by_when_they_were_seen(feeds: FeedTable, items: ItemTable) -> None:
    undated = NewItem(("u",), None, "undated", "x", False, None)
    feeds.fetched(_feed(feeds), RECORD, [*_items(3), undated], 1_001)
    done = {"target": "en"}
    items.advance([Step(n, ItemState.FETCHED, ItemState.SUMMARIZED, done) for n in items.waiting([ItemState.FETCHED])])
    titles = [row.title for row in items.latest("en", since=1_001, limit=10)]
    assert titles[0] == "Title 2"
    assert set(titles) == {"Title 2", "Title 1", "undated"}
    assert len(items.latest("en", since=None, limit=2)) == 2
    assert items.latest("pt", since=None, limit=9) == []


def test_a_job_is_done_by_one_at_a_time(url: str, database: Database) -> None:
    other = Database(url)
    with database.sole(), pytest.raises(AlreadyRunning), other.sole():
        pass
    with other.sole():
        pass
    other.close()


def test_readers_see_whole_transactions_and_wait_for_no_writer(feeds: FeedTable, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text(ADD))
        assert feeds.all() == ()
    assert len(feeds.all()) == 1


def test_a_transaction_that_fails_leaves_nothing(database: Database, feeds: FeedTable) -> None:
    def add_twice() -> None:
        with database.writing() as connection:
            for _ in range(2):
                connection.execute(text(ADD))

    with pytest.raises(StorageError):
        add_twice()
    assert feeds.all() == ()


def test_an_edit_sends_an_item_back_with_nothing_of_its_older_text(feeds: FeedTable, items: ItemTable) -> None:
    feed = _feed(feeds)
    first = replace(_items(1)[0], content="a")
    feeds.fetched(feed, RECORD, [first], 10)
    (row,) = items.load(items.waiting([ItemState.FETCHED]))
    done = {"language": "pt", "target": "en", "translated_text": "Text", "summary": ("Text",)}
    items.advance([Step(row.item_id, ItemState.FETCHED, ItemState.SUMMARIZED, done)])
    assert feeds.fetched(feed, RECORD, [first], 20).edited == 0
    # Copies in one document: the first counts.
    edited = replace(first, title="Other", text="Other text", content="b")
    assert feeds.fetched(feed, RECORD, [edited, replace(edited, text="A third", content="c")], 30).edited == 1
    (back,) = items.load([row.item_id])
    assert (back.state, back.title, back.text, back.key) == (ItemState.FETCHED, "Other", "Other text", row.key)
    assert (back.language, back.target, back.translated_text, back.summary) == (None, None, None, ())
    assert (back.seen_at, back.edited_at) == (10, 30)
    items.fail(row.item_id, ItemState.FETCHED, "no", may_retry=False)
    feeds.fetched(feed, RECORD, [replace(first, content="d", state=ItemState.NEW)], 40)
    (again,) = items.load([row.item_id])
    assert (again.state, again.reason, again.attempts) == (ItemState.NEW, None, 0)


def test_an_item_of_before_contents_were_noted_is_not_taken_for_edited(url: str) -> None:
    old = Database(url, {1: MIGRATIONS[1]})
    with old.writing() as connection:
        connection.execute(text(ADD))
        feed_id = connection.execute(text("SELECT id FROM feeds")).scalar_one()
    old.close()
    database = Database(url)
    feeds, items = FeedTable(database), ItemTable(database)
    (feed,) = feeds.all()
    assert feed.feed_id == feed_id
    item = _items(1)[0]
    feeds.fetched(feed, RECORD, [item], 10)
    assert feeds.fetched(feed, RECORD, [replace(item, content="a")], 20) == Stored(0, 1, 0)
    assert feeds.fetched(feed, RECORD, [replace(item, content="a")], 30) == Stored(0, 1, 0)
    assert feeds.fetched(feed, RECORD, [replace(item, content="b")], 40) == Stored(0, 1, 1)
    # What was deleted does not come back by an edit.
    items.advance([Step(number, ItemState.FETCHED, ItemState.SUMMARIZED) for number in items.waiting(list(ItemState))])
    assert items.expire(1_000) == 1
    assert feeds.fetched(feed, RECORD, [replace(item, content="c")], 50) == Stored(0, 1, 0)
    database.close()
