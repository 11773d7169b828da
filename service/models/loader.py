"""Loads a model by id: catalogue -> store -> engine. What the pool calls when somebody asks for a model first."""

from __future__ import annotations

import logging

from service.engines.base import Engine
from service.engines.loading import STUDENT, Placement, expected_bytes, load_marian_torch, load_student
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
        entry = self._catalog.get(model_id)
        if self._engine == STUDENT:
            installed = self._store.ensure(entry, report=logger.info)
            return load_student(installed.folder, model_id, entry.revision, installed.vocabulary_size)
        model, vocabulary = (self._store.checked_source(entry, file) for file in (entry.model, entry.vocabulary))
        return load_marian_torch(model, vocabulary, model_id, entry.revision, self._placement)

    def expected_bytes(self, model_id: str) -> int:
        """What the model will take in memory, from the sizes of its files; raises ModelMissing."""
        entry = self._catalog.get(model_id)
        converted = self._store.sizes(entry) if self._engine == STUDENT else None
        if converted is not None:
            return expected_bytes(STUDENT, *converted)
        model, shortlist = (self._catalog.locate(entry, file).stat().st_size for file in (entry.model, entry.shortlist))
        return expected_bytes(self._engine, model, shortlist)
