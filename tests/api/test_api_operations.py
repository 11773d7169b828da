"""Health, readiness, info, metrics, the documentation and the page; nothing of it needs another host."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service import __version__
from service.engines.echo import EchoEngine
from service.errors import ModelCorrupt


def test_health(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_ready_only_when_the_models_are_loaded(make_client: Any) -> None:
    gate = threading.Event()

    def load(model_id: str) -> EchoEngine:
        assert gate.wait(30)
        return EchoEngine(model_id)

    client = make_client(load=load, preload="pt-en")
    response = client.get("/ready")
    assert response.status_code == 503
    assert list(response.json()) == ["error"]
    assert int(response.headers["retry-after"]) >= 1
    assert client.get("/health").status_code == 200
    gate.set()
    assert _wait_until_ready(client).json() == {"status": "ready"}


def test_a_model_that_cannot_be_loaded_is_named(make_client: Any) -> None:
    def load(model_id: str) -> EchoEngine:
        raise ModelCorrupt(f"{model_id}: weights.bin is damaged; run `manchete models prepare`", model_id=model_id)

    client = make_client(load=load, preload="pt-en")
    deadline = time.monotonic() + 30
    while "damaged" not in client.get("/ready").text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "weights.bin" in client.get("/ready").json()["error"]
    response = client.post("/translate", json={"q": "Olá a todos.", "source": "pt", "target": "en"})
    assert response.status_code == 503
    assert "weights.bin" in response.json()["error"]
    assert "manchete models prepare" in response.json()["error"]
    assert "retry-after" in response.headers


def test_info_tells_version_models_and_limits(client: TestClient) -> None:
    info = client.get("/info").json()
    assert info["version"] == __version__
    assert {model["pair"] for model in info["models"]} >= {"pt-en", "en-pt"}
    assert info["limits"]["char_limit"] == 200_000


def test_models_tells_what_is_installed_and_no_paths(make_client: Any) -> None:
    client = make_client()
    models = {model["model"]: model for model in client.get("/models").json()}
    assert set(models) == {"firefox-tiny-pt-en", "firefox-tiny-en-pt"}
    model = models["firefox-tiny-pt-en"]
    assert (model["pairs"], model["default_for"], model["engine"]) == (["pt-en"], ["pt-en"], "student")
    assert model["bytes"] > 10**7
    assert model["loaded"] is False
    assert model["licence"]
    client.post("/translate", json={"q": "Olá a todos.", "source": "pt", "target": "en"})
    listed = client.get("/models")
    assert {one["model"] for one in listed.json() if one["loaded"]} == {"firefox-tiny-pt-en"}
    assert "/" not in "".join(str(value) for value in model.values())
    schema = client.get("/openapi.json").json()["components"]["schemas"]["ModelJson"]
    assert set(schema["required"]) == set(model)


def test_metrics_are_prometheus_s_text_format(client: TestClient) -> None:
    client.post("/translate", json={"q": "Olá a todos.", "source": "pt", "target": "en"})
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE manchete_requests_total counter" in response.text
    assert "manchete_batch_rows_bucket" in response.text


def test_every_endpoint_documents_its_errors_and_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path in ("/translate", "/detect", "/summarize", "/digest"):
        operation = document["paths"][path]["post"]
        assert {"200", "400", "403", "413", "415", "429", "500", "503", "504"} <= set(operation["responses"])
        assert "422" not in operation["responses"]
        for content in operation["requestBody"]["content"].values():
            example = content["example"]
            assert client.post(path, json=example).status_code == 200
    assert {"/health", "/ready", "/info", "/metrics", "/languages", "/frontend/settings"} <= set(document["paths"])


def test_the_document_has_no_dangling_references(client: TestClient) -> None:
    document = client.get("/openapi.json")
    names = set(document.json()["components"]["schemas"])
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', document.text)) <= names


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_names_no_other_host(client: TestClient, path: str) -> None:
    html = client.get(path).text
    # The one URL allowed is the SVG namespace, which is a name and is not fetched.
    assert not re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9.-]+\.[a-z]{2,}", html)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_s_policy_allows_its_own_code_and_no_other(client: TestClient, path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    directives = dict(each.split(" ", 1) for each in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in directives["script-src"]
    scripts = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    assert scripts
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in directives["script-src"]
    assert "http" not in policy
    # What a hash cannot allow: handlers and styles in attributes.
    assert not re.search(r"<[^>]+\s(?:on[a-z]+|style)=", response.text)


def test_the_documentation_s_assets_are_local(client: TestClient) -> None:
    html = client.get("/docs").text
    assets = re.findall(r'(?:src|href)="(docs/[^"]+)"', html)
    assert len(assets) == 2
    for asset in assets:
        assert client.get(f"/{asset}").status_code == 200


def _wait_until_ready(client: TestClient) -> Any:
    deadline = time.monotonic() + 30
    while (response := client.get("/ready")).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    return response
