"""Loads what a test has pulled, and translates with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.engines.loading import Placement
from service.models import Catalog, EngineLoader, ModelPool, ModelStore, Router
from service.models.inventory import installed_catalog


@contextmanager
def loaded(models: ModelStore) -> Iterator[tuple[ModelPool, Router]]:
    catalog = installed_catalog(models, Catalog())
    loader = EngineLoader(catalog, models, engine="student", placement=Placement())
    pool = ModelPool(loader, budget_bytes=2**30, expected_bytes=loader.expected_bytes)
    yield pool, Router(catalog)
    pool.close()


def translate(pool: ModelPool, model_id: str) -> str:
    with pool.lease(model_id) as engine:
        return engine.translate(["casa ponte rio"])[0].text
