"""Sentences over the token limit: where they are cut, how evenly, and at what cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from service.segment import Document, split


class Counter:
    """Counts words and remembers how many texts came in each call."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls.append(len(texts))
        return [len(text.split()) for text in texts]


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def texts_of(document: Document) -> list[str]:
    return [segment.text for segment in document.segments]


@pytest.mark.parametrize(
    ("sentence", "limit", "expected"),
    [
        (
            "A inflação subiu em março; os juros, segundo o banco, devem continuar altos.",
            9,
            ["A inflação subiu em março;", "os juros, segundo o banco, devem continuar altos."],
        ),
        (
            "A inflação subiu em março no país, mas os juros vão cair até maio.",
            8,
            ["A inflação subiu em março no país,", "mas os juros vão cair até maio."],
        ),
        (
            "A inflação subiu muito em março e os juros altos devem continuar assim.",
            9,
            ["A inflação subiu muito em março", "e os juros altos devem continuar assim."],
        ),
        (
            "A inflação subiu em março — a maior alta desde o começo do ano.",
            9,
            ["A inflação subiu em março", "— a maior alta desde o começo do ano."],
        ),
        (
            "um dois três quatro cinco seis sete oito nove dez",
            5,
            ["um dois três", "quatro cinco seis", "sete oito nove dez"],
        ),
    ],
)
def test_a_long_sentence_is_cut_at_a_pause_near_the_middle(sentence: str, limit: int, expected: list[str]) -> None:
    assert texts_of(split(sentence, "pt", count_tokens=words, max_tokens=limit)) == expected


def test_a_sentence_that_a_stray_quotation_mark_made_long_is_cut_between_sentences() -> None:
    text = 'Ele disse: "vamos embora agora. ' + "A festa acabou cedo demais. " * 4 + "Todos foram para casa."
    pieces = texts_of(split(text, "pt", count_tokens=words, max_tokens=12))
    assert all(piece.endswith(".") for piece in pieces)


def test_pieces_are_about_equally_long() -> None:
    sentence = " ".join(f"palavra{number}" for number in range(1000))
    lengths = words(texts_of(split(sentence, "pt", count_tokens=words, max_tokens=64)))
    assert max(lengths) <= 64
    assert min(lengths) >= 0.4 * max(lengths)
    assert len(lengths) <= 1000 / 64 * 1.35


def test_pieces_belong_to_their_sentence_and_join_with_what_was_between_them() -> None:
    text = "Um dois  três\u00a0quatro cinco seis. Sete."
    document = split(text, "pt", count_tokens=words, max_tokens=2)
    assert [segment.sentence for segment in document.segments][-1] == 1
    outputs = [f"<{number}>" for number, _ in enumerate(document.segments)]
    gaps = re.split(r"<\d+>", document.join(outputs).text)
    assert "".join(gap + piece for gap, piece in zip(gaps, texts_of(document), strict=False)) == text
    aligned = document.join(outputs)
    first, last = (aligned.text[pair.target.start : pair.target.end] for pair in aligned.sentences)
    assert first.startswith("<0>")
    assert last == outputs[-1]


def test_a_word_without_spaces_is_cut_into_pieces_that_fit() -> None:
    document = split("a" * 5000, "pt", count_tokens=characters, max_tokens=128)
    assert "".join(texts_of(document)) == "a" * 5000
    assert max(map(len, texts_of(document))) <= 128
    assert document.join(texts_of(document)).text == "a" * 5000


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301\u0323",
        "👩‍👩‍👧‍👦a",
        "👍🏽a",
        "🇧🇷🇵🇹a",
        "क्षि",
        "\u1112\u1161\u11ab",
        "\U0001f3f4\U000e0067\U000e0062\U000e007fa",
        "\ud83d\ude00a",
    ],
)
def test_a_hard_cut_leaves_characters_whole(cluster: str) -> None:
    text = cluster * 300
    document = split(text, "pt", count_tokens=characters, max_tokens=40)
    starts = {segment.span.start for segment in document.segments} | {s.span.end for s in document.segments}
    whole = {index * len(cluster) for index in range(301)}
    # A cut may also fall before the letter at the end, or where a symbol is left out at the edge of a piece.
    inner = {index * len(cluster) + len(cluster) - 1 for index in range(300)} if cluster.endswith("a") else set()
    if cluster.startswith("🇧🇷"):
        inner |= {index * len(cluster) + 2 for index in range(300)}
    assert starts <= whole | inner
    assert len(document.segments) > 5


def test_a_character_too_long_for_the_limit_is_cut_rather_than_sent_too_long() -> None:
    document = split("a" + "\u0301" * 500, "pt", count_tokens=characters, max_tokens=50)
    assert max(map(len, texts_of(document))) <= 50


def test_sentences_are_counted_in_one_call_and_pieces_in_few() -> None:
    counter = Counter()
    split("Uma frase curta. Outra frase curta.\n\nMais uma.", "pt", count_tokens=counter, max_tokens=10)
    assert counter.calls == [3]
    counter = Counter()
    split("\n\n".join(["palavra " * 900, "curta e boa"] * 20), "pt", count_tokens=counter, max_tokens=50)
    assert counter.calls[0] == 40
    assert len(counter.calls) <= 3
    counter = Counter()
    split("1 2 3\n\n---", "pt", count_tokens=counter, max_tokens=10)
    assert counter.calls == []


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_tokens must be at least 1"):
        split("Bom dia.", "pt", count_tokens=words, max_tokens=0)


def test_a_counter_that_loses_count_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        split("Bom dia.", "pt", count_tokens=lambda texts: [1 for _ in texts[1:]], max_tokens=5)
