"""What a service that runs for long sees to beside its requests: models that were pulled meanwhile, and idle ones."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from service.errors import MancheteError
from service.models.catalog import Catalog
from service.models.entry import ModelEntry
from service.models.inventory import installed_catalog
from service.models.pool import ModelPool
from service.models.route import Router
from service.models.store import ModelStore

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 2.0


class Arrivals:
    """Takes up models that another process pulls into the store, so that nobody has to start the service again.

    A model that the catalogue has already stays as it is: what was translated with it is remembered under its revision.
    """

    def __init__(self, store: ModelStore, catalog: Catalog, router: Router, told: Callable[[ModelEntry], None]) -> None:
        self._store = store
        self._catalog = catalog
        self._router = router
        self._told = told
        self._seen: tuple[Path, ...] | None = None

    def look(self) -> tuple[ModelEntry, ...]:
        """The models that were not there at the last look; from now on they are used like the others."""
        folders = self._store.folders()
        if folders == self._seen:
            return ()
        self._seen = folders
        new = tuple(
            entry for entry in installed_catalog(self._store, Catalog(())) if entry.model_id not in self._catalog
        )
        if new:
            for entry in new:
                self._told(entry)
            self._catalog.add(new)
            self._router.learn(self._catalog)
        return new


class Upkeep:
    """A thread that looks for arrivals, and evicts idle models from a pool that nobody uses."""

    def __init__(self, pool: ModelPool, arrivals: Arrivals, idle_seconds: float) -> None:
        self._pool = pool
        self._arrivals = arrivals
        self._evicts = idle_seconds > 0
        self._pause = min(_PAUSE_SECONDS, idle_seconds / 2) if self._evicts else _PAUSE_SECONDS
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin; it ends with the process or with `stop`."""
        threading.Thread(target=self._run, name="upkeep", daemon=True).start()

    def stop(self) -> None:
        """Do nothing more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            try:
                for entry in self._arrivals.look():
                    logger.info("%s was pulled and is used from now on (%s)", entry.model_id, entry.pair)
            except (OSError, MancheteError) as error:
                # A store that cannot be read now serves what is loaded; the next look may do better.
                logger.warning("the model store cannot be read: %s", error)
            # The pool looks for idle models whenever one is used; this is for a service that nobody uses.
            if self._evicts:
                self._pool.evict_idle()
