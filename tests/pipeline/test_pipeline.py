"""The path of a request on real weights: what is asked comes back, placed, named and timed."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import (
    Cancelled,
    DeadlineExceeded,
    MancheteError,
    TooLarge,
    UndetectedLanguage,
    UnknownLanguage,
    UnsupportedPair,
)
from service.types import (
    DigestRequest,
    DigestResult,
    RequestContext,
    SummarizeRequest,
    SummaryLength,
    TranslateRequest,
    TranslateResult,
)
from service.wiring import Service

ARTICLE = """\
Prefeitura de Campinas suspende aulas após temporal

A Prefeitura de Campinas suspendeu as aulas em 42 escolas nesta terça-feira, depois que a chuva alagou ruas e derrubou \
árvores em vários bairros. Segundo a Defesa Civil, choveu 96 milímetros em três horas.

O prejuízo é estimado em R$ 3,5 milhões. A prefeitura informou que as aulas serão retomadas na quinta-feira. Ninguém \
ficou ferido, de acordo com os bombeiros.
"""


def test_a_sentence_is_translated(service: Service, context: RequestContext) -> None:
    result = service.pipeline.translate(TranslateRequest("A prefeitura fechou duas escolas ontem.", "en"), context)
    assert result.translation.text == "The town hall closed two schools yesterday."
    assert result.detected.language == result.translation.source == "pt"
    assert result.translation.target == "en"
    assert result.translation.route == ("pt-en",)
    assert [model.model for model in result.signature.models] == ["firefox-tiny-pt-en"]
    assert result.translation.quality is not None
    assert result.translation.quality < 0
    assert {"detect", "segment", "translate", "queue", "infer", "total"} <= set(result.timings)


def test_layout_stays(service: Service, context: RequestContext) -> None:
    text = "\ufeff  # Economia\r\n\r\n\t- Choveu ontem.  \r\n\t- O rio subiu.\r\n\r\n---\r\n* 10%\r\n"
    translated = service.pipeline.translate(TranslateRequest(text, "en", "pt"), context).translation.text
    assert (
        translated
        == "\ufeff  # Economy\r\n\r\n\t- It rained yesterday.  \r\n\t- The river has risen.\r\n\r\n---\r\n* 10%\r\n"
    )


def test_sentences_are_aligned(service: Service, context: RequestContext) -> None:
    translation = service.pipeline.translate(TranslateRequest(ARTICLE, "en"), context).translation
    for link in translation.sentences:
        assert ARTICLE[link.source.start : link.source.end].strip()
        assert translation.text[link.target.start : link.target.end].strip()
    pairs = [
        (ARTICLE[link.source.start : link.source.end], translation.text[link.target.start : link.target.end])
        for link in translation.sentences
    ]
    assert any("3,5" in source and "3.5" in target for source, target in pairs)
    assert any("96" in source and "96" in target for source, target in pairs)


def test_many_digests_come_in_order_with_errors_in_their_places(service: Service, context: RequestContext) -> None:
    first = DigestRequest("O rio subiu dois metros. Ninguém se feriu.", "en", "pt", title="O rio subiu")
    too_long = DigestRequest("a" * 20_001, "en", "pt")
    long_title = DigestRequest("Bom dia a todos.", "en", "pt", title="b" * 20_001)
    last = DigestRequest("The bridge was opened yesterday.", "pt", "en")
    results = service.pipeline.digest_many([first, too_long, long_title, last], context)
    alone = [service.pipeline.digest(request, context) for request in (first, last)]
    for result, expected in zip((results[0], results[3]), alone, strict=True):
        assert isinstance(result, DigestResult)
        assert (result.title, result.translation.text) == (expected.title, expected.translation.text)
        assert result.summary == expected.summary
    errors = [error for error in results if isinstance(error, TooLarge)]
    assert [error.field for error in errors] == ["text", "title"]


def test_digests_without_summaries_have_empty_ones(service: Service, context: RequestContext) -> None:
    request = DigestRequest("O rio subiu dois metros. Ninguém se feriu.", "en", "pt")
    (result,) = service.pipeline.digest_many([request], context, summarized=False)
    assert isinstance(result, DigestResult)
    assert (result.summary.text, result.summary.sentences, result.signature.summarizer) == ("", (), None)
    assert result.translation.text == service.pipeline.digest(request, context).translation.text


def test_a_digest_detects_translates_and_summarizes(service: Service, context: RequestContext) -> None:
    request = DigestRequest(ARTICLE, "en", title="Prefeitura suspende aulas", length=SummaryLength(sentences=2))
    result = service.pipeline.digest(request, context)
    assert result.detected.language == "pt"
    assert result.title is not None
    assert "classes" in result.title.lower()
    assert len(result.summary.sentences) == 2
    for sentence in result.summary.sentences:
        assert result.translation.text[sentence.start : sentence.end] == sentence.text
        assert sentence.source is not None
        assert ARTICLE[sentence.source.start : sentence.source.end].strip()
    assert "42 schools" in result.summary.text
    assert result.signature.summarizer == "extractive"


def test_a_text_already_in_the_target_language_is_left_alone(service: Service, context: RequestContext) -> None:
    text = "The council closed two schools.  It gave no reason.\n"
    result = service.pipeline.digest(DigestRequest(text, "en"), context)
    assert result.translation.text == text
    assert result.translation.route == ()
    assert result.summary.sentences


def test_alternatives_differ(service: Service, context: RequestContext) -> None:
    request = TranslateRequest("O prefeito chegou atrasado à reunião de ontem.", "en", alternatives=3)
    result = service.pipeline.translate(request, context)
    assert 1 <= len(result.alternatives) <= 3
    assert len({result.translation.text, *result.alternatives}) == len(result.alternatives) + 1


def test_too_many_alternatives_are_refused(service: Service, context: RequestContext) -> None:
    with pytest.raises(TooLarge, match="alternatives"):
        service.pipeline.translate(TranslateRequest("Bom dia a todos.", "en", "pt", alternatives=8), context)


CITIES = ("Campinas", "Santos", "Sorocaba", "Jundiaí", "Bauru", "Franca", "Limeira", "Marília", "Araraquara", "Taubaté")


def test_a_long_sentence_is_split_and_said_to_be(service: Service, context: RequestContext) -> None:
    clauses = "; ".join(
        f"em {city}, o rio subiu e a prefeitura abriu {number} abrigos para quem teve de deixar a sua casa"
        for number, city in enumerate(CITIES, start=21)
    )
    translation = service.pipeline.translate(TranslateRequest(f"Segundo o governo, {clauses}.", "en", "pt"), context)
    text = translation.translation.text
    assert [notice.code for notice in translation.translation.warnings] == ["sentence-split"]
    assert all(city in text and str(number) in text for number, city in enumerate(CITIES, start=21)), text


@pytest.mark.parametrize(("target", "code"), [("pt", None), ("pt-BR", None), ("pb", None), ("pt-PT", "variant")])
def test_portuguese_is_brazilian_and_says_so(
    service: Service, context: RequestContext, target: str, code: str | None
) -> None:
    translation = service.pipeline.translate(TranslateRequest("Good morning.", target, "en"), context).translation
    assert translation.text == "Bom dia."
    assert [notice.code for notice in translation.warnings] == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("request_", "error", "field"),
    [
        (TranslateRequest("Bom dia.", "zz"), UnknownLanguage, "target"),
        (TranslateRequest("Bom dia.", "en", "qq"), UnknownLanguage, "source"),
        (TranslateRequest("Bom dia.", "de", "pt"), UnsupportedPair, "target"),
        (TranslateRequest("x. y. z.", "en"), UndetectedLanguage, "q"),
        (TranslateRequest("a" * 20_001, "en"), TooLarge, "q"),
    ],
)
def test_errors_name_the_field(
    service: Service, context: RequestContext, request_: TranslateRequest, error: type[MancheteError], field: str
) -> None:
    with pytest.raises(error) as caught:
        service.pipeline.translate(request_, context)
    assert caught.value.field == field
    assert field in caught.value.message


def test_one_bad_text_does_not_cost_the_others(service: Service, context: RequestContext) -> None:
    texts = ["O rio subiu muito nesta madrugada.", "x. y. z.", "", "The river rose a lot before dawn today."]
    results = service.pipeline.translate_many([TranslateRequest(text, "en") for text in texts], context)
    assert isinstance(results[1], UndetectedLanguage)
    answers = [one.translation.text for one in results if isinstance(one, TranslateResult)]
    assert len(answers) == 3
    assert "river" in answers[0]
    assert answers[1:] == texts[2:]


@pytest.mark.parametrize("text", ["12345", "🙂 🙂", "https://example.org/a?b=c", "10% + 5%\n", "..."])
def test_a_text_without_words_is_left_alone_and_said_to_be(
    service: Service, context: RequestContext, text: str
) -> None:
    result = service.pipeline.translate(TranslateRequest(text, "en"), context)
    assert result.translation.text == text
    assert result.detected.language == result.translation.source == "und"
    assert [notice.code for notice in result.translation.warnings] == ["nothing-to-translate"]


def test_a_mixed_list_gives_every_text_its_translation_or_its_error(service: Service, context: RequestContext) -> None:
    portuguese = [f"A prefeitura abriu a escola número {number} ontem de manhã." for number in range(48)]
    english = [f"The city opened school number {number} yesterday morning." for number in range(47)]
    german = [f"Die Stadt hat gestern früh die Schule Nummer {number} wieder eröffnet." for number in range(5)]
    texts = [*portuguese[:20], german[0], *english[:30], *german[1:4], *portuguese[20:], german[4], *english[30:]]
    results = service.pipeline.translate_many([TranslateRequest(text, "en") for text in texts], context)
    assert len(results) == 100
    for text, result in zip(texts, results, strict=True):
        if text in german:
            assert isinstance(result, UnsupportedPair)
        else:
            assert isinstance(result, TranslateResult)
            number = text.split("mero " if text in portuguese else "number ")[1].split(" ")[0]
            assert number in result.translation.text
            assert result.detected.language == ("pt" if text in portuguese else "en")
            assert result.translation.route == (("pt-en",) if text in portuguese else ())


def test_a_passed_deadline_and_a_gone_client_end_the_wait(service: Service) -> None:
    request = TranslateRequest("O rio subiu muito.", "en", "pt")
    with pytest.raises(DeadlineExceeded):
        service.pipeline.translate(request, RequestContext("late", deadline=time.monotonic() - 1))
    gone = RequestContext("gone")
    gone.cancelled.set()
    with pytest.raises(Cancelled):
        service.pipeline.translate(request, gone)


def test_languages_are_those_of_the_models(service: Service) -> None:
    entries = {entry.code: entry for entry in service.pipeline.languages()}
    assert set(entries) == {"pt", "en"}
    assert entries["en"].targets == ("en", "pt", "pt-BR")
    assert entries["pt"].targets == ("pt", "en")
    assert entries["pt"].name == "Portuguese"


def test_a_text_in_no_known_language_is_still_summarized(service: Service, context: RequestContext) -> None:
    text = "1234 5678. 91011 1213. 1415 1617."
    result = service.pipeline.summarize(SummarizeRequest(text), context)
    assert result.detected.language == "und"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_gets_an_answer_or_a_named_error(service: Service, text: str) -> None:
    (result,) = service.pipeline.translate_many([TranslateRequest(text, "en", "pt")], RequestContext("fuzz"))
    assert isinstance(result, TranslateResult), result
    spaces = [character for character in text if character.isspace()]
    if not text.strip():
        assert result.translation.text == text
    assert result.translation.text.endswith("\n") == bool(spaces and text.endswith("\n"))
