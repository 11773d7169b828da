"""`POST /summarize` and `POST /digest`: their shape, and offsets that point where they say."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.render import render_digest
from service.types import DigestRequest, RequestContext

# An emoji before the sentences: offsets count code points, not UTF-16 units or bytes.
ARTICLE = (
    "🚢 O barco-biblioteca do rio Verde voltou a navegar na segunda-feira, depois de dois anos parado.\r\n\r\n"
    "A reparação custou 85 mil euros e foi paga pela câmara municipal e por uma campanha dos leitores. "
    "O barco leva quatro mil livros e vai visitar dezoito aldeias, algumas sem estrada nem escola.\n\n"
    "A bibliotecária Teresa Amaro dirige o projeto desde o início. As obras de um segundo barco começam na primavera."
)


def post(client: TestClient, path: str, **body: Any) -> Any:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_summary_s_sentences_stand_where_it_says(client: TestClient) -> None:
    answer = post(client, "/summarize", text=ARTICLE, sentences=2)
    assert set(answer) == {"summary", "detected", "signature", "timings"}
    summary = answer["summary"]
    assert set(summary) == {"text", "sentences", "method", "style", "fallback_reason", "warnings"}
    assert 1 <= len(summary["sentences"]) <= 2
    for sentence in summary["sentences"]:
        assert set(sentence) == {"text", "start", "end", "sources"}
        assert sentence["sources"] == [{"start": sentence["start"], "end": sentence["end"]}]
        assert ARTICLE[sentence["start"] : sentence["end"]] == sentence["text"]
        assert sentence["text"] in summary["text"]
    assert answer["detected"]["language"] == "pt"


def test_a_digest_has_everything(client: TestClient) -> None:
    answer = post(client, "/digest", text=ARTICLE, target="en", title="Barco volta ao rio Verde")
    assert set(answer) == {"detected", "translation", "title", "summary", "signature", "timings"}
    assert set(answer["detected"]) == {"language", "confidence", "candidates", "provenance"}
    assert answer["detected"]["language"] == "pt"
    assert 0.5 < answer["detected"]["confidence"] <= 1
    assert set(answer["translation"]) == {"text", "source", "target", "route", "warnings", "quality", "segments"}
    assert answer["translation"]["route"] == ["pt-en"]
    assert answer["summary"]["of"] == "translation"
    assert answer["title"] == "Barco volta ao rio Verde"
    assert answer["signature"]["models"][0]["engine"] == "echo"
    assert answer["timings"]["total"] > 0


def test_a_digest_s_sentences_stand_in_both_texts(client: TestClient) -> None:
    answer = post(client, "/digest", text=ARTICLE, target="en")
    translated = answer["translation"]["text"]
    for sentence in answer["summary"]["sentences"]:
        assert translated[sentence["start"] : sentence["end"]] == sentence["text"]
        # The engine answers each text with itself, so both ranges hold the same words.
        source = sentence["source"]
        assert ARTICLE[source["start"] : source["end"]].strip() == sentence["text"].strip()


def test_a_given_source_is_not_detected(client: TestClient) -> None:
    detected = post(client, "/digest", text=ARTICLE, target="en", source="pt")["detected"]
    assert (detected["language"], detected["provenance"]) == ("pt", "caller")


def test_length_in_words(client: TestClient) -> None:
    few = post(client, "/summarize", text=ARTICLE, words=20)["summary"]["text"]
    many = post(client, "/summarize", text=ARTICLE, words=80)["summary"]["text"]
    assert len(few.split()) <= len(many.split())


def test_both_lengths_are_refused_by_name(client: TestClient) -> None:
    response = client.post("/summarize", json={"text": ARTICLE, "sentences": 2, "words": 30})
    assert response.json() == {"error": "sentences and words: give one of the two, not both"}


def test_forms_serve_for_curl(client: TestClient) -> None:
    answer = client.post("/digest", data={"text": ARTICLE, "target": "en", "sentences": "1"}).json()
    assert len(answer["summary"]["sentences"]) == 1


def test_a_blank_title_is_none(client: TestClient) -> None:
    assert post(client, "/digest", text=ARTICLE, target="en", title="  ")["title"] is None


@pytest.mark.parametrize("path", ["/summarize", "/digest", "/translate"])
def test_stage_times_are_in_the_headers_in_milliseconds(client: TestClient, path: str) -> None:
    field = "q" if path == "/translate" else "text"
    body = {field: ARTICLE, "source": "pt"} | ({} if path == "/summarize" else {"target": "en"})
    headers = client.post(path, json=body).headers
    total = float(headers["x-total-time"])
    assert 0 <= float(headers["x-queue-time"]) <= total
    assert 0 <= float(headers["x-inference-time"]) <= total


def test_http_and_the_command_line_render_alike(client: TestClient) -> None:
    over_http = post(client, "/digest", text=ARTICLE, target="en")
    pipeline = client.app.state.executor.service.pipeline  # type: ignore[attr-defined]
    direct: Any = render_digest(pipeline.digest(DigestRequest(ARTICLE, "en"), RequestContext("test")))
    for answer in (over_http, direct):
        del answer["timings"]
    assert over_http == direct
