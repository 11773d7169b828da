"""`POST /translate`, `/detect`, `GET /languages` as LibreTranslate's clients use them."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

PT = "Esta é uma frase escrita em português, para que se possa reconhecer a língua sem dúvida."
EN = "This is a sentence that was written in English, so that its language can be told for sure."


def post(client: TestClient, **kwargs: Any) -> Any:
    response = client.post("/translate", **kwargs)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_json_text_gives_a_text_and_nothing_else(client: TestClient) -> None:
    assert post(client, json={"q": PT, "source": "pt", "target": "en"}) == {"translatedText": PT}


def test_a_list_gives_a_list_in_order(client: TestClient) -> None:
    texts = [f"{PT} {number}" for number in range(40)]
    assert post(client, json={"q": texts, "source": "pt", "target": "en"}) == {"translatedText": texts}


def test_a_list_of_one_is_a_list(client: TestClient) -> None:
    assert post(client, json={"q": [PT], "source": "pt", "target": "en"}) == {"translatedText": [PT]}


@pytest.mark.parametrize("source", ["auto", None, "missing"])
def test_a_detected_language_is_reported_in_percent(client: TestClient, source: str | None) -> None:
    body = {"q": PT, "target": "en"} | ({} if source == "missing" else {"source": source})
    answer = post(client, json=body)
    assert answer["detectedLanguage"]["language"] == "pt"
    assert 50 < answer["detectedLanguage"]["confidence"] <= 100


def test_each_text_of_a_list_is_detected_for_itself(client: TestClient) -> None:
    answer = post(client, json={"q": [PT, EN, ""], "source": "auto", "target": "en"})
    assert [each["language"] for each in answer["detectedLanguage"]] == ["pt", "en", "und"]
    assert answer["translatedText"] == [PT, EN, ""]


def test_an_urlencoded_form_with_one_text(client: TestClient) -> None:
    assert post(client, data={"q": PT, "source": "pt", "target": "en"}) == {"translatedText": PT}


def test_a_repeated_q_in_a_form_is_a_list(client: TestClient) -> None:
    assert post(client, data={"q": [PT, EN], "source": "pt", "target": "en"}) == {"translatedText": [PT, EN]}


def test_a_multipart_form(client: TestClient) -> None:
    parts = [("q", (None, PT)), ("q", (None, EN)), ("source", (None, "pt")), ("target", (None, "en"))]
    assert post(client, files=parts) == {"translatedText": [PT, EN]}


def test_a_long_text_in_a_multipart_form(client: TestClient) -> None:
    # Starlette's own limit for a part is 1 MiB, less than the character limit allows in bytes.
    text = ("ação " * 30_000).strip()
    parts = [("q", (None, text)), ("source", (None, "pt")), ("target", (None, "en"))]
    assert post(client, files=parts)["translatedText"] == text


def test_a_thousand_texts_in_a_form(client: TestClient) -> None:
    texts = [f"frase {number}" for number in range(1024)]
    assert post(client, data={"q": texts, "source": "pt", "target": "en"}) == {"translatedText": texts}


def test_query_parameters_on_post(client: TestClient) -> None:
    assert post(client, params={"q": PT, "source": "pt", "target": "en"}) == {"translatedText": PT}


def test_the_body_wins_over_the_query(client: TestClient) -> None:
    answer = post(client, params={"q": "outra", "target": "zz", "source": "pt"}, json={"q": PT, "target": "en"})
    assert answer == {"translatedText": PT}


def test_mastodon_s_null_key(client: TestClient) -> None:
    body = {"q": PT, "source": "pt", "target": "en", "format": "text", "api_key": None}
    assert post(client, json=body) == {"translatedText": PT}


def test_fields_libretranslate_does_not_know_are_ignored(client: TestClient) -> None:
    assert post(client, json={"q": PT, "source": "pt", "target": "en", "secret": "x"}) == {"translatedText": PT}


def test_alternatives_come_only_when_asked(client: TestClient) -> None:
    wanted = {"q": PT, "source": "pt", "target": "en"}
    assert "alternatives" not in post(client, json=wanted | {"alternatives": 0})
    assert isinstance(post(client, json=wanted | {"alternatives": 2})["alternatives"], list)
    assert isinstance(post(client, data=wanted | {"alternatives": "2"})["alternatives"], list)
    nested = post(client, json=wanted | {"q": [PT, EN], "alternatives": 1})["alternatives"]
    assert len(nested) == 2
    assert all(isinstance(each, list) for each in nested)


def test_the_same_language_comes_back_unchanged(client: TestClient) -> None:
    text = "  Linha um\r\n\r\n\tlinha dois  \n"
    assert post(client, json={"q": text, "source": "pt", "target": "pt"}) == {"translatedText": text}


def test_layout_survives(client: TestClient) -> None:
    text = "\r\n• Um ponto.\r\n\r\n   Outro ponto.   \r\n"
    assert post(client, json={"q": text, "source": "pt", "target": "en"})["translatedText"] == text


def test_a_white_text_comes_back_as_it_is(client: TestClient) -> None:
    assert post(client, json={"q": " \n", "source": "pt", "target": "en"})["translatedText"] == " \n"


@pytest.mark.parametrize("code", ["PT", "por", "pt-BR", "pt_BR", "pb"])
def test_aliases_of_a_code(client: TestClient, code: str) -> None:
    assert post(client, json={"q": PT, "source": code, "target": "en"})["translatedText"] == PT


def test_a_warning_is_added_and_only_then(client: TestClient) -> None:
    answer = post(client, json={"q": "palavra " * 400 + "fim.", "source": "pt", "target": "en"})
    assert [set(warning) for warning in answer["warnings"]] == [{"code", "message", "start", "end"}]
    assert answer["warnings"][0]["code"] == "sentence-split"


def test_warnings_of_a_list_stay_with_their_text(client: TestClient) -> None:
    answer = post(client, json={"q": [PT, "palavra " * 400 + "fim."], "source": "pt", "target": "en"})
    assert [len(warnings) for warnings in answer["warnings"]] == [0, 1]


def test_one_bad_text_in_a_list_is_named(client: TestClient) -> None:
    response = client.post("/translate", json={"q": [PT, EN, PT, "ᚠᚢᚦᚨᚱᚲ ᚺᚨᛁᛏᛖ"], "target": "en"})
    assert response.status_code == 400
    assert response.json()["error"].startswith("q[3]: ")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"target": "en"}, "Invalid request: missing q parameter"),
        ({"q": None, "target": "en"}, "Invalid request: missing q parameter"),
        ({"q": PT}, "Invalid request: missing target parameter"),
        ({"q": PT, "target": ""}, "Invalid request: missing target parameter"),
        ({"q": "", "target": "en"}, "q: must not be empty"),
        ({"q": PT, "target": "en", "format": "html"}, "format: html is not supported yet, send text"),
    ],
)
def test_sentences_that_clients_match(client: TestClient, body: dict[str, Any], sentence: str) -> None:
    response = client.post("/translate", json=body)
    assert (response.status_code, response.json()) == (400, {"error": sentence})


def test_an_unknown_code_is_not_supported(client: TestClient) -> None:
    for field in ("source", "target"):
        response = client.post("/translate", json={"q": PT, "source": "pt", "target": "en"} | {field: "zz"})
        assert response.status_code == 400
        assert "zz is not supported" in response.json()["error"]
        assert response.json()["error"].startswith(field)


def test_get_is_not_allowed(client: TestClient) -> None:
    response = client.get("/translate", params={"q": PT, "target": "en"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert set(response.json()) == {"error"}


def test_detect_ranks_candidates(client: TestClient) -> None:
    answer = client.post("/detect", data={"q": PT}).json()
    assert answer[0]["language"] == "pt"
    assert set(answer[0]) == {"language", "confidence"}
    confidences = [each["confidence"] for each in answer]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 100 for confidence in confidences)


def test_detect_abstains_where_there_is_no_evidence(client: TestClient) -> None:
    assert client.post("/detect", json={"q": "123 456"}).json() == [{"confidence": 0.0, "language": "und"}]


def test_languages_carry_their_targets(client: TestClient) -> None:
    answer = client.request("GET", "/languages", content=b'{"api_key": null}')
    entries = {entry["code"]: entry for entry in answer.json()}
    assert entries["pt"]["name"] == "Portuguese"
    assert {"en", "pt"} <= set(entries["pt"]["targets"])


def test_frontend_settings(client: TestClient) -> None:
    answer = client.get("/frontend/settings").json()
    assert answer["charLimit"] == 200_000
    assert answer["keyRequired"] is False
    assert answer["language"]["source"] == {"code": "auto", "name": "Auto Detect"}
    assert answer["language"]["target"] == {"code": "en", "name": "English"}
    assert answer["supportedFilesFormat"] == []
