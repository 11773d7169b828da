"""The project's news articles: no summary has a caption, a byline, a pointer or a fragment in it, at any length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from summarize_texts import summary_of

from service.types import SummaryLength

DATA = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "news.jsonl"
ARTICLES: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
LENGTHS = (SummaryLength(3), SummaryLength(words=60), SummaryLength(words=100), SummaryLength(words=200))


def test_set_is_what_the_documentation_says() -> None:
    languages = [article["lang"] for article in ARTICLES]
    assert (languages.count("pt-BR"), languages.count("en")) == (35, 48)
    assert len({article["id"] for article in ARTICLES}) == 83
    assert sum(len(article["summaries"]) == 2 for article in ARTICLES) == 44
    assert sum(len(article["boilerplate"]) for article in ARTICLES) >= 100
    for article in ARTICLES:
        assert 250 <= len(article["text"].split()) <= 700
        references = [*article["summaries"], *article.get("summaries_en", [])]
        assert 1 <= len(article["summaries"]) <= 2
        assert all(100 <= len(reference.split()) <= 150 for reference in references)
        assert all(line in article["text"].split("\n") for line in article["boilerplate"])


@pytest.mark.parametrize("titled", [True, False], ids=["with-title", "without-title"])
@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_no_sentence_is_a_caption_a_byline_a_pointer_or_a_fragment(article: dict[str, Any], titled: bool) -> None:
    text = article["text"]
    starts = {text.index(line): line for line in article["boilerplate"]}
    title = article["title"] if titled else None
    for length in LENGTHS:
        for sentence in summary_of(text, article["lang"], title=title, length=length).sentences:
            assert [line for at, line in starts.items() if at < sentence.end and sentence.start < at + len(line)] == []
            assert sentence.text.rstrip("\"”'’)").endswith((".", "!", "?"))
            assert sentence.text[0].isupper() or sentence.text[0].isdigit() or sentence.text[0] in '"“'
            assert len(sentence.text.split()) >= 4
