"""What is not body text, kind by kind, in the languages with cues of their own; and what only looks like it."""

from __future__ import annotations

import pytest
from summarize_texts import codes, summary_of

from service.summarize.cues import load_cues
from service.types import SummaryLength

BODY = {
    "pt": (
        "A prefeitura de Lagoa Verde anunciou nesta terça-feira a compra de 40 ônibus elétricos para a frota.",
        "Os veículos começam a rodar em março e vão atender 12 bairros da zona norte, segundo o secretário.",
    ),
    "en": (
        "The city of Green Lake said on Tuesday that it would buy 40 electric buses for its public transport fleet.",
        "The vehicles will enter service in March and serve 12 districts in the north, the transport chief said.",
    ),
    "es": (
        "El ayuntamiento de Lago Verde anunció este martes la compra de 40 autobuses eléctricos para la flota urbana.",
        "Los vehículos empezarán a circular en marzo y darán servicio a 12 barrios del norte, según la concejala.",
    ),
    "fr": (
        "La ville de Lac-Vert a annoncé mardi l'achat de 40 autobus électriques pour renouveler sa flotte.",
        "Les véhicules circuleront dès mars et desserviront 12 quartiers du nord, selon l'adjointe au maire.",
    ),
    "de": (
        "Die Stadt Grünsee hat am Dienstag den Kauf von 40 elektrischen Bussen für ihren Nahverkehr angekündigt.",
        "Die Fahrzeuge sollen ab März fahren und 12 Viertel im Norden bedienen, wie die Stadträtin mitteilte.",
    ),
    "it": (
        "Il comune di Lago Verde ha annunciato martedì l'acquisto di 40 autobus elettrici per la propria flotta.",
        "I mezzi entreranno in servizio a marzo e serviranno 12 quartieri del nord, secondo l'assessora.",
    ),
}

BOILERPLATE = [
    ("pt", "caption", "Foto: Fulano de Tal/Agência Brasil"),
    ("pt", "caption", "Ônibus elétrico é apresentado no pátio da prefeitura — Foto: Ana Lima/TV Lagoa"),
    ("pt", "caption", "Ônibus elétrico no pátio da prefeitura. (Foto: Ana Lima/Divulgação)"),
    ("pt", "caption", "Legenda: Motorista mostra o painel de um dos ônibus novos comprados pela prefeitura da cidade."),
    ("pt", "caption", "Crédito da foto: Ana Lima"),
    ("pt", "caption", "Ana Lima/Agência Brasil"),
    ("pt", "caption", "Reprodução/TV Globo"),
    ("pt", "caption", "Arquivo pessoal"),
    ("pt", "byline", "Por Fulano de Tal, g1 SP"),
    ("pt", "byline", "Por João Souza e Maria da Silva, TV Lagoa — São Paulo"),
    ("pt", "byline", "Da Redação"),
    ("pt", "byline", "Do G1, em São Paulo"),
    ("pt", "byline", "Ana Lima, enviada especial a Lagoa Verde"),
    ("pt", "byline", "Ana Lima – Repórter da Agência Brasil"),
    ("pt", "timestamp", "03/05/2024 10h15"),
    ("pt", "timestamp", "Atualizado há 2 horas"),
    ("pt", "timestamp", "Publicado em 3 de maio de 2024 às 10h15 - Atualizado em 04/05/2024 08:00"),
    ("pt", "timestamp", "4 min de leitura"),
    ("pt", "credit", "Com informações da Reuters."),
    ("pt", "credit", "*Com informações da Agência Brasil e do jornal A Tarde"),
    ("pt", "credit", "(Reportagem de Ana Lima; edição de Beto Reis)"),
    ("pt", "credit", "Reportagem de Ana Lima, em Brasília; edição de Beto Reis"),
    ("pt", "credit", "Fonte: IBGE"),
    ("pt", "credit", "*Estagiária sob supervisão de Beto Reis"),
    ("pt", "credit", "(Reuters)"),
    ("pt", "credit", "© 2024 Todos os direitos reservados"),
    ("pt", "pointer", "Leia também"),
    ("pt", "pointer", "LEIA MAIS: Prefeito promete tarifa zero aos domingos"),
    ("pt", "pointer", "Veja infográfico abaixo"),
    ("pt", "pointer", "Veja os bairros que serão atendidos."),
    ("pt", "pointer", "Clique aqui para ver a lista completa dos bairros."),
    ("pt", "pointer", "Assine a newsletter do jornal e receba as notícias por e-mail."),
    ("pt", "pointer", "✅ Siga o canal do g1 no WhatsApp"),
    ("pt", "pointer", "Receba no WhatsApp as notícias da sua região."),
    ("pt", "pointer", "Participe do nosso grupo no Telegram"),
    ("pt", "pointer", "VÍDEOS: os mais assistidos da semana na região"),
    ("pt", "pointer", "Compartilhe esta notícia"),
    ("pt", "pointer", "https://example.org/onibus"),
    ("en", "caption", "Photo: Jane Doe/Reuters"),
    ("en", "caption", "Photo by Jane Doe on Unsplash"),
    ("en", "caption", "An electric bus leaves the depot in Green Lake on Monday. (AP Photo/Jane Doe)"),
    ("en", "caption", "An electric bus leaves the depot. Photograph: Jane Doe/Getty Images"),
    ("en", "caption", "An electric bus leaves the depot in Green Lake — Photo: Jane Doe/Green Lake City Hall"),
    ("en", "caption", "Image source, Getty Images"),
    ("en", "caption", "Jane Doe/Handout"),
    ("en", "byline", "By Jane Doe"),
    ("en", "byline", "By JANE DOE, Associated Press Writer"),
    ("en", "byline", "By Jane Doe and John Roe in Green Lake"),
    ("en", "byline", "Jane Doe, Transport Correspondent"),
    ("en", "timestamp", "Updated 2 hours ago"),
    ("en", "timestamp", "Published 3 May 2024, 10:15 BST"),
    ("en", "timestamp", "May 3, 2024 10:15 AM ET"),
    ("en", "timestamp", "5 min read"),
    ("en", "credit", "Reporting by Jane Doe in Green Lake; Editing by John Roe"),
    ("en", "credit", "(Reporting by Jane Doe; Editing by John Roe)"),
    ("en", "credit", "Associated Press writer Jane Doe in Chicago contributed to this report."),
    ("en", "credit", "With information from Reuters."),
    ("en", "credit", "Copyright 2024 Green Lake Gazette. All rights reserved."),
    ("en", "credit", "(AP)"),
    ("en", "pointer", "Read more: Mayor promises free buses on Sundays"),
    ("en", "pointer", "Read also"),
    ("en", "pointer", "See infographic below"),
    ("en", "pointer", "Click here to see the full list of districts."),
    ("en", "pointer", "Sign up for our daily newsletter."),
    ("en", "pointer", "Follow us on social media"),
    ("en", "pointer", "Related stories"),
    ("en", "pointer", "ADVERTISEMENT"),
    ("en", "pointer", "Share this article on WhatsApp"),
    ("es", "caption", "Foto: Ana Ruiz/EFE"),
    ("es", "byline", "Por Ana Ruiz"),
    ("es", "timestamp", "Actualizado hace 2 horas"),
    ("es", "pointer", "Lea también: El alcalde promete transporte gratuito"),
    ("fr", "caption", "Photo : Anne Petit/AFP"),
    ("fr", "byline", "Par Anne Petit"),
    ("fr", "timestamp", "Publié le 3 mai 2024 à 10h15"),
    ("fr", "pointer", "Lire aussi : le maire promet la gratuité"),
    ("de", "caption", "Foto: Anna Klein/dpa"),
    ("de", "byline", "Von Anna Klein"),
    ("de", "timestamp", "Stand: 03.05.2024, 10:15 Uhr"),
    ("de", "pointer", "Lesen Sie auch: Bürgermeister verspricht freie Fahrt"),
    ("it", "caption", "Foto: Anna Conti/ANSA"),
    ("it", "byline", "di Anna Conti"),
    ("it", "timestamp", "Pubblicato il 3 maggio 2024 alle 10:15"),
    ("it", "pointer", "Leggi anche: il sindaco promette autobus gratuiti"),
]


@pytest.mark.parametrize(("language", "kind", "line"), BOILERPLATE, ids=lambda value: value[:40])
def test_line_is_recognized_and_its_kind_is_right(language: str, kind: str, line: str) -> None:
    assert load_cues(language).kind_of(line) == kind


@pytest.mark.parametrize(("language", "kind", "line"), BOILERPLATE, ids=lambda value: value[:40])
@pytest.mark.parametrize("place", ["above", "between", "below"])
def test_boilerplate_is_never_printed_and_the_lead_stays(place: str, language: str, kind: str, line: str) -> None:
    lead, follow = BODY[language]
    paragraphs = {"above": [line, lead, follow], "between": [lead, line, follow], "below": [lead, follow, line]}[place]

    summary = summary_of("\n\n".join(paragraphs), language)

    assert [sentence.text for sentence in summary.sentences] == [lead, follow]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("pt", "Por São Paulo passam todos os dias 4 milhões de carros, segundo a companhia de trânsito."),
        ("pt", "Informações da polícia indicam que o suspeito fugiu para o interior do estado na segunda-feira."),
        ("pt", "Foto de satélite mostra que o desmatamento avançou 12% na região no último ano, diz o instituto."),
        ("pt", "Vídeos mostram o momento em que a ponte cedeu e derrubou dois caminhões no rio, no domingo."),
        ("pt", "Veja publicou em 1998 a primeira reportagem sobre o caso que levou o ministro a renunciar."),
        ("pt", "Publicado em 1899, o romance voltou às livrarias nesta semana com tradução de Clara Nunes Prado."),
        ("pt", "Atualizado a cada dez anos, o censo deveria ter sido feito em 2020, mas atrasou dois anos."),
        ("pt", "Da cidade de 12 mil habitantes saíram três medalhistas olímpicos nos últimos vinte anos."),
        ("pt", "Siga-se ou não o parecer, o tribunal terá de decidir até sexta-feira sobre o futuro da usina."),
        ("pt", "Reportagem da Folha revelou que a empresa pagou R$ 2 milhões a assessores do governador."),
        ("en", "By Friday, the storm had weakened but 300,000 homes in three states were still without power."),
        ("en", "Share prices fell 3 percent after the company said that it would close its oldest factory."),
        ("en", "Photos of the crash site show that the plane broke into two pieces on the runway, officials said."),
        ("en", "Follow-up tests on the 40 patients found no trace of the virus, the hospital said on Tuesday."),
        ("en", "Reading scores fell in 30 states between 2019 and 2023, according to the education department."),
        ("en", "Updated guidelines say that adults should be screened from the age of 45 instead of 50."),
        ("en", "Source code for the voting machines was leaked on Monday, the election commission confirmed."),
        ("en", "May was the hottest month in the city since records began in 1880, the weather service said."),
        ("en", "Related species in the Andes have already lost half of their habitat, the researchers wrote."),
        ("en", "Reuters and The Associated Press said that two of their reporters had been released on Sunday."),
    ],
)
def test_sentence_that_only_looks_like_boilerplate_is_kept(language: str, sentence: str) -> None:
    lead, follow = BODY[language]

    as_lead = summary_of(f"{sentence}\n\n{lead}\n\n{follow}", language)
    below = summary_of(f"{lead}\n\n{sentence} {follow}", language)

    assert as_lead.text == f"{sentence} {lead} {follow}"
    assert below.text == f"{lead} {sentence} {follow}"


@pytest.mark.parametrize(
    ("language", "dateline"),
    [
        ("pt", "SÃO PAULO (Reuters) - "),
        ("pt", "LISBOA, 3 mai (Lusa) — "),
        ("pt", "Lisboa, 03 mai 2024 (Lusa) – "),
        ("pt", "BRASÍLIA - "),
        ("pt", "RIO – "),
        ("pt", "Belo Horizonte – "),
        ("pt", "Brasília, 5 de maio de 2024 — "),
        ("en", "WASHINGTON (AP) _ "),
        ("en", "WASHINGTON (AP) — "),
        ("en", "ST. LOUIS (AP) - "),
        ("en", "HARLAN FALLS, Ohio (AP) — "),
        ("en", "LONDON, May 3 (Reuters) - "),
        ("en", "NEW DELHI: "),
        ("en", "(CNN) -- "),
        ("en", "(Reuters) - "),
        ("en", "U.N. HEADQUARTERS, New York — "),
        ("es", "MADRID, 3 may (EFE).- "),
        ("fr", "PARIS (AFP) – "),
        ("de", "Berlin (dpa) - "),
        ("it", "ROMA, 3 maggio (ANSA) - "),
    ],
)
def test_dateline_is_left_out_of_the_span(language: str, dateline: str) -> None:
    lead, follow = BODY[language]
    text = f"{dateline}{lead}\n\n{follow}"

    first = summary_of(text, language).sentences[0]

    assert first.text == lead
    assert text[first.start : first.end] == lead


def test_dateline_on_a_line_of_its_own_is_left_out() -> None:
    lead, follow = BODY["en"]
    assert summary_of(f"WASHINGTON (AP) —\n\n{lead}\n\n{follow}", "en").text == f"{lead} {follow}"


@pytest.mark.parametrize(
    "sentence",
    [
        "O presidente Lauro Prates (PT) - que venceu por 200 votos - assume o cargo na segunda-feira em Brasília.",
        "Flamengo e Vasco - rivais há mais de cem anos - decidem o campeonato no domingo no Maracanã.",
        "PIB cresceu 0,8% no trimestre, puxado pelo agronegócio, informou o instituto nesta quarta-feira.",
    ],
)
def test_dash_or_capitals_alone_make_no_dateline(sentence: str) -> None:
    assert summary_of(f"{sentence}\n\n{BODY['pt'][0]}", "pt").sentences[0].text == sentence


@pytest.mark.parametrize(
    ("language", "trailer"),
    [("pt", " (Reuters)"), ("pt", " (Com Reuters)"), ("pt", " (Agência Brasil)"), ("en", " (AP)")],
)
def test_agency_at_the_end_is_left_out(language: str, trailer: str) -> None:
    lead, follow = BODY[language]

    assert summary_of(f"{lead}\n\n{follow}{trailer}", language).text == f"{lead} {follow}"


def test_pointer_in_parentheses_is_left_out_of_the_lead() -> None:
    text = f"O preço do leite subiu 3,4% em maio na capital (veja o gráfico abaixo).\n\n{BODY['pt'][0]}"

    assert summary_of(text, "pt").sentences[0].text == "O preço do leite subiu 3,4% em maio na capital"


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("pt", "Tarifa"),
        ("pt", "O que muda para os passageiros"),
        ("pt", "Quando os ônibus começam a rodar?"),
        ("en", "What happens next"),
        ("en", "Who will pay for the new buses?"),
    ],
)
def test_heading_within_the_body_is_left_out(language: str, heading: str) -> None:
    lead, follow = BODY[language]

    assert summary_of(f"{lead}\n\n{heading}\n\n{follow}", language).text == f"{lead} {follow}"


def test_list_fragments_are_left_out_and_full_sentences_of_a_list_are_not() -> None:
    lead, follow = BODY["en"]
    item = "The old diesel buses will be sold at auction before the end of the year."
    items = "\n".join(f"- {line}" for line in ("12 chargers;", "two spare transformers for the depot", item))
    text = f"{lead}\n\nThe city will also buy:\n{items}\n\n{follow}"

    assert summary_of(text, "en").text == f"{lead} {item} {follow}"


@pytest.mark.parametrize(
    "header",
    [
        "Green Lake to buy 40 electric buses",
        "Green Lake to buy 40 electric buses for its public transport fleet as the old diesel ones wear out",
        "Green Lake to buy 40 electric buses\nThey will serve the north. Fares stay the same\n\nBy Jane Doe",
        "TRANSPORT\nGreen Lake to buy 40 electric buses\nThe first will run in March.\nUpdated 2 hours ago",
    ],
)
def test_title_subtitle_and_kicker_above_the_body_are_not_the_lead(header: str) -> None:
    lead, follow = BODY["en"]

    assert summary_of(f"{header}\n\n{lead}\n\n{follow}", "en").text == f"{lead} {follow}"


def test_fragment_before_the_lead_does_not_take_its_paragraph_with_it() -> None:
    lead, follow = BODY["en"]

    assert summary_of(f"It is official. {lead}\n\n{follow}", "en").text == f"{lead} {follow}"


@pytest.mark.parametrize(
    "repeated",
    [
        "Green Lake will buy 40 electric buses.",
        "GREEN LAKE WILL BUY 40 ELECTRIC BUSES",
        "Green Lake to buy 40 electric buses.",
    ],
)
def test_title_said_again_is_not_the_lead(repeated: str) -> None:
    lead, follow = BODY["en"]

    summary = summary_of(f"{repeated}\n\n{lead}\n\n{follow}", "en", title="Green Lake will buy 40 electric buses")

    assert summary.text == f"{lead} {follow}"


def test_nothing_but_boilerplate_gives_the_best_there_is_and_says_so() -> None:
    text = "Foto: Ana Lima/Agência Brasil\n\nLeia também: Prefeito promete tarifa zero aos domingos"

    summary = summary_of(text, "pt", length=SummaryLength(sentences=1))

    assert summary.text == "Foto: Ana Lima/Agência Brasil"
    assert codes(summary) == {"only-boilerplate"}


@pytest.mark.parametrize("text", ["Prefeitura anuncia compra de ônibus", "Ele morreu.", "Chove. Venta. Faz frio."])
def test_text_of_fragments_alone_still_has_a_summary(text: str) -> None:
    summary = summary_of(text, "pt", length=SummaryLength(sentences=1))

    assert text.startswith(summary.text)
    assert summary.text
    assert "only-boilerplate" not in codes(summary)


def test_document_without_punctuation_is_no_pile_of_headings() -> None:
    lead, follow = (sentence.rstrip(".") for sentence in BODY["en"])

    assert summary_of(f"{lead}\n{follow}", "en").text == f"{lead} {follow}"


@pytest.mark.parametrize("unit", ["edição de Por ", "A e ", "Foto: A/", "1 de ", "(AP) - ", "— ", "A, ", "S'- "])
def test_hostile_lines_take_no_exponential_time(unit: str) -> None:
    # An expression that backtracks exponentially would not return from this in a lifetime.
    line = (unit * 400)[:390] + "x!"

    for language in ("pt", "en", "es", "fr", "de", "it"):
        cues = load_cues(language)
        assert cues.kind_of(line) in {None, "caption"}
        cues.placed.match(line)
        cues.opening.match(line)
        cues.trailing.search(line)


def test_a_short_sentence_among_others_can_be_the_lead() -> None:
    text = "The bridge reopened yesterday. The work cost 3.5 million reais and took two years."
    assert summary_of(text, "en").text == text
