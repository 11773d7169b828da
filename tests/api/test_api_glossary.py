"""`glossary` of `/translate` and `/digest`: what it does, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api import create_app
from service.settings import Settings
from service.wiring import build

TEXT = "O presidente visitou o Planalto na manhã de ontem."
GLOSSARY = {"presidente": "head of state", "Planalto": "Planalto"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the service on real weights."""
    service = build(Settings(home=tmp_path_factory.mktemp("home"), preload=""))
    with TestClient(create_app(service)) as client:
        yield client


def translated(client: TestClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/translate", json={"q": TEXT, "source": "pt", "target": "en"} | fields)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_every_text_of_a_list_keeps_to_it(real: TestClient) -> None:
    texts = [TEXT, "Ontem choveu.", "Presidente e ministros chegaram."]
    outputs = translated(real, q=texts, glossary=GLOSSARY)["translatedText"]
    assert "head of state" in outputs[0]
    assert "Planalto" in outputs[0]
    assert outputs[1] == translated(real, q="Ontem choveu.")["translatedText"]
    assert outputs[2].startswith("Head of state")


def test_requests_with_and_without_do_not_mix(real: TestClient) -> None:
    plain = translated(real)["translatedText"]
    other = translated(real, glossary={"presidente": "chairman"})["translatedText"]
    assert "chairman" in other
    assert "head of state" in translated(real, glossary=GLOSSARY)["translatedText"]
    assert translated(real)["translatedText"] == translated(real, glossary={})["translatedText"] == plain


def test_a_digest_says_that_there_was_one(real: TestClient) -> None:
    body = {"text": TEXT, "source": "pt", "target": "en", "title": "Presidente no Planalto"}
    plain = real.post("/digest", json=body).json()
    with_terms = real.post("/digest", json=body | {"glossary": GLOSSARY}).json()
    assert plain["signature"]["glossary"] is None
    assert with_terms["signature"]["glossary"].startswith("2 terms/")
    assert "head of state" in with_terms["translation"]["text"]
    assert "Head of state" in with_terms["title"]


@pytest.mark.parametrize("path", ["/translate", "/digest"])
@pytest.mark.parametrize(
    ("glossary", "status", "error"),
    [
        ("x", 400, "glossary: must be an object"),
        (["a"], 400, "glossary: must be an object"),
        ({"a": 1}, 400, "glossary.a: must be a string"),
        ({"a": None}, 400, "glossary.a: must be a string"),
        ({"": "x"}, 400, "glossary.: the term must not be empty"),
        ({"a": " "}, 400, "glossary.a: its rendering must not be empty"),
        ({"a": "x\ny"}, 400, "glossary.a: its rendering must be one line without control characters"),
        ({"a\0": "x"}, 400, "glossary.a : the term must be one line without control characters"),
        ({"a": "x" * 201}, 413, "glossary.a: 201 characters of its rendering are over the limit of 200"),
        ({"a" * 201: "x"}, 413, f"glossary.{'a' * 40}: 201 characters of the term are over the limit of 200"),
        ({str(n): "x" for n in range(1001)}, 413, "glossary: 1001 terms are over the limit of 1000"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, path: str, glossary: Any, status: int, error: str) -> None:
    body = {"q" if path == "/translate" else "text": TEXT, "source": "pt", "target": "en", "glossary": glossary}
    response = client.post(path, json=body)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_a_term_that_is_lost_is_a_warning_with_its_place(make_client: Any) -> None:
    from service.engines.echo import EchoEngine
    from service.types import GREEDY, DecodeOptions, Hypothesis

    class Mute(EchoEngine):
        def translate(self, texts: Any, options: DecodeOptions = GREEDY) -> list[Hypothesis]:
            return super().translate(["Nothing to see here." for _ in texts], options)

    client = make_client(load=Mute)
    (warning,) = translated(client, glossary={"presidente": "head of state"})["warnings"]
    assert (warning["code"], TEXT[warning["start"] : warning["end"]]) == ("glossary-lost", "presidente")
