"""A service that runs takes up what is pulled meanwhile, keeps what it has, and evicts what nobody uses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_sources import FakeServer
from msgspec.structs import replace

from service.errors import UnsupportedPair
from service.models import Catalog, ModelStore, Router
from service.models.upkeep import Arrivals
from service.settings import Settings
from service.types import RequestContext, TranslateRequest
from service.wiring import Service, build

LIMIT_SECONDS = 30.0
SPANISH = TranslateRequest("La ponte de la ciudad.", "en", "es")


@pytest.fixture
def service(tmp_path: Path, models: ModelStore) -> Iterator[Service]:
    """A started service on the store that the test pulls into, without models of its own."""
    service = build(Settings(home=tmp_path, preload="", threads=1, model_idle_seconds=0.5))
    assert service.settings.models_dir == models.root
    service.start()
    yield service
    service.close()


def wait_for(what: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not what():
        assert time.monotonic() < limit, "it did not come"
        time.sleep(0.05)


def sources(service: Service) -> set[str]:
    return {one.code for one in service.pipeline.languages()}


def test_a_model_pulled_meanwhile_translates_and_goes_when_idle(
    service: Service, server: FakeServer, do_pull: Any, student: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(UnsupportedPair):
        service.pipeline.translate(SPANISH, RequestContext("before"))
    server.add_student("es", "en", student)
    do_pull("es-en")
    wait_for(lambda: "es" in sources(service))
    result = service.pipeline.translate(SPANISH, RequestContext("after"))
    assert result.translation.route == ("es-en",)
    assert {"firefox-base-es-en"} <= {one.model for one in service.models()}
    assert "firefox-base-es-en was pulled and is used from now on (es-en)" in caplog.messages
    wait_for(lambda: not service.pool.loaded())


def test_what_the_catalogue_has_stays_and_the_new_is_told_once(
    models: ModelStore, server: FakeServer, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    old = do_pull("es-en")
    catalog = Catalog([replace(old, revision="of the start")])
    router = Router(catalog)
    told: list[str] = []
    arrivals = Arrivals(models, catalog, router, lambda entry: told.append(entry.model_id))
    assert arrivals.look() == ()
    server.add_student("de", "en", student)
    new = do_pull("de-en")
    assert [entry.model_id for entry in arrivals.look()] == told == [new.model_id]
    assert arrivals.look() == ()
    assert catalog.get(old.model_id).revision == "of the start"
    assert router.route("de", "en").entries[0].model_id == new.model_id
    assert router.route("es", "en").entries[0].revision == "of the start"
