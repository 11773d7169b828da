"""The connection to SQLite or PostgreSQL: opened, migrated, and its errors told as ours."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
    SQLAlchemyError,
)

from service.errors import AlreadyRunning, ConfigurationError, MissingExtra, StorageError
from service.storage.migrations import MIGRATIONS, migrate

DIALECTS: Final = ("sqlite", "postgresql")
_BUSY_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 0.02
_READING: Final = {"reading": True}
_SETTING: Final = "MANCHETE_FEEDS_DATABASE"


class Database:
    """A database with the tables of the newest migration. May be used by several threads and processes at once.

    `url` is SQLAlchemy's: `sqlite:////path/feeds.db` or `postgresql://user:password@host/name`. An SQLite file is made,
    readable by its owner alone, and kept in WAL mode, so that readers and the writer do not wait for each other. Raises
    ConfigurationError when the URL cannot be used, MissingExtra when its driver is not installed, StorageError when the
    database cannot be opened.
    """

    def __init__(self, url: str, migrations: Mapping[int, tuple[str, ...]] = MIGRATIONS) -> None:
        self._url = _usable(url)
        self.dialect = self._url.get_backend_name()
        self._engine = _engine(self._url)
        with _told():
            migrate(self._engine.begin, self.dialect, migrations)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of the block is kept, or nothing; raises StorageError."""
        with _told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for reading, which holds up no writer; raises StorageError."""
        with _told(), self._engine.connect().execution_options(**_READING) as connection:
            yield connection

    @contextmanager
    def sole(self) -> Iterator[None]:
        """Be the only one who runs the job on this database; raises AlreadyRunning at once when another does.

        The lock goes with the process, however it ends.
        """
        if self.dialect == "sqlite":
            with _file_locked(Path(str(self._url.database))):
                yield
        else:
            with self._advisory_locked():
                yield

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _advisory_locked(self) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(b"manchete feeds").digest()[:8], "big", signed=True)
        with _told(), self._engine.connect() as connection:
            got = connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one()
            # The lock is the session's; ending the transaction keeps the server from waiting on it.
            connection.commit()
            if not got:
                raise _already()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})


def _already() -> AlreadyRunning:
    return AlreadyRunning("another run is in work on this database; wait for it to end")


@contextmanager
def _file_locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(path.name + ".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise _already() from error
    try:
        yield
    finally:
        lock.release()


def _usable(url: str) -> URL:
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        # The URL is not shown: it may hold a password.
        raise ConfigurationError(f"{_SETTING}: not a database URL", field=_SETTING) from error
    if name not in DIALECTS:
        raise ConfigurationError(f"{_SETTING}: {name[:40]} is not one of {', '.join(DIALECTS)}", field=_SETTING)
    if name == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigurationError(f"{_SETTING}: an SQLite URL must name a file", field=_SETTING)
        return parsed.set(drivername="sqlite+pysqlite")
    return parsed.set(drivername="postgresql+pg8000")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        try:
            return create_engine(url, pool_pre_ping=True)
        except (ImportError, NoSuchModuleError) as error:
            raise MissingExtra("PostgreSQL databases", extra="postgres") from error
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Articles may be private: made here so that nobody else can read them, whatever the umask.
        path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Python's own transactions leave statements like CREATE TABLE out; with None, ours begin and end as we say.
    connection.isolation_level = None
    _switch_to_wal(connection)
    # In WAL mode a committed transaction survives the process at this level; only a power cut may undo the last ones,
    # whole.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(connection: Any) -> None:
    # SQLite does not wait for others when it changes the mode of a file: at once after they made it, it says "locked".
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: two that read first and write later would each wait for the other.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError) as error:
        # Without what the database says: it repeats values, which are texts.
        raise StorageError(f"the database refused a statement: {type(error).__name__}") from error
    except DBAPIError as error:
        raise StorageError(f"the database cannot be used: {error.orig}") from error
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be used: {type(error).__name__}") from error
