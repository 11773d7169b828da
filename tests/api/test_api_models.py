"""Several models for a pair: who chooses which, and that the answer says which it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from msgspec.structs import replace

from service.api import create_app
from service.engines.echo import EchoEngine
from service.guards import unchecked
from service.models import Catalog, ModelEntry
from service.models.catalog import EMBEDDED
from service.settings import settings_from
from service.wiring import build

SMALL = replace(EMBEDDED[0], model_id="small-pt-en", parameters=16_000_000, score=40.0, revision="1")
LARGE = replace(EMBEDDED[0], model_id="large-pt-en", parameters=60_000_000, score=45.0, revision="7")
TEXT = {"q": "A ponte foi aberta.", "source": "pt", "target": "en"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application with a small and a large model for one pair."""
    home: Path = tmp_path_factory.mktemp("home")
    settings = settings_from({"home": home, "preload": "", "threads": 1})
    service = build(settings, load=EchoEngine, catalog=Catalog((LARGE, SMALL)), check=unchecked)
    with TestClient(create_app(service)) as client:
        yield client


@pytest.mark.parametrize(
    ("choice", "model"),
    [
        ({}, LARGE),
        ({"quality": "best"}, LARGE),
        ({"quality": "fast"}, SMALL),
        ({"model": "small-pt-en"}, SMALL),
        ({"model": "large-pt-en"}, LARGE),
        ({"model": "large-pt-en", "quality": "fast"}, LARGE),
    ],
)
def test_the_model_asked_for_is_used_and_named(client: TestClient, choice: dict[str, str], model: ModelEntry) -> None:
    response = client.post("/translate", json=TEXT | choice)
    assert response.status_code == 200
    assert response.headers["x-model"].startswith(f"{model.model_id}@")
    digest = client.post("/digest", json={"text": TEXT["q"], "target": "en", "source": "pt"} | choice)
    assert [one["model"] for one in digest.json()["signature"]["models"]] == [model.model_id]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"quality": "cheap"}, "quality: must be "),
        ({"model": "none"}, "model: none does not lead from pt to en; of this pair there are: "),
        ({"model": ""}, "model: must not be empty"),
        ({"model": 7}, "model: must be a string"),
    ],
)
def test_a_choice_that_cannot_be_had_is_told(client: TestClient, choice: dict[str, object], sentence: str) -> None:
    response = client.post("/translate", json=TEXT | choice)
    assert response.status_code == 400
    assert response.json()["error"].startswith(sentence)


def test_installed_models_are_told_with_their_defaults(client: TestClient) -> None:
    models = {one["model"]: one for one in client.get("/models").json()}
    assert set(models) == {"small-pt-en", "large-pt-en"}
    assert models["large-pt-en"]["default_for"] == ["pt-en"]
    assert models["small-pt-en"]["default_for"] == []
