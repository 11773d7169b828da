"""Loads a model by id: catalogue -> store -> engine. What the pool calls when somebody asks for a model first."""

from __future__ import annotations

import logging

from service.engines.base import Engine
from service.engines.loading import (
    SHORTLIST_FILE,
    STUDENT,
    WEIGHTS_FILE,
    Direction,
    Placement,
    expected_bytes,
    load_ctranslate2,
    load_marian_torch,
    load_seq2seq,
    load_student,
)
from service.models.catalog import Catalog
from service.models.language_codes import own_codes
from service.models.manifest import Manifest
from service.models.store import InstalledModel, ModelStore

logger = logging.getLogger(__name__)


class EngineLoader:
    """Loads each model with the engine of its kind.

    `engine` says what runs the students: `student` (int8, ONNX Runtime) or `transformers` (float, PyTorch). So many
    threads as `parallel_calls` may use one model without waiting for each other.
    """

    def __init__(
        self, catalog: Catalog, store: ModelStore, *, engine: str, placement: Placement, parallel_calls: int = 1
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._engine = engine
        self._placement = placement
        self._parallel_calls = parallel_calls

    def __call__(self, model_id: str) -> Engine:
        """Load the model, converting it first where that was not done yet; raises ModelError, ConfigurationError."""
        entry = self._catalog.get(model_id)
        if entry.kind == "student" and self._engine != STUDENT:
            return load_marian_torch(self._store.student_files(entry), model_id, entry.revision, self._placement)
        installed = self._store.ensure(entry, report=logger.info)
        if entry.kind == "student":
            return load_student(installed.folder, model_id, entry.revision, installed.vocabulary_size)
        return self._load_other(model_id, installed)

    def _load_other(self, model_id: str, installed: InstalledModel) -> Engine:
        """Load a model that is no student; the one place that knows how its engine is called."""
        entry, folder = installed.entry, installed.folder
        if entry.kind == "ctranslate2":
            return load_ctranslate2(
                folder,
                model_id,
                entry.revision,
                target_token=entry.target_token,
                parallel_calls=self._parallel_calls,
            )
        codes = own_codes(folder, entry.source, entry.target)
        return load_seq2seq(folder, model_id, entry.revision, self._placement, Direction(codes, entry.target_token))

    def expected_bytes(self, model_id: str) -> int:
        """What the model will take in memory, from the sizes in its manifest; raises ModelMissing.

        Of a model that arrives with pip and was not converted yet, from the sizes of its published files.
        """
        entry = self._catalog.get(model_id)
        manifest = self._store.current(entry) if entry.carried else self._store.manifest(model_id)
        if entry.kind != "student":
            return expected_bytes(entry.kind, manifest.bytes if manifest else 0, 0)
        if manifest is not None:
            model, shortlist = (_size(manifest, name) for name in (WEIGHTS_FILE, SHORTLIST_FILE))
        elif entry.carried is not None:
            files = (entry.model, entry.shortlist)
            model, shortlist = (self._catalog.locate(entry, file).stat().st_size for file in files)
        else:
            # Removed since the catalogue was read: the load will say so.
            model = shortlist = 0
        return expected_bytes(self._engine, model, shortlist)


def _size(manifest: Manifest, name: str) -> int:
    file = manifest.files.get(name)
    return 0 if file is None else file.bytes
