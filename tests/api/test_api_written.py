"""Written summaries over HTTP: method and style, sources in both texts, and errors that name the field."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "summarize"))
from hostile_servers import raw, says, serving

TEXT = (
    "The council of Alder voted 7-2 on Monday to buy the Grand Theater for $1.9 million. Construction is to begin in "
    "March and last 14 months. Councilor Bo Quist said that the roof alone could cost $600,000."
)
WRITTEN = "The council of Alder voted 7-2 to buy the Grand Theater. Construction is to begin in March."


@pytest.mark.parametrize("path", ["/summarize", "/digest"])
def test_what_is_written_carries_its_sources(make_client: Callable[..., TestClient], path: str) -> None:
    body = {"text": TEXT, "source": "en", "method": "abstractive", "sentences": 2}
    with serving(says(WRITTEN)) as server:
        client = make_client(summary_backend="openai", summary_url=server.url, summary_model="toy")
        answer = client.post(path, json=body | ({"target": "en"} if path == "/digest" else {})).json()
    summary = answer["summary"]
    assert (summary["method"], summary["fallback_reason"], summary["text"]) == ("abstractive", None, WRITTEN)
    for sentence in summary["sentences"]:
        (support,) = sentence["sources"]
        assert TEXT[support["start"] : support["end"]].startswith(sentence["text"][:12])
        if path == "/digest":
            assert support["source"] == {"start": support["start"], "end": support["end"]}
    assert answer["signature"]["summarizer"].startswith("abstractive/openai:toy/brief-en-v")


def test_a_fallback_says_why(make_client: Callable[..., TestClient]) -> None:
    with serving(raw(b"", 500)) as server:
        client = make_client(summary_backend="openai", summary_url=server.url, summary_retries=0)
        answer = client.post("/summarize", json={"text": TEXT, "method": "auto", "style": "bullets"}).json()
    summary = answer["summary"]
    assert (summary["method"], summary["fallback_reason"], summary["style"]) == (
        "extractive",
        "server-error",
        "bullets",
    )
    assert summary["text"].startswith("- The council of Alder")
    assert summary["warnings"][0]["code"] == "summary-fallback"


def test_auto_without_anything_that_writes_is_extractive(client: TestClient) -> None:
    summary = client.post("/summarize", json={"text": TEXT, "method": "auto"}).json()["summary"]
    assert (summary["method"], summary["fallback_reason"]) == ("extractive", None)


def test_abstractive_without_anything_that_writes_is_refused(client: TestClient) -> None:
    answer = client.post("/summarize", json={"text": TEXT, "method": "abstractive"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("method: abstractive needs something that writes")


@pytest.mark.parametrize(
    ("field", "value", "choices"),
    [
        ("method", "magic", "'extractive', 'abstractive' or 'auto'"),
        ("style", "haiku", "'brief', 'headline', 'bullets' or 'thread'"),
    ],
)
def test_an_unknown_choice_names_the_field(client: TestClient, field: str, value: str, choices: str) -> None:
    answer = client.post("/summarize", json={"text": TEXT, field: value})
    assert answer.status_code == 400
    assert answer.json() == {"error": f"{field}: must be {choices}"}


def test_styles_without_a_model(client: TestClient) -> None:
    def text(**more: object) -> str:
        return client.post("/summarize", json={"text": TEXT, "sentences": 2} | more).json()["summary"]["text"]

    assert text(style="thread").splitlines()[0].startswith("1/2 The council")
    assert text(style="headline", title="Alder buys a theater") == "Alder buys a theater"
    assert text(style="headline") == TEXT[: TEXT.index(" Construction")]


def test_a_headline_without_a_title_is_a_short_sentence(client: TestClient) -> None:
    lead = (
        "The council of Alder, which had put the question off four times since the spring and heard sixty people in "
        "two nights, voted on Monday to buy the Grand Theater."
    )
    text = f"{lead} The theater costs the council $1.9 million. Construction at the theater is to begin in March."
    headline = client.post("/summarize", json={"text": text, "style": "headline"}).json()["summary"]["text"]
    assert headline != lead
    assert headline in text


def test_several_texts_may_be_set_as_a_list(client: TestClient) -> None:
    texts = [TEXT, "The council of Alder votes again in May. Construction is to begin in March and last 14 months."]
    body = {"texts": texts, "sentences": 3, "style": "bullets", "method": "auto"}
    summary = client.post("/summarize", json=body).json()["summary"]
    assert (summary["method"], summary["style"]) == ("extractive", "bullets")
    assert all(line.startswith("- ") for line in summary["text"].splitlines())
    assert len(summary["text"].splitlines()) == len(summary["sentences"]) == 3
    titled = client.post("/summarize", json=body | {"style": "headline", "title": "Alder buys"}).json()["summary"]
    assert (titled["text"], titled["sentences"]) == ("Alder buys", [])


def test_several_texts_are_not_written_anew(client: TestClient) -> None:
    answer = client.post("/summarize", json={"texts": [TEXT, TEXT], "method": "abstractive"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("method: a summary of several texts is extractive")
