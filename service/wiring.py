"""The composition root: makes every room from the settings and owns what must be started and stopped."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from service import __version__
from service.batching import Batcher, Limits, Observer, Recall, TranslationMemory
from service.detect import Detector
from service.engines import Engine
from service.engines.loading import CTRANSLATE2, Placement, ctranslate2_dtype
from service.errors import ConfigurationError, MancheteError
from service.guards import Check, Watch, check
from service.models import Catalog, EngineLoader, ModelEntry, ModelPool, ModelStore, Router, keep_freed_memory
from service.models.conversion import converter_version
from service.models.entry import base_id
from service.models.inventory import ModelSummary, installed_catalog, inventory
from service.models.pairs import parse_pair
from service.models.route import RoutePolicy
from service.models.upkeep import Arrivals, Upkeep
from service.pipeline import Pipeline, Rooms
from service.segment import sentences
from service.settings import Settings
from service.types import DecodeOptions, Hypothesis
from service.versions import of_engines

if TYPE_CHECKING:
    from service.batching.disk import DiskMemory
    from service.metrics import Metrics
    from service.summarize import Prompt, Writer

logger = logging.getLogger(__name__)

Load = Callable[[str], Engine]
_MEBIBYTE = 2**20
_SWITCH_SECONDS = 0.0001
_DISK_MEMORY_ROWS = 1_000_000


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that may be used, and whether it is in memory now."""

    model_id: str
    pair: str
    revision: str
    origin: str
    loaded: bool


class ServiceInfo(msgspec.Struct, frozen=True):
    """What `/info` tells."""

    version: str
    engine: str
    threads: int
    models: tuple[ModelInfo, ...]
    limits: Mapping[str, float]
    prompts: tuple[Mapping[str, str], ...]
    libraries: Mapping[str, str]


class Service(msgspec.Struct):
    """The wired application. `start` before serving, `close` at the end; a one-off caller needs only `close`."""

    settings: Settings
    pipeline: Pipeline
    pool: ModelPool
    batcher: Batcher
    metrics: Metrics | None
    catalog: Catalog
    store: ModelStore
    router: Router
    libraries: Mapping[str, str]
    upkeep: Upkeep
    disk_memory: DiskMemory | None = None
    _preloaded: threading.Event = msgspec.field(default_factory=threading.Event)
    _preload_error: str | None = None

    def start(self) -> None:
        """Check the settings that name other things, then load the preloaded models in the background.

        Raises ConfigurationError naming the setting at fault.
        """
        model_ids = self._preload_ids()
        _prompts(self.settings)
        keep_freed_memory()
        threading.Thread(target=self._preload, args=(model_ids,), name="preload", daemon=True).start()
        self.upkeep.start()

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
        loaded = {base_id(model.model_id) for model in self.pool.loaded()}
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
            prompts=tuple(prompt.description for prompt in _prompts(self.settings)),
            libraries=self.libraries,
        )

    def models(self) -> tuple[ModelSummary, ...]:
        """The installed models."""
        loaded = [model.model_id for model in self.pool.loaded()]
        return inventory(self.catalog, self.store, self.router, loaded)

    def close(self) -> None:
        """Drain the queue within its time limit, say what was dropped, unload the models."""
        self.upkeep.stop()
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
        model_ids = []
        for text in wanted:
            pair = parse_pair(text)
            serving = self.router.installed(*pair) if pair else ()
            if not serving:
                known = ", ".join(dict.fromkeys(entry.pair for entry in self.catalog))
                raise ConfigurationError(
                    f"MANCHETE_PRELOAD: no model for {text}; there are: {known}", field="MANCHETE_PRELOAD"
                )
            model_ids.append(serving[0].model_id)
        return tuple(model_ids)

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


def build(
    settings: Settings,
    *,
    load: Load | None = None,
    catalog: Catalog | None = None,
    check: Check = check,
    watched: bool = True,
) -> Service:
    """Wire the application. `load`, `catalog` and `check` take the place of the real things in transport tests.

    Not `watched`, it keeps no metrics: nobody would scrape them of a command, and their library takes time to import.
    """
    # Splitting and joining, in Python, must not hold up a worker that comes back from ONNX Runtime or an answer to
    # somebody who waits. Two workers leave 8% of two cores idle with Python's 5 ms, 5% with 1 ms, 3% with this.
    sys.setswitchinterval(_SWITCH_SECONDS)
    metrics = _metrics() if watched else None
    store = ModelStore(settings.models_dir, Catalog())
    catalog = catalog or installed_catalog(store, Catalog())
    router = Router(catalog, RoutePolicy(settings.hop_loss, settings.direct_first))
    pool = _pool(settings, catalog, store, load)
    libraries = of_engines([settings.engine, *(_engine_of(entry, settings) for entry in catalog)])
    disk_memory = _disk_memory(settings)

    def run(model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterator[dict[int, Hypothesis]]:
        with pool.lease(model_id) as engine:
            yield from engine.translate_in_parts(texts, options)

    # Only what outlives this process can be of other versions.
    versions = "" if disk_memory is None else "+".join(f"{name}-{version}" for name, version in libraries.items())

    def signature_of(model_id: str) -> str | None:
        entry = catalog.get(model_id)
        engine = _engine_of(entry, settings)
        dtype = ctranslate2_dtype() if engine == CTRANSLATE2 else settings.dtype
        return f"{model_id}@{entry.revision}/{engine}/{dtype}/{converter_version(entry)}/{versions}"

    recall = None
    if settings.translation_memory_mb:
        memory = TranslationMemory(settings.translation_memory_mb * _MEBIBYTE, disk_memory)
        recall = Recall(memory, signature_of)
    batcher = Batcher(run, _batch_limits(settings), metrics or Observer(), recall)
    writer = _writer(settings) if settings.summary_backend != "none" else None
    rooms = Rooms(Detector(), router, pool, batcher, settings.char_limit, libraries, check, metrics or Watch(), writer)
    if metrics is not None:
        metrics.watch(batcher.load, pool.loaded)
    arrivals = Arrivals(store, catalog, router, lambda entry: libraries.include([_engine_of(entry, settings)]))
    upkeep = Upkeep(pool, arrivals, settings.model_idle_seconds)
    pipeline = Pipeline(rooms)
    return Service(settings, pipeline, pool, batcher, metrics, catalog, store, router, libraries, upkeep, disk_memory)


def _pool(settings: Settings, catalog: Catalog, store: ModelStore, load: Load | None) -> ModelPool:
    placement = Placement(settings.device, settings.dtype)
    loader = EngineLoader(catalog, store, engine=settings.engine, placement=placement, parallel_calls=settings.threads)
    return ModelPool(
        load or loader,
        budget_bytes=settings.memory_mb * _MEBIBYTE,
        idle_seconds=settings.model_idle_seconds,
        expected_bytes=None if load else loader.expected_bytes,
    )


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
    from service.batching.disk import DiskMemory

    return DiskMemory(settings.translation_memory_file, _DISK_MEMORY_ROWS)


def _metrics() -> Metrics:
    from service.metrics import Metrics

    return Metrics()


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


def _writer(settings: Settings) -> Writer:
    from service.generators import Options, open_generator
    from service.summarize import Writer

    return Writer(open_generator(Options.of(settings)), _prompts(settings), sentences)


def _engine_of(entry: ModelEntry, settings: Settings) -> str:
    """What runs a model: of the students, what the settings say."""
    return settings.engine if entry.kind == "student" else entry.kind
