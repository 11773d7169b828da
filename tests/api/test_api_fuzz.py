"""Whatever is sent, the service never fails: no answer is a 5xx, every refusal has the one shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = ["q", "text", "source", "target", "format", "alternatives", "api_key", "sentences", "words", "title", "extra"]
CODES = st.sampled_from(["pt", "en", "auto", "pt-BR", "zz", "", "und", "x" * 70])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40) | CODES
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
NEARLY_GOOD = st.fixed_dictionaries(
    {"q": st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=4), "target": CODES},
    optional={"source": CODES, "alternatives": st.integers(-1, 3), "format": st.sampled_from(["text", "html"])},
)
ARTICLES = st.fixed_dictionaries(
    {"text": st.text(max_size=200), "target": CODES},
    optional={"source": CODES, "title": st.text(max_size=30), "sentences": st.integers(0, 4)},
)
CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/vnd.api+json; charset=latin-1",
        "text/plain",
        "",
    ]
)
ENDPOINTS = ["/translate", "/detect", "/summarize", "/digest"]
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(response: Any) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert list(response.json()) == ["error"]
        assert isinstance(response.json()["error"], str)


@pytest.mark.parametrize("path", ENDPOINTS)
@RELAXED
@given(body=BODIES | NEARLY_GOOD | ARTICLES)
def test_any_json_object(client: TestClient, path: str, body: dict[str, Any]) -> None:
    # Lone surrogates stay escaped, as a JavaScript client would send them.
    check(client.post(path, content=json.dumps(body), headers={"content-type": "application/json"}))


@pytest.mark.parametrize("path", ENDPOINTS)
@RELAXED
@given(body=NEARLY_GOOD | ARTICLES)
def test_any_form(client: TestClient, path: str, body: dict[str, Any]) -> None:
    check(client.post(path, data=json.loads(json.dumps(body).encode("utf-8", "replace"))))


@pytest.mark.parametrize("path", ENDPOINTS)
@RELAXED
@given(content_type=CONTENT_TYPES, raw=st.binary(max_size=200))
def test_any_bytes(client: TestClient, path: str, content_type: str, raw: bytes) -> None:
    check(client.post(path, content=raw, headers={"content-type": content_type}))


@RELAXED
@given(text=st.text(min_size=1, max_size=300))
def test_a_text_in_its_own_language_comes_back_to_the_character(client: TestClient, text: str) -> None:
    response = client.post("/translate", json={"q": text, "source": "pt", "target": "pt"})
    if "\0" in text:
        assert response.status_code == 400
    else:
        assert response.json() == {"translatedText": text}
