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


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ARTICLE, "words": 30, "ratio": 0.2}, "words and ratio: give one of the two, not both"),
        (
            {"text": ARTICLE, "sentences": 2, "words": 30, "ratio": 0.2},
            "sentences and words and ratio: give one of the three",
        ),
        ({"text": ARTICLE, "ratio": 0}, "ratio: must be at least 0.01"),
        ({"text": ARTICLE, "ratio": 1.5}, "ratio: must be at most 1.0"),
        ({"text": ARTICLE, "ratio": "a lot"}, "ratio: must be a number"),
        ({"text": ARTICLE, "texts": [ARTICLE]}, "text and texts: give one of the two, not both"),
        ({"texts": []}, "texts: must not be an empty list"),
        ({"texts": ["a"] * 51}, "texts: must not have more than 50 texts"),
        ({"texts": [ARTICLE, " "]}, "texts[1]: must not be empty"),
        ({"texts": [ARTICLE, 3]}, "texts[1]: must be a string"),
        ({"texts": "a"}, "texts: must be a list"),
        ({}, "Invalid request: missing text parameter"),
        (
            {"texts": [ARTICLE, "The council of Alder Bay voted on Monday to close the last coal plant of the city."]},
            "texts[1]: is in English, texts[0] is in Portuguese; give texts of one language",
        ),
    ],
)
def test_what_is_wrong_with_a_summary_request_is_named(client: TestClient, body: dict[str, Any], error: str) -> None:
    response = client.post("/summarize", json=body)
    assert response.status_code == 400
    assert response.json() == {"error": error}


def test_length_as_a_share(client: TestClient) -> None:
    half = post(client, "/summarize", text=ARTICLE, ratio=0.5)["summary"]["text"]
    digest = post(client, "/digest", text=ARTICLE, target="en", ratio=0.5)["summary"]["text"]
    form = client.post("/summarize", data={"text": ARTICLE, "ratio": "0.5"}).json()["summary"]["text"]
    assert half == digest == form
    assert 0.3 * len(ARTICLE.split()) <= len(half.split()) <= 0.5 * len(ARTICLE.split())


def test_several_texts_give_one_summary_with_sources(client: TestClient) -> None:
    other = (
        "O barco-biblioteca do rio Verde voltou a navegar na segunda-feira, após dois anos parado.\n\n"
        "Mais de trezentas pessoas esperavam no cais de Santa Marta, segundo a câmara municipal."
    )
    answer = post(client, "/summarize", texts=[ARTICLE, other], sentences=6)
    assert set(answer) == {"summary", "detected", "signature", "timings"}
    assert answer["detected"]["language"] == "pt"
    texts = (ARTICLE, other)
    for sentence in answer["summary"]["sentences"]:
        assert set(sentence) == {"text", "sources"}
        first = sentence["sources"][0]
        assert texts[first["text"]][first["start"] : first["end"]] == sentence["text"]
    assert answer["summary"]["text"].count("voltou a navegar") == 1
    assert "trezentas pessoas" in answer["summary"]["text"]
    lead = answer["summary"]["sentences"][0]["sources"]
    assert [one["text"] for one in lead] == [0, 1]


def test_texts_have_no_more_characters_than_a_text_may_have(make_client: Any) -> None:
    response = make_client(char_limit=len(ARTICLE) + 10).post("/summarize", json={"texts": [ARTICLE, ARTICLE]})
    assert response.status_code == 413
    assert response.json()["error"].startswith(f"texts: {2 * len(ARTICLE)} characters are over the limit of")


def test_texts_in_a_named_language_are_not_detected(client: TestClient) -> None:
    detected = post(client, "/summarize", texts=[ARTICLE, "Breve."], source="pt")["detected"]
    assert (detected["language"], detected["provenance"]) == ("pt", "caller")
