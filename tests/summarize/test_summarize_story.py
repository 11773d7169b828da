"""Several texts about one story: one summary, nothing said twice, every sentence attributed."""

from __future__ import annotations

import pytest
from summarize_texts import codes, split, summary_of

from service.errors import InvalidInput
from service.summarize import StorySummary, StoryText, count_words, summarize_story
from service.types import SummaryLength

FIRST = (
    "By Ada Brandt\n\n"
    "Alder Bay will close its last coal plant by the end of 2027, the city council decided on Monday.\n\n"
    "The plant employs 210 people and supplies a third of the city's electricity.\n\n"
    "A solar park and two wind farms are to take its place at a cost of $90 million."
)
SECOND = (
    "ALDER BAY (AP) -- The city council of Alder Bay decided on Monday to close its last coal plant by the end of "
    "2027.\n\n"
    "Workers will be offered jobs at the new solar park, the energy company Brightwater said.\n\n"
    "The vote was nine to four, and three members of the opposition joined the mayor."
)
THIRD = (
    "The coal plant of Alder Bay employs 210 people and supplies a third of the electricity of the city.\n\n"
    "Environmental groups had called for its closure since soot was found in school playgrounds in 2019.\n\n"
    "Photo: Carl Reis/Handout"
)


def story(*texts: str, length: SummaryLength, language: str = "en") -> StorySummary:
    return summarize_story([StoryText(one, split(one, language)) for one in texts], language=language, length=length)


def test_nothing_is_said_twice_and_every_text_adds_to_it() -> None:
    summary = story(FIRST, SECOND, THIRD, length=SummaryLength(sentences=20))

    assert summary.text.count("coal plant") == 1
    assert summary.text.count("210 people") == 1
    assert {sentence.sources[0].text for sentence in summary.sentences} == {0, 1, 2}
    assert "nine to four" in summary.text
    assert "By Ada" not in summary.text
    assert "Photo" not in summary.text


def test_sources_say_where_a_sentence_stands_and_who_says_the_same() -> None:
    texts = (FIRST, SECOND, THIRD)

    summary = story(*texts, length=SummaryLength(sentences=2))

    for sentence in summary.sentences:
        own, *others = sentence.sources
        assert texts[own.text][own.start : own.end] == sentence.text
        assert all(other.text != own.text for other in others)
    lead, *_ = summary.sentences
    assert [(one.text, texts[one.text][one.start : one.end]) for one in lead.sources[1:]] == [
        (1, "The city council of Alder Bay decided on Monday to close its last coal plant by the end of 2027.")
    ]


@pytest.mark.parametrize("length", [SummaryLength(words=40), SummaryLength(sentences=None, ratio=0.4)])
def test_lengths_hold_for_all_texts_together(length: SummaryLength) -> None:
    body = sum(count_words(summary_of(text, "en").text) for text in (FIRST, SECOND, THIRD))

    summary = story(FIRST, SECOND, THIRD, length=length)

    limit = length.words or int(0.4 * body)
    assert 0.6 * limit <= count_words(summary.text) <= limit


def test_one_text_is_summarized_as_by_itself() -> None:
    alone = summary_of(FIRST, "en", length=SummaryLength(sentences=2))

    assert story(FIRST, length=SummaryLength(sentences=2)).text == alone.text


def test_texts_without_a_sentence_give_an_empty_summary() -> None:
    assert [notice.code for notice in story("", " ", length=SummaryLength(3)).warnings] == ["short-text"]


def test_no_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="texts: must not be an empty list"):
        summarize_story([], language="en", length=SummaryLength(3))


@pytest.mark.parametrize("ratio", [0.2, 0.5, 1.0])
def test_ratio_is_a_share_of_the_words_of_the_body(ratio: float) -> None:
    text = FIRST + " " + SECOND + " " + THIRD
    body = count_words(summary_of(text, "en").text)

    summary = summary_of(text, "en", length=SummaryLength(sentences=None, ratio=ratio))

    assert count_words(summary.text) <= int(ratio * body)
    assert count_words(summary.text) >= 0.7 * int(ratio * body)
    assert "over-length" not in codes(summary)


@pytest.mark.parametrize("ratio", [0.0, -0.1, 1.01])
def test_ratio_out_of_bounds_is_refused(ratio: float) -> None:
    with pytest.raises(InvalidInput, match="ratio") as refusal:
        summary_of(FIRST, "en", length=SummaryLength(sentences=None, ratio=ratio))
    assert refusal.value.field == "ratio"
