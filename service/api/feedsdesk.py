"""The one desk of a server, opened when it is first asked for, and the run that may be at work."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from service.api.feedsroom import offline_refusal, open_feeds
from service.errors import AlreadyRunning, MancheteError
from service.wiring import Service

if TYPE_CHECKING:
    from service.feeds.desk import FeedDesk

logger = logging.getLogger(__name__)


class ServedFeeds:
    """Feeds of a server. May be called from several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._desk: FeedDesk | None = None
        self._running = False
        self._cancelled = threading.Event()
        self._last: dict[str, Any] | None = None

    def desk(self) -> FeedDesk:
        """The desk; raises MissingExtra, ConfigurationError, StorageError."""
        with self._lock:
            if self._desk is None:
                self._desk = open_feeds(self._service.settings)
            return self._desk

    def start(self, target: str, *, force: bool) -> None:
        """Begin a run in the background; raises AlreadyRunning, and ConfigurationError in offline mode."""
        if self._service.settings.offline:
            raise offline_refusal()
        desk = self.desk()
        with self._lock:
            if self._running:
                raise AlreadyRunning("a run is in work already; ask GET /feeds/run how it fares")
            self._running = True
        # It ends with the process, wherever it is: what it has done is stored, and the next run goes on from there.
        threading.Thread(target=self._run, args=(desk, target, force), name="feeds-run", daemon=True).start()

    def status(self) -> dict[str, Any]:
        """Whether a run is in work, and what the last one of this server did."""
        with self._lock:
            return {"running": self._running, "last": self._last}

    def close(self) -> None:
        """Let a run end after its batch, and close the database."""
        self._cancelled.set()
        with self._lock:
            if self._desk is not None and not self._running:
                self._desk.close()

    def _run(self, desk: FeedDesk, target: str, force: bool) -> None:
        from service.feeds.progress import Progress, RunOptions

        last: dict[str, Any] = {"error": "the run failed; the server's log has the reason"}
        try:
            job = RunOptions(target, force=force, cancelled=self._cancelled)
            last = asdict(desk.run(self._service.pipeline, job, Progress()))
        except MancheteError as error:
            last = {"error": error.message}
        except Exception:
            logger.exception("a run of feeds failed")
        finally:
            with self._lock:
                self._running, self._last = False, last
