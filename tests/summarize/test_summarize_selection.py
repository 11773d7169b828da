"""Which sentences are chosen: the lead, then what is early, central, near the title, in numbers and new."""

from __future__ import annotations

import pytest
from summarize_texts import codes, split, summary_of

from service.errors import InvalidInput
from service.summarize import SourceSentence, count_words, summarize
from service.summarize.cues import load_cues
from service.summarize.rank import backward_rank
from service.summarize.selection import Option, choose
from service.summarize.terms import dot, vectors
from service.types import Span, SummaryLength

LEAD = "The council of Alder Bay voted on Monday to close the city's last coal plant by 2027."
PLANT = "The coal plant employs 210 people and supplies a third of the city's electricity."
WEATHER = "Rain is expected over the whole coast on Sunday, with strong winds in the course of the afternoon."
REPLACED = "A solar park and two wind farms are to replace the coal plant and its electricity."


def test_off_topic_sentence_gives_way_to_a_central_one() -> None:
    text = " ".join([LEAD, WEATHER, PLANT, REPLACED])

    summary = summary_of(text, "en", length=SummaryLength(sentences=2))

    assert summary.text == f"{LEAD} {PLANT}"


def test_sentence_near_the_title_is_preferred() -> None:
    fees = "Parking fees in the old town will rise by 20 cents from the first of June, officials said."
    schools = "Two primary schools on the east side will move to a new building after the summer break."
    text = " ".join([LEAD, fees, schools])

    about_fees = summary_of(text, "en", title="Parking fees rise in old town", length=SummaryLength(sentences=2))
    about_schools = summary_of(text, "en", title="Primary schools to move", length=SummaryLength(sentences=2))

    assert about_fees.text == f"{LEAD} {fees}"
    assert about_schools.text == f"{LEAD} {schools}"


def test_a_short_sentence_with_one_word_of_the_title_is_not_near_it() -> None:
    title = "Alder Bay to close coal plant, build solar park"
    short = "Nobody had known the bay so quiet, or so full."
    near = (
        "A park with 12,000 solar panels, three wind farms and an underground battery store is to supply pumps, trams, "
        "schools and hospitals."
    )
    text = " ".join([LEAD, short, near])

    assert summary_of(text, "en", title=title, length=SummaryLength(sentences=2)).text == f"{LEAD} {near}"


@pytest.mark.parametrize(
    ("language", "lead", "plain", "amount"),
    [
        (
            "en",
            LEAD,
            "Its 3 chimneys were put up by builders from the far north of the country.",
            "Repairs in the past 3 years came to $40 million and were paid by the state.",
        ),
        (
            "pt",
            "A usina de Lagoa Verde será fechada até 2027, decidiu a câmara nesta segunda-feira.",
            "As 3 chaminés foram erguidas por operários vindos do norte do país.",
            "Os reparos dos últimos 3 anos custaram 40 milhões e foram pagos pelo Estado.",
        ),
        (
            "de",
            "Das Kraftwerk von Grünsee wird bis 2027 geschlossen, beschloss der Stadtrat am Montag.",
            "Die 3 Schornsteine haben Maurer aus dem hohen Norden hochgezogen.",
            "Reparaturen kosteten in 3 Jahren 40 Millionen Euro und wurden vom Bund bezahlt.",
        ),
    ],
)
def test_sentence_with_a_large_sum_is_preferred(language: str, lead: str, plain: str, amount: str) -> None:
    text = f"{lead}\n\n{plain}\n\n{amount}"

    assert summary_of(text, language, length=SummaryLength(sentences=2)).text == f"{lead} {amount}"


def test_title_of_a_word_on_the_stop_list_counts_when_news_is_about_it() -> None:
    parking = "Parking fees in the old town will rise by 20 cents from the first of June, officials said."
    fire = "A fire burned down two barns on the east side after the summer break, on Saturday."

    summary = summary_of(f"{LEAD} {parking} {fire}", "en", title="The fire", length=SummaryLength(sentences=2))

    assert summary.text == f"{LEAD} {fire}"


def test_what_was_said_is_not_said_again() -> None:
    again = "The council of Alder Bay voted to close the last coal plant of the city on Monday, by 2027."
    text = " ".join([LEAD, again, PLANT])

    assert summary_of(text, "en", length=SummaryLength(sentences=2)).text == f"{LEAD} {PLANT}"


@pytest.mark.parametrize(
    ("language", "lead", "leaning", "standing"),
    [
        (
            "pt",
            "A usina de Lagoa Verde será fechada até 2027, decidiu a câmara nesta segunda-feira.",
            "Isso não muda a conta de luz dos moradores até o fim do contrato atual.",
            "A conta de luz dos moradores não muda até o fim do contrato atual.",
        ),
        (
            "en",
            "The power plant of Green Lake will close by 2027, the city council decided on Monday.",
            "However, electricity bills will not change until the present contract has ended.",
            "Electricity bills will not change until the present contract of the plant has ended.",
        ),
    ],
)
def test_opening_that_needs_context_is_held_back(language: str, lead: str, leaning: str, standing: str) -> None:
    question = {
        "pt": "Mas quem vai pagar pela obra que a cidade esperou por tantos anos?",
        "en": "But who will pay for what the city has been waiting for all these years?",
    }[language]
    text = f"{lead} {question}\n\n{leaning}\n\n{standing}"

    assert summary_of(text, language, length=SummaryLength(sentences=2)).text == f"{lead} {standing}"


def test_opening_in_context_is_as_good_as_any() -> None:
    follow = "It will be replaced by a solar park and two wind farms on the site of the old coal plant."
    late = "Neighbours complained for years about soot from the coal plant on their balconies and cars."

    summary = summary_of(f"{LEAD} {follow} {late}", "en", length=SummaryLength(sentences=2))

    assert summary.text == f"{LEAD} {follow}"


@pytest.mark.parametrize(
    "quote",
    [
        '"The coal plant of the city has made our children ill for forty years," said Mayor Ada Brandt.',
        "“The coal plant of the city has made our children ill for forty years,” said Mayor Ada Brandt.",
        "``The coal plant of the city has made our children ill for forty years,'' said Mayor Ada Brandt.",
        "— The coal plant of the city has made our children ill for forty years — said Mayor Ada Brandt.",
        "«The coal plant of the city has made our children ill for forty years», said Mayor Ada Brandt.",
    ],
)
def test_plain_sentence_is_preferred_to_a_quotation(quote: str) -> None:
    plain = "Mayor Ada Brandt has promised that the coal plant of the city would be closed for forty years."

    summary = summary_of(f"{LEAD}\n\n{quote}\n\n{plain}", "en", length=SummaryLength(sentences=2))

    assert summary.text == f"{LEAD} {plain}"


def test_words_of_nobody_named_are_not_printed_without_the_sentence_that_names_them() -> None:
    named = '"The coal plant made our children ill," said Mayor Ada Brandt of Alder Bay.'
    unnamed = '"It should have been closed when I was a child."'
    text = f"{LEAD}\n\n{named} {unnamed}"
    room_for_unnamed_alone = count_words(LEAD) + count_words(unnamed)

    assert summary_of(text, "en", length=SummaryLength(words=room_for_unnamed_alone)).text == LEAD
    assert summary_of(text, "en", length=SummaryLength(sentences=3)).text == f"{LEAD} {named} {unnamed}"


def test_identical_sentences_are_printed_once() -> None:
    summary = summary_of("\n".join([LEAD] * 5), "en", length=SummaryLength(sentences=3))

    assert summary.text == LEAD
    assert codes(summary) == {"short-text"}


def test_words_win_over_sentences() -> None:
    text = " ".join([LEAD, PLANT, REPLACED])

    summary = summary_of(text, "en", length=SummaryLength(sentences=1, words=34))

    assert len(summary.sentences) == 2


def test_word_limit_below_the_lead_gives_the_lead_and_says_so() -> None:
    summary = summary_of(f"{LEAD} {PLANT}", "en", length=SummaryLength(words=1))

    assert summary.text == LEAD
    assert [notice.span for notice in summary.warnings if notice.code == "over-length"] == [Span(0, len(LEAD))]


def test_given_costs_count_against_the_limit() -> None:
    text = " ".join([LEAD, PLANT, REPLACED])
    sentences = [SourceSentence(part.text, part.start, part.end, words=50) for part in split(text, "en")]

    summary = summarize(text, sentences, language="en", length=SummaryLength(words=100))

    assert len(summary.sentences) == 2


def test_line_breaks_of_a_wrapped_sentence_stay_in_its_span_only() -> None:
    text = LEAD.replace(" voted", "\nvoted")

    summary = summarize(text, [SourceSentence(text, 0, len(text))], language="en", length=SummaryLength(1))

    assert summary.sentences[0].text == text
    assert summary.text == LEAD


def test_no_sentences_give_an_empty_summary() -> None:
    summary = summarize("", [], language="en", length=SummaryLength(3))

    assert (summary.text, summary.sentences) == ("", ())
    assert codes(summary) == {"short-text"}


@pytest.mark.parametrize(
    ("length", "field"),
    [
        (SummaryLength(sentences=0), "sentences"),
        (SummaryLength(sentences=-1), "sentences"),
        (SummaryLength(words=0), "words"),
        (SummaryLength(sentences=None, words=None), "sentences"),
    ],
)
def test_length_of_less_than_one_is_refused(length: SummaryLength, field: str) -> None:
    with pytest.raises(InvalidInput, match=field) as refusal:
        summarize(LEAD, split(LEAD, "en"), language="en", length=length)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-Hans", "市政府周二宣布购买四十辆电动公交车。新车将于三月投入运营,服务北部十二个区。"),
        (
            "ja",
            "市は火曜日、電気バス四十台を購入すると発表した。新しいバスは三月に運行を始める。",
        ),
        ("hi", "नगर परिषद ने मंगलवार को चालीस नई बसें खरीदने की घोषणा की। ये बसें मार्च से उत्तर के बारह इलाकों में चलेंगी।"),
        (
            "ru",
            "Мэрия во вторник объявила о покупке сорока электробусов. Машины выйдут на линии в марте.",
        ),
        ("und", "Wrth gwrs mae pawb yn hapus heddiw yn y dref. Bydd y bws newydd yn rhedeg o fis Mawrth ymlaen."),
    ],
)
def test_language_without_cues_is_served(language: str, text: str) -> None:
    summary = summary_of(text, language, length=SummaryLength(sentences=1))

    assert text.startswith(summary.text)
    assert len(summary.sentences) == 1
    assert not summary.warnings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("dois  três\nquatro", 3),
        ("市政府宣布", 3),
        ("購入した。", 2),
        ("R$ 3,5 milhões", 3),
        ("GPT模型有4个", 4),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("language", "opening", "leans"),
    [
        ("pt", "Esta medida vale para todos.", True),
        ("pt", "Esta semana o prazo termina.", False),
        ("pt", "Elena Prado assumiu o cargo.", False),
        ("en", "This measure holds for all.", True),
        ("en", "This week the time is up.", False),
        ("en", "Theresa Brandt took office.", False),
        ("es", "Sin embargo, el plazo termina.", True),
        ("fr", "Cependant, le délai expire.", True),
        ("de", "Allerdings läuft die Frist ab.", True),
        ("it", "Tuttavia il termine scade.", True),
    ],
)
def test_openings_that_lean_are_told_from_those_that_only_look_so(language: str, opening: str, leans: bool) -> None:
    assert (load_cues(language).leaning.match(opening) is not None) == leans


def test_words_that_news_is_about_count_although_they_are_on_the_stop_list() -> None:
    kept = load_cues("en").content_words

    assert vectors(["the fire"], "en") == [{}]
    assert list(vectors(["the fire"], "en", kept)[0]) == ["fire"]


def test_stems_join_inflected_words_and_stop_words_are_left_out() -> None:
    one, other, third = vectors(["as prefeituras compraram ônibus", "a prefeitura comprou", "a de os para"], "pt-BR")

    assert dot(one, other) > 0.3
    assert third == {}
    assert dot(one, one) == pytest.approx(1)


def test_backward_rank_agrees_with_the_power_iteration() -> None:
    texts = [LEAD, WEATHER, PLANT, REPLACED, "The plant and its workers were discussed by the council on Sunday."]
    found = vectors(texts, "en")
    size = len(found)
    weights = [[dot(found[i], found[j]) if j < i else 0.0 for j in range(size)] for i in range(size)]
    ranks = [1.0] * size
    for _ in range(100):
        ranks = [
            0.15 + 0.85 * sum(ranks[j] * weights[j][i] / sum(weights[j]) for j in range(size) if sum(weights[j]) > 0)
            for i in range(size)
        ]

    assert backward_rank(found) == pytest.approx(ranks)


def test_swaps_fill_the_limit_better_than_greed_alone() -> None:
    options = [
        Option(1.0, 40, 1.0, {"a": 1.0}),
        Option(0.6, 20, 1.0, {"b": 1.0}),
        Option(0.55, 50, 1.0, {"c": 1.0}),
        Option(0.5, 45, 1.0, {"d": 1.0}),
    ]

    assert choose(options, 0, sentences=None, words=90) == [0, 2]
    assert choose(options, 0, sentences=2, words=None) == [0, 1]


ANECDOTE = (
    "Every morning before dawn Ada Brandt carries two buckets up the stairs.\n\n"
    "She is 81 and has done so since her husband died.\n\n"
    "Alder Bay will rebuild its water mains at a cost of $40 million, the mayor said on Monday.\n\n"
    "Work on the mains begins in May and ends in 2029.\n\n"
    "The mains were laid in 1931 and lose a third of the water on the way.\n\n"
    "Water has been cut off on 60 days this year.\n\n"
    "Residents of Alder Bay pay twice as much for water as those of Port Reed.\n\n"
    "The mayor ruled out higher prices for water until the mains are done.\n\n"
    "Pipes for the new mains will come from a factory in Port Reed."
)
NEWS = "Alder Bay will rebuild its water mains at a cost of $40 million, the mayor said on Monday."


@pytest.mark.parametrize("title", ["Alder Bay to rebuild water mains for $40 million", None])
def test_anecdote_at_the_beginning_gives_way_to_the_news(title: str | None) -> None:
    assert summary_of(ANECDOTE, "en", title=title, length=SummaryLength(sentences=1)).text == NEWS


def test_number_and_paragraph_opening_are_preferred() -> None:
    plain = "The plant burns coal from three mines on the other side of the range of hills."
    number = "The plant burns coal from 3 mines on the other side of the range of hills."
    other = "Its chimney can be seen from every street of the harbour and from the islands."

    assert summary_of(f"{LEAD} {other} {number}", "en", length=SummaryLength(sentences=2)).text == f"{LEAD} {number}"
    opening = summary_of(f"{LEAD} {other}\n\n{plain}", "en", length=SummaryLength(sentences=2))
    assert opening.text == f"{LEAD} {plain}"
