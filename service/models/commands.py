"""What `manchete models ...` does. Each function tells `report` in lines and returns how many things failed.

Errors that end a command are raised as the rooms raise them; the command line turns them into exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.engines.loading import Placement
from service.errors import ModelCorrupt, ModelMissing
from service.models.catalog import Catalog, is_embedded
from service.models.entry import base_id
from service.models.files import writing
from service.models.inventory import ModelSummary, installed_catalog, inventory
from service.models.loader import EngineLoader
from service.models.route import Router
from service.models.sources import Listener, Report, Sources
from service.models.speed import keep_speed, measure
from service.models.store import ModelStore

_SHOWN_PAIRS = 6


def list_models(store: ModelStore, report: Report) -> int:
    """The installed models, one a line: id, pairs, engine, size, and the speed of those that were measured."""
    for summary in _summaries(store):
        columns = (summary.model, _short(summary.pairs), summary.engine, _megabytes(summary.bytes))
        speed = _speed(summary.tokens_per_second)
        report("  ".join((*columns, *([speed] if speed else []))) + (" (default)" if summary.default_for else ""))
    return 0


def list_available(sources: Sources, source: str, report: Report) -> int:
    """What a source (`firefox`, `opus`) offers, one a line; raises as `pull_model`."""
    from service.models.pull import available

    for model_id, pair, size in available(sources, source, report):
        report(f"{model_id}  {pair}" + (f"  {_megabytes(size)}" if size else ""))
    return 0


def pull_model(store: ModelStore, sources: Sources, what: str, source: str, listener: Listener) -> int:
    """Install the model of a pair or of an id from `firefox`, `opus` or a folder's path.

    Raises InvalidInput, ModelMissing, ModelCorrupt, ConfigurationError; see `service.models.pull.pull`.
    """
    # Imported here: it brings the HTTP client along, which no other command needs.
    from service.models.pull import pull

    pull(store, sources, what, source, listener)
    return 0


def model_info(store: ModelStore, model_id: str, report: Report) -> int:
    """All that is known of an installed model; raises ModelMissing."""
    summary = next((one for one in _summaries(store) if one.model == model_id), None)
    if summary is None:
        raise _not_installed(store, model_id)
    report(f"model: {summary.model}")
    report(f"pairs: {', '.join(summary.pairs)}")
    report(f"default for: {', '.join(summary.default_for) or 'none'}")
    for name in ("engine", "revision", "licence", "origin", "bytes"):
        report(f"{name}: {getattr(summary, name)}")
    report(f"score: {'none published' if summary.score is None else f'{summary.score:.1f} BLEU on FLORES'}")
    report(f"speed: {_speed(summary.tokens_per_second) or 'not measured'}")
    manifest = store.manifest(model_id)
    for name, file in sorted(manifest.files.items()) if manifest else ():
        report(f"file: {name}  {file.bytes}  sha256 {file.sha256}")
    return 0


def verify_models(store: ModelStore, model_ids: Sequence[str], report: Report) -> int:
    """Check every file of the models, of all of them where none is named; returns how many are damaged.

    Raises ModelMissing for one that is not installed.
    """
    catalog = installed_catalog(store, Catalog())
    known = [entry.model_id for entry in catalog]
    for model_id in model_ids:
        if model_id not in known:
            raise _not_installed(store, model_id)
    damaged = 0
    for model_id in model_ids or known:
        manifest = store.manifest(model_id)
        if manifest is None:
            report(f"{model_id}: not converted yet; 'manchete models prepare' does it")
            continue
        try:
            store.check_files(manifest)
        except ModelCorrupt as error:
            damaged += 1
            report(error.message)
        else:
            report(f"{model_id}: all files are whole")
    return damaged


def measure_models(
    store: ModelStore, model_ids: Sequence[str], engine: str, placement: Placement, report: Report
) -> int:
    """Measure the speed of models, of all of them where none is named, and keep it in the store.

    `engine` and `placement` say what runs the students, as `EngineLoader` has it.

    Raises ModelMissing for one that is not installed, ModelCorrupt for one that cannot be loaded, ConfigurationError
    when the store cannot be written.
    """
    catalog = installed_catalog(store, Catalog())
    known = [entry.model_id for entry in catalog]
    for model_id in model_ids:
        if model_id not in known:
            raise _not_installed(store, model_id)
    load = EngineLoader(catalog, store, engine=engine, placement=placement)
    for entry in catalog:
        if model_ids and entry.model_id not in model_ids:
            continue
        loaded = load(entry.narrowed(entry.sources[0], entry.targets[0]).model_id)
        try:
            speed = measure(loaded)
        finally:
            loaded.close()
        with store.lock(entry.model_id), writing(store.root):
            keep_speed(store.folder(entry), entry, speed)
        report(f"{entry.model_id}: {_speed(speed)} on one thread")
    return 0


def remove_models(store: ModelStore, model_ids: Sequence[str], report: Report) -> int:
    """Delete models from the store; raises ModelMissing for the first that is not there, ConfigurationError."""
    for model_id in model_ids:
        freed = store.remove(model_id)
        again = "; it arrived with the installation and is converted again when it is used"
        report(f"{model_id}: removed, {_megabytes(freed)} freed{again if is_embedded(model_id) else ''}")
    return 0


def prune_store(store: ModelStore, report: Report) -> int:
    """Delete what no engine can load; raises ConfigurationError where the store cannot be written."""
    freed = store.prune()
    for name, size in freed.items():
        report(f"{name}: removed, {_megabytes(size)} freed")
    if not freed:
        report("nothing to remove")
    return 0


def _summaries(store: ModelStore) -> tuple[ModelSummary, ...]:
    embedded = Catalog()
    catalog = installed_catalog(store, embedded)
    return inventory(catalog, store, Router(catalog), ())


def _not_installed(store: ModelStore, model_id: str) -> ModelMissing:
    known = ", ".join(entry.model_id for entry in installed_catalog(store, Catalog()))
    return ModelMissing(f"{base_id(model_id)} is not installed; there are: {known}", model_id=model_id)


def _short(pairs: Sequence[str]) -> str:
    rest = len(pairs) - _SHOWN_PAIRS
    return ",".join(pairs[:_SHOWN_PAIRS]) + (f" and {rest} more" if rest > 0 else "")


def _speed(tokens_per_second: float | None) -> str:
    return "" if tokens_per_second is None else f"{tokens_per_second:.0f} tokens/s"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
