"""What holds for every text: nothing is lost, nothing overlaps, nothing is too long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.segment import CountTokens, Document, split
from service.segment.wrapping import SOFT_BREAK, unwrap
from service.types import Span

LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def each(count: Callable[[str], int]) -> CountTokens:
    def count_tokens(texts: Sequence[str]) -> list[int]:
        return [count(text) for text in texts]

    return count_tokens


COUNTERS = {
    "thirds": each(lambda text: len(text) // 3 + 1),
    "words": each(lambda text: len(text.split())),
    "characters": each(len),
    "bytes": each(lambda text: len(text.encode("utf-8", "surrogatepass"))),
    "uneven": each(lambda text: sum(5 if letter in "aeiou" else 1 for letter in text)),
}
FRAGMENTS = [
    *("O governo anunciou", "um pacote", "de medidas", ", disse", ". ", ".", "! ", "? ", "...", "… ", " ", "  ", "\t"),
    *("\n", "\n\n", "\r\n", "\r", "\u2028", "\f", "\u00a0", "\u200b", "\ufeff", "- ", "* ", "• ", "1. ", "a) ", "— "),
    *("> ", "# ", "|", "| ", '"', "“", "”", "«", "»", "(", ")", "; ", ": ", ", ", " e ", " que ", "Sr. ", "a.C. "),
    *("R$ 1.000,50", "n.º ", "III. A", "www.x.com ", "a@b.co ", "#tag ", "https://x.y/z ", "🎉", "👩‍👧", "🇧🇷", "👍🏽"),
    *("e\u0301", "我来了", "。", "，", "今日は", "สวัสดี", "שלום", "नमस्ते", "𝔘", "\ud83d", "\x00", "palavra-\ncomposta"),
    *("anticonstitucionalissimamente", "x"),
]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.lists(st.sampled_from(["o", "governo", "anunciou", "Lula", "pacote", "fim."]), max_size=60).map(
        lambda words: re.sub("(.{40,60}) ", "\\1\n", " ".join(words))
    ),
)
LANGUAGES = st.sampled_from(["pt", "pt-BR", "en", "zh-Hans", "ja", "ar", "de", "und", "xx", "he"])
COUNTS = st.sampled_from(sorted(COUNTERS))
LIMITS = st.integers(1, 40)


def take_apart(text: str, language: str, counter: str, limit: int) -> Document:
    return split(text, language, count_tokens=COUNTERS[counter], max_tokens=limit)


@settings(max_examples=300)
@given(TEXTS, LANGUAGES, COUNTS, LIMITS)
def test_the_parts_are_in_order_and_make_up_the_text(text: str, language: str, counter: str, limit: int) -> None:
    document = take_apart(text, language, counter, limit)
    for spans in (document.sentences, [segment.span for segment in document.segments]):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))
    joined = document.join([segment.text for segment in document.segments])
    assert joined.text == text
    assert all(pair.source == pair.target for pair in joined.sentences)


@settings(max_examples=300)
@given(TEXTS, LANGUAGES, COUNTS, LIMITS)
def test_every_segment_is_fit_to_be_sent(text: str, language: str, counter: str, limit: int) -> None:
    document = take_apart(text, language, counter, limit)
    for segment in document.segments:
        assert len(segment.text) == 1 or COUNTERS[counter]([segment.text])[0] <= limit
        assert segment.text == segment.text.strip()
        assert not LINE_BREAK.search(segment.text)
        assert any(map(str.isalpha, segment.text))
        source = text[segment.span.start : segment.span.end]
        assert segment.text == source or SOFT_BREAK.sub("", source).replace(" ", "") == segment.text.replace(" ", "")
        sentence = document.sentences[segment.sentence]
        assert sentence.start <= segment.span.start < segment.span.end <= sentence.end
    assert sorted({segment.sentence for segment in document.segments}) == list(range(len(document.sentences)))


@given(st.text("ab é.,;!?\n\t🎉1\u0301我。", max_size=80), LANGUAGES, COUNTS, LIMITS)
def test_every_letter_is_in_a_segment(text: str, language: str, counter: str, limit: int) -> None:
    document = take_apart(text, language, counter, limit)
    sent = "".join(segment.text for segment in document.segments)
    assert list(filter(str.isalpha, sent)) == list(filter(str.isalpha, text))


@given(TEXTS, LANGUAGES, st.sampled_from(["palavra", "", "uma frase de várias palavras", "我来了", "x" * 50]))
def test_any_translation_keeps_the_line_breaks(text: str, language: str, output: str) -> None:
    document = take_apart(text, language, "words", 8)
    joined = document.join([output for _ in document.segments])
    assert LINE_BREAK.findall(joined.text) == LINE_BREAK.findall(text)


@given(TEXTS, LANGUAGES)
def test_a_sentence_is_aligned_with_what_its_segments_became(text: str, language: str) -> None:
    document = take_apart(text, language, "words", 3)
    outputs = [f"⟦{number}⟧" for number, _ in enumerate(document.segments)]
    joined = document.join(outputs)
    assert tuple(pair.source for pair in joined.sentences) == document.sentences
    for index, pair in enumerate(joined.sentences):
        own = [text for text, segment in zip(outputs, document.segments, strict=True) if segment.sentence == index]
        assert re.findall(r"⟦\d+⟧", joined.text[pair.target.start : pair.target.end]) == own


@given(st.integers(0, 3), st.lists(st.just("x"), max_size=5))
def test_the_number_of_outputs_must_be_that_of_the_segments(sentences: int, outputs: list[str]) -> None:
    document = take_apart("Uma frase. " * sentences, "pt", "words", 9)
    if len(outputs) == sentences:
        document.join(outputs)
    else:
        with pytest.raises(ValueError, match="argument"):
            document.join(outputs)


@given(TEXTS)
def test_unwrapping_keeps_track_of_every_character(text: str) -> None:
    prose = unwrap(text, Span(0, len(text)))
    for position, character in enumerate(prose.text):
        span = prose.raw(position, position + 1)
        assert text[span.start : span.end] == character or character == " "
