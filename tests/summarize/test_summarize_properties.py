"""What holds for every text: exact spans, order, limits, the lead, and the same answer twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sample_articles import load_articles
from summarize_texts import codes, split

from service.summarize import SourceSentence, count_words, summarize
from service.types import Summary, SummaryLength

ARTICLE_LINES = sorted({line for article in load_articles() for line in article.text.splitlines() if line.strip()})
LANGUAGES = st.sampled_from(["pt", "pt-BR", "en", "es", "fr", "de", "it", "nl", "zh-Hans", "und", "no", "ru"])
LENGTHS = st.one_of(
    st.builds(SummaryLength, sentences=st.integers(1, 100)),
    st.builds(SummaryLength, sentences=st.integers(1, 5), words=st.integers(1, 400)),
)
TITLES = st.one_of(st.none(), st.sampled_from(ARTICLE_LINES), st.text(max_size=60))

prose = st.lists(st.sampled_from(ARTICLE_LINES), max_size=25).map("\n\n".join)
marks = st.sampled_from(" \n.,;:!?\"'“”«»()[]—–-•*/_@#0123AaÉé市。")
noise = st.text(alphabet=st.one_of(marks, st.characters(codec="utf-8")), max_size=300)


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, list[SourceSentence]]:
    """A text and any ordered, disjoint spans of it, empty ones and white space included."""
    text = draw(noise)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=20)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    words = draw(st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=len(pairs), max_size=len(pairs)))
    return text, [
        SourceSentence(text[start:end], start, end, cost) for (start, end), cost in zip(pairs, words, strict=True)
    ]


def check(text: str, sentences: list[SourceSentence], summary: Summary, length: SummaryLength) -> None:
    for sentence in summary.sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text.strip() == sentence.text != ""
        assert any(source.start <= sentence.start < sentence.end <= source.end for source in sentences)
    ends = [0] + [sentence.end for sentence in summary.sentences]
    assert all(end <= sentence.start for end, sentence in zip(ends, summary.sentences, strict=False))
    assert summary.text.split() == " ".join(sentence.text for sentence in summary.sentences).split()
    if length.words is None and length.sentences is not None:
        assert len(summary.sentences) <= length.sentences
        assert ("short-text" in codes(summary)) == (len(summary.sentences) < length.sentences)
    assert summary.method == "extractive"


@given(prose, LANGUAGES, LENGTHS, TITLES)
def test_summaries_of_article_lines(text: str, language: str, length: SummaryLength, title: str | None) -> None:
    sentences = split(text, language)

    summary = summarize(text, sentences, language=language, length=length, title=title)

    check(text, sentences, summary, length)
    assert bool(summary.sentences) == bool(sentences)
    words = sum(count_words(sentence.text) for sentence in summary.sentences)
    if length.words is not None:
        assert ("over-length" in codes(summary)) == (words > length.words)
        assert words <= length.words or len(summary.sentences) == 1
    assert summary == summarize(text, sentences, language=language, length=length, title=title)


@given(spans(), LANGUAGES, LENGTHS, TITLES)
def test_summaries_of_any_spans_of_any_text(
    document: tuple[str, list[SourceSentence]], language: str, length: SummaryLength, title: str | None
) -> None:
    text, sentences = document

    check(text, sentences, summarize(text, sentences, language=language, length=length, title=title), length)


@given(prose, LANGUAGES, LENGTHS, TITLES)
def test_lead_is_in_the_summary_of_every_length(
    text: str, language: str, length: SummaryLength, title: str | None
) -> None:
    sentences = split(text, language)

    one = summarize(text, sentences, language=language, length=SummaryLength(sentences=1), title=title)
    more = summarize(text, sentences, language=language, length=length, title=title)

    assert set(one.sentences) <= set(more.sentences)
