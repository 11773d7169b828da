"""Models: what exists, where it is on disk, which are in memory, and which of them connect two languages."""

from __future__ import annotations

from service.engines.loading import Placement
from service.models.catalog import Catalog, ModelEntry
from service.models.loader import EngineLoader
from service.models.pool import LoadedModel, ModelPool
from service.models.reclaim import keep_freed_memory
from service.models.route import Route, Router
from service.models.store import InstalledModel, ModelStore

__all__ = [
    "Catalog",
    "EngineLoader",
    "InstalledModel",
    "LoadedModel",
    "ModelEntry",
    "ModelPool",
    "ModelStore",
    "Placement",
    "Route",
    "Router",
    "keep_freed_memory",
]
