"""The composition root: makes every room from the settings and owns what must be started and stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING

from service import __version__
from service.batching import Batcher, DiskMemory, Limits, Recall, TranslationMemory
from service.detect import Detector
from service.engines import Engine
from service.engines.loading import CONVERTER_VERSION, STUDENT, Placement
from service.errors import ConfigurationError, MancheteError
from service.guards import Check, check
from service.metrics import Metrics
from service.models import Catalog, EngineLoader, ModelPool, ModelStore, Router
from service.pipeline import Pipeline, Rooms
from service.settings import Settings
from service.types import DecodeOptions, Hypothesis

if TYPE_CHECKING:
    from service.summarize import Prompt

logger = logging.getLogger(__name__)

Load = Callable[[str], Engine]
_MEBIBYTE = 2**20
_DISK_MEMORY_ROWS = 1_000_000
_REPORTED_LIBRARIES = {STUDENT: ("onnxruntime", "sentencepiece"), "transformers": ("torch", "transformers")}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that may be used, and whether it is in memory now."""

    model_id: str
    pair: str
    revision: str
    origin: str
    loaded: bool


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """What `/info` tells."""

    version: str
    engine: str
    threads: int
    models: tuple[ModelInfo, ...]
    limits: Mapping[str, float]
    prompts: tuple[Mapping[str, str], ...]
    libraries: Mapping[str, str]


@dataclass(slots=True)
class Service:
    """The wired application. `start` before serving, `close` at the end; a one-off caller needs only `close`."""

    settings: Settings
    pipeline: Pipeline
    pool: ModelPool
    batcher: Batcher
    metrics: Metrics
    catalog: Catalog
    libraries: Mapping[str, str]
    disk_memory: DiskMemory | None = None
    _preloaded: threading.Event = field(default_factory=threading.Event)
    _preload_error: str | None = None
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Check the settings that name other things, then load the preloaded models in the background.

        Raises ConfigurationError naming the setting at fault.
        """
        model_ids = self._preload_ids()
        _prompts(self.settings)
        threading.Thread(target=self._preload, args=(model_ids,), name="preload", daemon=True).start()
        if self.settings.model_idle_seconds:
            threading.Thread(target=self._evict_idle, name="evict-idle", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether requests will be answered without waiting for a model."""
        return self.not_ready_reason() is None

    def not_ready_reason(self) -> str | None:
        """Why the service is not ready, None when it is."""
        if self._preload_error is not None:
            return self._preload_error
        return None if self._preloaded.is_set() else "models are being loaded"

    def info(self) -> ServiceInfo:
        """What runs here, within which limits."""
        loaded = {model.model_id for model in self.pool.loaded()}
        models = tuple(
            ModelInfo(entry.model_id, entry.pair, entry.revision, entry.origin, entry.model_id in loaded)
            for entry in self.catalog
        )
        return ServiceInfo(
            version=__version__,
            engine=self.settings.engine,
            threads=self.settings.threads,
            models=models,
            limits=_limits(self.settings),
            prompts=tuple(_described(prompt) for prompt in _prompts(self.settings)),
            libraries=self.libraries,
        )

    def close(self) -> None:
        """Drain the queue within its time limit, say what was dropped, unload the models."""
        self._closing.set()
        dropped = self.batcher.close(self.settings.shutdown_seconds)
        if dropped.segments:
            logger.warning("shutdown dropped %d segments of %d requests", dropped.segments, dropped.requests)
        self.pool.close()
        self.save()

    def save(self) -> None:
        """Close what is kept on disk: all that a process has to do before it ends."""
        if self.disk_memory is not None:
            self.disk_memory.close()

    def _preload_ids(self) -> tuple[str, ...]:
        wanted = [pair.strip() for pair in self.settings.preload.split(",") if pair.strip()]
        by_pair = {entry.pair: entry.model_id for entry in self.catalog}
        unknown = [pair for pair in wanted if pair not in by_pair]
        if unknown:
            known = ", ".join(by_pair)
            raise ConfigurationError(
                f"MANCHETE_PRELOAD: no model for {unknown[0]}; there are: {known}", field="MANCHETE_PRELOAD"
            )
        return tuple(by_pair[pair] for pair in wanted)

    def _preload(self, model_ids: Sequence[str]) -> None:
        self.pipeline.load()
        try:
            for model_id in model_ids:
                with self.pool.lease(model_id) as engine:
                    engine.translate(["."])
        except MancheteError as error:
            # The server stays up: it can say what is wrong, and other models may work.
            logger.error("preloading failed: %s", error.message)
            self._preload_error = error.message
        self._preloaded.set()

    def _evict_idle(self) -> None:
        # The pool looks for idle models whenever one is used; this is for a service that nobody uses.
        while not self._closing.wait(self.settings.model_idle_seconds / 2):
            self.pool.evict_idle()


def build(
    settings: Settings, *, load: Load | None = None, catalog: Catalog | None = None, check: Check = check
) -> Service:
    """Wire the application. `load`, `catalog` and `check` take the place of the real things in transport tests."""
    catalog = catalog or Catalog()
    metrics = Metrics()
    store = ModelStore(settings.models_dir, catalog)
    placement = Placement(settings.device, settings.dtype)
    loader = EngineLoader(catalog, store, engine=settings.engine, placement=placement)
    pool = ModelPool(
        load or loader,
        budget_bytes=settings.memory_mb * _MEBIBYTE,
        idle_seconds=settings.model_idle_seconds,
        expected_bytes=None if load else loader.expected_bytes,
    )
    libraries = _versions(settings.engine)
    disk_memory = _disk_memory(settings)

    def run(model_id: str, texts: Sequence[str], options: DecodeOptions) -> list[Hypothesis]:
        with pool.lease(model_id) as engine:
            return engine.translate(texts, options)

    versions = "+".join(f"{name}-{version}" for name, version in libraries.items())

    def signature_of(model_id: str) -> str | None:
        entry = catalog.get(model_id)
        return f"{model_id}@{entry.revision}/{settings.engine}/{settings.dtype}/{CONVERTER_VERSION}/{versions}"

    recall = None
    if settings.translation_memory_mb:
        memory = TranslationMemory(settings.translation_memory_mb * _MEBIBYTE, disk_memory)
        recall = Recall(memory, signature_of)
    batcher = Batcher(run, _batch_limits(settings), metrics, recall)
    rooms = Rooms(Detector(), Router(catalog), pool, batcher, settings.char_limit, libraries, check, metrics)
    metrics.watch(batcher.load, pool.loaded)
    return Service(settings, Pipeline(rooms), pool, batcher, metrics, catalog, libraries, disk_memory)


def prepare_models(settings: Settings, *, force: bool, report: Callable[[str], None]) -> None:
    """Convert the embedded models into the store now; raises ModelError, ConfigurationError."""
    catalog = Catalog()
    store = ModelStore(settings.models_dir, catalog)
    for entry in catalog:
        store.ensure(entry, force=force, report=report)


def _batch_limits(settings: Settings) -> Limits:
    return Limits(
        workers=settings.threads,
        max_batch_tokens=settings.max_batch_tokens,
        max_batch_rows=settings.max_batch_rows,
        max_queue_tokens=settings.max_queue_tokens,
        max_concurrent_requests=settings.max_concurrent_requests,
    )


def _disk_memory(settings: Settings) -> DiskMemory | None:
    if settings.translation_memory_file is None:
        return None
    return DiskMemory(settings.translation_memory_file, _DISK_MEMORY_ROWS)


def _limits(settings: Settings) -> dict[str, float]:
    names = (
        "char_limit",
        "payload_limit_bytes",
        "max_client_batch_size",
        "request_timeout_seconds",
        "max_concurrent_requests",
        "max_queue_tokens",
        "max_batch_tokens",
        "max_batch_rows",
    )
    return {name: getattr(settings, name) for name in names}


def _prompts(settings: Settings) -> tuple[Prompt, ...]:
    # Imported here: only a server tells about prompts, and this brings the whole summarizer along.
    from service.summarize import default_prompts_dir, load_prompts

    return load_prompts(settings.prompts_dir or default_prompts_dir())


def _described(prompt: Prompt) -> dict[str, str]:
    return {
        "style": prompt.style,
        "language": prompt.language,
        "version": str(prompt.version),
        "sha256": prompt.sha256,
    }


def _versions(engine: str) -> dict[str, str]:
    versions = {}
    for library in _REPORTED_LIBRARIES[engine]:
        with suppress(metadata.PackageNotFoundError):
            versions[library] = metadata.version(library)
    return versions
