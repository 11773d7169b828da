"""For any text: nothing is lost or doubled between a text and its passages, whatever a model makes of them."""

from __future__ import annotations

import random
import re
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.markup import may_have_spans
from service.markup.glossary import compiled
from service.markup.hint import STAND_IN
from service.markup.passage import Passage
from service.markup.veil import veiled
from service.types import Span

SPANS = [
    *("https://exemplo.org/a_(b)?c=1&d=%20#e", "http://x.io", "www.exemplo.com.br/é", "dados.exemplo.org/a"),
    *(
        "ana.souza@exemplo.org",
        "`x = y`",
        "``a`b``",
        "{nome}",
        "{{a b}}",
        "${x}",
        "{0}",
        "<b>",
        "</b>",
        '<a href="x y">',
    ),
    *("%s", "%(nome)s", "%1$s", "%.2f", "@maria_silva", "@ana.souza", "@a@b.org", "#tbt", "#eleições2024"),
    *("😀", "👍🏽", "🇧🇷", "👨‍👩‍👧", "❤️", "1️⃣", "→", STAND_IN),
]
WORDS = [
    "o",
    "menino",
    "leu",
    "A",
    "carta,",
    "(e",
    "fim)",
    "“sim”",
    "Q8W5",
    "x9b3",
    "R2D",
    "15%",
    "R$ 5",
    "\n",
    "a.",
    "…",
]
pieces = st.lists(st.one_of(st.sampled_from(SPANS), st.sampled_from(WORDS), st.text(max_size=6)), max_size=14)
spaced = pieces.map(" ".join)
texts = st.one_of(spaced, pieces.map("".join))
TERMS = (("menino", "boy wonder"), ("carta", "carta"), ("o menino", "the lad"))


def passage_of(text: str) -> Passage | None:
    veil = veiled(text, None)
    return None if veil is None else veil.passage(veil.text, Span(0, len(text)))


@given(texts)
def test_every_character_keeps_its_place_behind_the_veil(text: str) -> None:
    veil = veiled(text, None)
    if veil is None:
        return
    assert len(veil.text) == len(text)
    hidden = {at for one in veil.literals for at in range(one.span.start, one.span.end)}
    assert all((veil.text[at] == STAND_IN) if at in hidden else (veil.text[at] == text[at]) for at in range(len(text)))


@given(texts)
def test_a_model_that_copies_gives_the_text_back(text: str) -> None:
    passage = passage_of(text)
    if passage is not None:
        assert passage.text == text
        assert passage.restore(passage.sent) == (text, ())


@given(texts)
def test_no_span_is_given_to_the_model(text: str) -> None:
    passage = passage_of(text)
    if passage is not None:
        assert Counter(item.sent for item in passage.items).most_common(1)[0][1] == 1
        assert all(passage.sent.upper().count(item.sent) == 1 for item in passage.items)


@settings(max_examples=300)
@given(spaced, st.integers(), st.sampled_from(["drop", "double", "lower", "shuffle", "empty", "garble"]))
def test_whatever_a_model_does_each_span_is_there_and_no_code(text: str, seed: int, fault: str) -> None:
    passage = passage_of(text)
    if passage is None:
        return
    words = passage.sent.split(" ")
    chance = random.Random(seed)
    if fault == "drop":
        words = [word for word in words if chance.random() < 0.6]
    elif fault == "double":
        words = [word for word in words for _ in range(chance.choice((1, 2)))]
    elif fault == "lower":
        words = [word.lower() for word in words]
    elif fault == "shuffle":
        chance.shuffle(words)
    elif fault == "empty":
        words = []
    else:
        words = [word[:-1] if re.fullmatch(r"[A-Z0-9]{4}", word) else word for word in words]
    restored, lost = passage.restore(" ".join(words))
    whole = passage.place(restored, lost)
    for kept, times in Counter(item.text for item in passage.items).items():
        assert whole.count(kept) >= times
    own = text.upper()
    assert not [item.sent for item in passage.items if item.sent in whole.upper() and item.sent not in own]


@given(texts)
def test_terms_and_spans_do_not_overlap(text: str) -> None:
    veil = veiled(text, compiled(TERMS))
    assert veil is not None
    passage = veil.passage(veil.text, Span(0, len(text)))
    if passage is None:
        return
    ends = [0]
    for item in passage.items:
        assert ends[-1] <= item.span.start < item.span.end
        ends.append(item.span.end)
        if item.kind != "glossary":
            assert text[item.span.start : item.span.end] == item.text
    assert passage.coded().items


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("frame", ["O menino leu {} ontem.", "{} chegou", "leu ({})", "“{}”", "leu {}.", "x, {}; y"])
def test_every_kind_is_found_whole(span: str, frame: str) -> None:
    text = frame.replace("{}", span)
    assert may_have_spans(text)
    passage = passage_of(text)
    assert passage is not None
    assert [item.text for item in passage.items] == [span]


@pytest.mark.parametrize(
    "text",
    [
        "O preço subiu 15% em 2024, disse ele.",
        "Ele disse.Eu fui embora.",
        "A conta 5 < 7 e 9 > 3 está certa.",
        "Custa R$ 3,50 & nada mais; 50% de desconto.",
        "C# e F# são linguagens, e 3 * 4 = 12.",
        "Às 10:30, na rua 7.",
        "It's a so-called “test” – no more…",
    ],
)
def test_ordinary_text_has_none(text: str) -> None:
    assert passage_of(text) is None


@pytest.mark.parametrize(
    ("terms", "text", "found"),
    [
        ({"real": "REAL"}, "O real e o irreal; reais.", ["REAL"]),
        ({"Real": "club", "real": "coin"}, "Real, real e REAL", ["club", "coin", "club"]),
        ({"tribunal": "c", "Supremo Tribunal": "sc"}, "O Supremo Tribunal e o tribunal", ["sc", "c"]),
        ({"a b": "1", "b c d": "2"}, "a b c d", ["2"]),
        ({"chefe  de   estado": "head"}, "o chefe de estado", ["head"]),
        ({"C++": "C++"}, "em C++ e C", ["C++"]),
        ({"exemplo": "example"}, "exemplo em https://exemplo.org", ["example", "https://exemplo.org"]),
        ({"@g1": "@globo"}, "disse @g1 hoje", ["@globo"]),
        ({"東京": "Tokyo"}, "私は東京に住む", ["Tokyo"]),
        ({"ção": "x"}, "a nação", []),
        (
            {"PRÉ-SAL": "subsalt", "(x) y": "z", "termo_a": "t"},
            "pré-sal, (x) y, termo_a, termo_ab",
            ["subsalt", "z", "t"],
        ),
    ],
)
def test_terms_are_found_as_words_the_longest_first(terms: dict[str, str], text: str, found: list[str]) -> None:
    veil = veiled(text, compiled(tuple(terms.items())))
    assert veil is not None
    passage = veil.passage(veil.text, Span(0, len(text)))
    assert [item.text for item in passage.items] == found if passage else not found


@pytest.mark.parametrize(
    "unit", ["a", "a.", "@", "{", "`", "%", "<a ", "#a", "https://", "😀", "a-", "www.", "{{ ", "("]
)
def test_long_runs_take_linear_time(unit: str) -> None:
    text = unit * 20_000
    started = time.perf_counter()
    veil = veiled(text, None)
    if veil is not None:
        veil.whole(Span(1, len(text) - 1))
    assert time.perf_counter() - started < 3


def test_a_large_glossary_costs_little() -> None:
    glossary = compiled(tuple((f"termo{number} de arte", str(number)) for number in range(1000)))
    text = "O termo7 de arte foi lido ontem na reunião da câmara, e o termo999 de arte também, sem mais. " * 20
    started = time.perf_counter()
    found = glossary.find(text, bytearray(len(text)))
    assert [rendering for _, rendering in found] == ["7", "999"] * 20
    assert time.perf_counter() - started < 0.5
