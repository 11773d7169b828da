"""What is installed, told to people and programs; never where it lies."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from service.errors import ModelMissing
from service.models.catalog import Catalog
from service.models.entry import ModelEntry, base_id
from service.models.route import Router
from service.models.speed import read_speed
from service.models.store import ModelStore


class ModelSummary(msgspec.Struct, frozen=True):
    """An installed model.

    `bytes` is its size on disk; `score` the BLEU on FLORES that its makers published; `tokens_per_second` how many
    source tokens it was measured to take on this machine; `default_for` has the pairs that it serves unless told else.
    """

    model: str
    pairs: tuple[str, ...]
    engine: str
    revision: str
    licence: str
    origin: str
    bytes: int
    score: float | None
    tokens_per_second: float | None
    loaded: bool
    default_for: tuple[str, ...]


def installed_catalog(store: ModelStore, embedded: Catalog) -> Catalog:
    """The models that arrive with pip and those that were pulled, with the speed of those that were measured."""
    return Catalog(
        replace(entry, speed=read_speed(store.folder(entry), entry)) for entry in (*embedded, *store.entries())
    )


def inventory(catalog: Catalog, store: ModelStore, router: Router, loaded: Iterable[str]) -> tuple[ModelSummary, ...]:
    """Every model of the catalogue; `loaded` has the ids of those in memory."""
    in_memory = set(map(base_id, loaded))
    return tuple(
        ModelSummary(
            model=entry.model_id,
            pairs=tuple(f"{source}-{target}" for source, target in _directions(entry)),
            engine=entry.kind,
            revision=entry.revision,
            licence=entry.licence,
            origin=entry.origin,
            bytes=_bytes(entry, catalog, store),
            score=entry.score,
            tokens_per_second=entry.speed,
            loaded=entry.model_id in in_memory,
            default_for=tuple(
                f"{source}-{target}"
                for source, target in _directions(entry)
                if base_id(router.installed(source, target)[0].model_id) == entry.model_id
            ),
        )
        for entry in catalog
    )


def _directions(entry: ModelEntry) -> list[tuple[str, str]]:
    return [(source, target) for source in entry.sources for target in entry.targets if source != target]


def _bytes(entry: ModelEntry, catalog: Catalog, store: ModelStore) -> int:
    manifest = store.current(entry)
    if manifest is not None:
        return manifest.bytes
    if entry.carried is None:
        return 0
    try:
        files = (entry.model, entry.vocabulary, entry.shortlist)
        return sum(catalog.locate(entry, file).stat().st_size for file in files)
    except ModelMissing:
        return 0
