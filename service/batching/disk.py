"""The disk tier of the translation memory: one SQLite file, bounded in rows, thrown away when it is damaged."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from service.errors import ConfigurationError
from service.types import DecodeOptions, Hypothesis

logger = logging.getLogger(__name__)

# Written to `PRAGMA user_version`; raise it whenever the table or the JSON in it changes.
SCHEMA_VERSION = 1
# Another process may hold the write lock: worth some patience at start-up, but later losing a few rows beats keeping a
# worker waiting.
OPENING_SECONDS = 5.0
BUSY_MILLISECONDS = 200
# SQLite takes at least 999 variables in a statement (sqlite.org/limits.html).
LOOKUP_ROWS = 500
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

R = TypeVar("R")


class DiskMemory:
    """Hypotheses in the SQLite file `path` (WAL), at most `max_rows`; the oldest go first. Safe to share by threads.

    Rows are found by SHA-256 of signature, options and text, so that the source texts are not on disk and a model that
    changed finds nothing. A damaged file, or one of another version, is replaced by an empty one with a warning. When
    SQLite cannot write (locked, disk full, read-only) the memory just forgets; nothing is raised after construction.
    Raises ConfigurationError when the file can be neither opened nor replaced.
    """

    def __init__(self, path: Path, max_rows: int) -> None:
        self._path = path
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None
        try:
            self._connection = self._open_or_replace()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"the translation memory {path} cannot be used: {error}") from error

    def lookup(self, signature: str, options: DecodeOptions, texts: Sequence[str]) -> list[Hypothesis | None]:
        """What is known of each text, in order; None where nothing is."""
        digests = [_digest(signature, options, text) for text in texts]
        answers: dict[bytes, str] = {}
        for start in range(0, len(digests), LOOKUP_ROWS):
            answers.update(self._attempt(_select, digests[start : start + LOOKUP_ROWS]) or {})
        return [_load(answers.get(digest)) for digest in digests]

    def remember(self, signature: str, options: DecodeOptions, entries: Iterable[tuple[str, Hypothesis]]) -> None:
        """Keep the hypothesis of each text."""
        rows = [(_digest(signature, options, text), _dump(hypothesis)) for text, hypothesis in entries]
        self._attempt(_insert, (rows, self._max_rows))

    def close(self) -> None:
        """Close the file; afterwards nothing is found or kept."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _attempt(self, action: Callable[[sqlite3.Connection, Any], R], argument: Any) -> R | None:
        with self._lock:
            if self._connection is None:
                return None
            try:
                with self._connection:
                    return action(self._connection, argument)
            except sqlite3.Error as error:
                if _is_damage(error):
                    self._start_over(error)
                else:
                    logger.warning("the translation memory on disk was not used this time: %s", error)
                return None

    def _start_over(self, error: sqlite3.Error) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            self._connection = self._replace(error)
        except (OSError, sqlite3.Error) as failure:
            logger.warning("the translation memory on disk is off: %s cannot be made anew: %s", self._path, failure)

    def _open_or_replace(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._open()
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise
            return self._replace(error)

    def _replace(self, error: sqlite3.Error) -> sqlite3.Connection:
        logger.warning("the translation memory %s is unusable (%s); it starts empty", self._path, error)
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return self._open()

    def _open(self) -> sqlite3.Connection:
        # Translations may be private: made here so that nobody else can read them, whatever the umask.
        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=OPENING_SECONDS, check_same_thread=False)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA_VERSION):
                raise _OtherVersion(f"its version is {version}, this service writes {SCHEMA_VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS hypotheses "
                    "(number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, answer TEXT NOT NULL)"
                )
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


class _OtherVersion(sqlite3.DatabaseError):
    """The file was written by another version of this module."""


def _is_damage(error: sqlite3.Error) -> bool:
    # The low byte of an extended code is the primary one (sqlite.org/rescode.html).
    return isinstance(error, _OtherVersion) or getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def _select(connection: sqlite3.Connection, digests: Sequence[bytes]) -> dict[bytes, str]:
    marks = ",".join("?" * len(digests))
    return dict(connection.execute(f"SELECT digest, answer FROM hypotheses WHERE digest IN ({marks})", digests))  # noqa: S608 -- only marks


def _insert(connection: sqlite3.Connection, rows_and_bound: tuple[list[tuple[bytes, str]], int]) -> None:
    rows, bound = rows_and_bound
    connection.executemany("INSERT OR REPLACE INTO hypotheses (digest, answer) VALUES (?, ?)", rows)
    # Numbers only grow, so this keeps at most `bound` rows without counting them.
    connection.execute("DELETE FROM hypotheses WHERE number <= (SELECT max(number) FROM hypotheses) - ?", (bound,))


def _digest(signature: str, options: DecodeOptions, text: str) -> bytes:
    # JSON keeps the parts apart and has an escape for every code point, lone surrogates included.
    identity = json.dumps([signature, options.beam, options.n_best, text])
    return hashlib.sha256(identity.encode()).digest()


def _dump(hypothesis: Hypothesis) -> str:
    return json.dumps(_fields(hypothesis), separators=(",", ":"))


def _fields(hypothesis: Hypothesis) -> list[Any]:
    return [
        hypothesis.text,
        hypothesis.score,
        hypothesis.source_tokens,
        hypothesis.target_tokens,
        hypothesis.complete,
        [_fields(other) for other in hypothesis.alternatives],
    ]


def _load(answer: str | None) -> Hypothesis | None:
    if answer is None:
        return None
    try:
        return _hypothesis(json.loads(answer))
    except (ValueError, TypeError):
        # Damage that SQLite cannot see; the next hypothesis of this text replaces the row.
        return None


def _hypothesis(fields: list[Any]) -> Hypothesis:
    text, score, source_tokens, target_tokens, complete, alternatives = fields
    others = tuple(_hypothesis(other) for other in alternatives)
    return Hypothesis(str(text), float(score), int(source_tokens), int(target_tokens), bool(complete), others)
