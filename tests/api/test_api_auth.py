"""The optional API key: where it may stand, and what a missing or wrong one gives."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

KEY = "chave-ç-123"
TEXT = "A ponte nova foi aberta ontem. A obra custou doze milhões de reais."
BODIES = {
    "/translate": {"q": TEXT, "source": "pt", "target": "en"},
    "/detect": {"q": TEXT},
    "/summarize": {"text": TEXT, "source": "pt"},
    "/digest": {"text": TEXT, "source": "pt", "target": "en"},
}


@pytest.fixture(scope="module")
def locked(make_client: Any) -> TestClient:
    """A client of a server that needs a key."""
    client: TestClient = make_client(api_key=KEY)
    return client


@pytest.mark.parametrize("path", BODIES)
def test_a_missing_key_is_a_400(locked: TestClient, path: str) -> None:
    for given in ({}, {"api_key": None}, {"api_key": ""}):
        response = locked.post(path, json=BODIES[path] | given)
        assert response.status_code == 400
        assert response.json() == {"error": "Invalid request: missing api_key parameter"}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("given", [KEY + "x", KEY[:-1], "x", "chave-c-123", "🔑"])
def test_a_wrong_key_is_a_403(locked: TestClient, path: str, given: str) -> None:
    response = locked.post(path, json=BODIES[path] | {"api_key": given})
    assert (response.status_code, response.json()) == (403, {"error": "Invalid API key"})


@pytest.mark.parametrize("path", BODIES)
def test_the_key_may_stand_in_body_form_query_or_header(locked: TestClient, path: str) -> None:
    body = BODIES[path]
    answers = [
        locked.post(path, json=body | {"api_key": KEY}),
        locked.post(path, data=body | {"api_key": KEY}),
        locked.post(path, json=body, params={"api_key": KEY}),
        locked.post(path, json=body, headers={"authorization": f"Bearer {KEY}".encode()}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4


def test_the_key_is_checked_before_the_rest(locked: TestClient) -> None:
    assert locked.post("/translate", json={"q": 1, "api_key": "x"}).status_code == 403


@pytest.mark.parametrize("scheme", ["Basic", "DeepL-Auth-Key", ""])
def test_another_scheme_is_no_key(locked: TestClient, scheme: str) -> None:
    headers = {"authorization": f"{scheme} abc".strip()}
    assert locked.post("/translate", json=BODIES["/translate"], headers=headers).status_code == 400


@pytest.mark.parametrize("path", ["/", "/docs", "/languages", "/frontend/settings", "/health", "/info", "/metrics"])
def test_what_needs_no_key(locked: TestClient, path: str) -> None:
    response = locked.get(path)
    assert response.status_code == 200
    assert KEY not in response.text


def test_the_page_is_told_that_a_key_is_needed(locked: TestClient) -> None:
    assert locked.get("/frontend/settings").json()["keyRequired"] is True


def test_without_a_configured_key_any_key_passes(client: TestClient) -> None:
    assert client.post("/translate", json=BODIES["/translate"] | {"api_key": "x"}).status_code == 200
