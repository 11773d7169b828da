"""Loads a model by id: catalogue -> store -> engine. What the pool calls when somebody asks for a model first."""

from __future__ import annotations

import logging
import time

from service.engines.base import Engine
from service.engines.loading import STUDENT, Placement, load_marian_torch, load_student
from service.models.catalog import Catalog
from service.models.store import ModelStore

logger = logging.getLogger(__name__)


class EngineLoader:
    """Loads engines of one kind: `student` (int8, ONNX Runtime) or `transformers` (float, PyTorch)."""

    def __init__(self, catalog: Catalog, store: ModelStore, *, engine: str, placement: Placement) -> None:
        self._catalog = catalog
        self._store = store
        self._engine = engine
        self._placement = placement

    def __call__(self, model_id: str) -> Engine:
        """Load the model, converting it first where that was not done yet; raises ModelError, ConfigurationError."""
        started = time.perf_counter()
        engine = self._load(model_id)
        logger.info("loaded %s with %s in %.2f s", model_id, self._engine, time.perf_counter() - started)
        return engine

    def _load(self, model_id: str) -> Engine:
        entry = self._catalog.get(model_id)
        if self._engine == STUDENT:
            installed = self._store.ensure(entry, report=logger.info)
            return load_student(installed.folder, model_id, entry.revision, installed.vocabulary_size)
        model, vocabulary = (self._store.checked_source(entry, file) for file in (entry.model, entry.vocabulary))
        return load_marian_torch(model, vocabulary, model_id, entry.revision, self._placement)
