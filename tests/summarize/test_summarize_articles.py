"""The sample articles, summarized at every usual length."""

from __future__ import annotations

import pytest
from sample_articles import Article, load_articles
from summarize_texts import codes, summary_of

from service.summarize import count_words
from service.types import SummaryLength

LENGTHS = [
    SummaryLength(sentences=1),
    SummaryLength(sentences=2),
    SummaryLength(sentences=3),
    SummaryLength(sentences=1000),
    SummaryLength(words=60),
    SummaryLength(words=100),
    SummaryLength(words=200),
    SummaryLength(words=10_000),
]


@pytest.fixture(params=load_articles(), ids=lambda article: article.name)
def article(request: pytest.FixtureRequest) -> Article:
    return request.param


def test_expectations_fit_their_article(article: Article) -> None:
    words = len(article.text.split())
    assert 250 <= words <= 450
    assert all(part in article.text for part in (article.lead, *article.never))
    assert all(fact.source in article.text for fact in article.facts)
    assert len(article.facts) >= 5


def test_three_articles_are_portuguese_and_two_english() -> None:
    assert sorted(article.language for article in load_articles()) == ["en", "en", "pt", "pt", "pt"]


@pytest.mark.parametrize("titled", [True, False], ids=["with-title", "without-title"])
@pytest.mark.parametrize("length", LENGTHS, ids=lambda length: f"{length.sentences}s-{length.words}w")
def test_summary_begins_with_the_lead_and_prints_no_boilerplate(
    article: Article, length: SummaryLength, titled: bool
) -> None:
    title = article.title if titled else None

    summary = summary_of(article.text, article.language, title=title, length=length)

    assert summary.text.startswith(article.lead)
    assert [part for part in article.never if part in summary.text] == []
    assert "only-boilerplate" not in codes(summary)


@pytest.mark.parametrize("words", [60, 80, 100, 120, 150, 200])
def test_word_limit_is_used_well(article: Article, words: int) -> None:
    summary = summary_of(article.text, article.language, title=article.title, length=SummaryLength(words=words))

    assert 0.85 * words <= count_words(summary.text) <= words


def test_everything_asked_for_gives_the_whole_body_and_says_that_it_was_short(article: Article) -> None:
    summary = summary_of(article.text, article.language, title=article.title)

    assert codes(summary) == {"short-text"}
    assert count_words(summary.text) >= 0.6 * count_words(article.text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "pt-temporal",
            [
                "A Prefeitura de Porto Sereno, no litoral de Santa Catarina, decretou situação de emergência nesta "
                "quinta-feira (14) depois que um temporal alagou sete bairros e deixou 42 famílias desalojadas.",
                "Não há registro de mortos, mas duas pessoas ficaram feridas.",
                "Segundo a Defesa Civil, choveu 118 milímetros entre 17h e 20h de quarta-feira, mais da metade do "
                "esperado para todo o mês.",
            ],
        ),
        (
            "en-seagrass",
            [
                "A meadow of seagrass planted by volunteers in Kestrel Bay has grown to 12 hectares in five years and "
                "now shelters seahorses, young cod and cuttlefish, according to a survey released on Sunday.",
                "The Kestrel Bay Trust counted 61 spiny seahorses in May, up from none in 2019.",
                "Seagrass vanished from the bay in the early 1980s, when waste from a paint factory and the chains of "
                "moored boats destroyed it.",
            ],
        ),
    ],
)
def test_three_sentences_read_as_printed(name: str, expected: list[str]) -> None:
    article = next(article for article in load_articles() if article.name == name)

    summary = summary_of(article.text, article.language, title=article.title, length=SummaryLength(sentences=3))

    assert [sentence.text for sentence in summary.sentences] == expected
