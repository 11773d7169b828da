"""Facts are compared by meaning: other customs say the same, another digit never does."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.guards import check
from service.guards.wording import in_sentence_case, reworded

FACTS = {
    "number-lost",
    "time-lost",
    "date-lost",
    "percent-lost",
    "currency-lost",
    "currency-changed",
    "unit-changed",
    "number-added",
}
LANGUAGES = ["pt", "en", "es", "fr", "de"]
POINT, COMMA = str.maketrans("", ""), str.maketrans(",.", ".,")
WORDS = (
    "R$ US$ € % . , : / - h ¾ 's ° ( ) m2 thirty-four half million milhões mil meio março às p.m. km XIV século anos"
)
PIECES = st.sampled_from([" ", *WORDS.split(), *(f" {word} " for word in WORDS.split())])


def _facts(source: str, hypothesis: str, before: str, after: str) -> list[str]:
    return [finding.message for finding in check(source, hypothesis, before, after) if finding.code in FACTS]


@pytest.mark.parametrize("language", LANGUAGES)
@given(parts=st.lists(st.one_of(PIECES, st.integers(0, 10**7).map(str)), max_size=12))
def test_a_text_has_all_its_own_facts(language: str, parts: list[str]) -> None:
    text = "".join(parts)
    assert _facts(text, text, language, language) == []


@given(text=st.text(max_size=80))
def test_any_text_can_be_checked_against_any_other(text: str) -> None:
    assert _facts(text, text, "pt", "pt") == []
    check(text, text[::-1], "pt", "en")


@pytest.mark.parametrize(("before", "after"), [("pt", "en"), ("en", "pt"), ("de", "en"), ("en", "es"), ("fr", "en")])
@given(amount=st.one_of(st.integers(0, 10**10), st.decimals(0, 10**7, places=2), st.decimals(0, 99, places=1)))
def test_the_other_language_s_marks_say_the_same(before: str, after: str, amount: object) -> None:
    english = f"{amount:,}"
    source = english.translate(POINT if before == "en" else COMMA)
    hypothesis = english.translate(POINT if after == "en" else COMMA)
    assert _facts(f"({source})", f"({hypothesis})", before, after) == []


@pytest.mark.parametrize(("before", "after"), [("pt", "en"), ("en", "pt"), ("es", "fr"), ("fr", "de")])
@given(amounts=st.lists(st.integers(0, 10**9), min_size=1, max_size=4), data=st.data())
def test_a_changed_digit_is_always_told(before: str, after: str, amounts: list[int], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(amounts) - 1))
    digits = str(amounts[which])
    place = data.draw(st.integers(0, len(digits) - 1))
    digit = data.draw(st.sampled_from([one for one in "0123456789" if one != digits[place]]))
    changed = digits[:place] + digit + digits[place + 1 :]
    assume(changed == "0" or not changed.startswith("0"))
    rendered = [str(amount) for amount in amounts]
    rendered[which] = changed
    source = "; ".join(f"({amount})" for amount in amounts)
    assert _facts(source, "; ".join(f"({amount})" for amount in rendered), before, after)


@pytest.mark.parametrize(
    ("before", "source", "after", "hypothesis"),
    [
        ("pt", "às 12h GMT", "en", "at 1200 GMT"),
        ("pt", "na casa dos 20 anos", "en", "in his twenties"),
        ("en", "in the 1800s", "pt", "no século XIX"),
        ("pt", "1,2 mil", "en", "1,200"),
        ("pt", "2 milhões e 300 mil", "en", "2.3 million"),
        ("de", "zweihundertfünfzig Tausend Euro, 30 Prozent", "en", "250,000 euros, thirty percent"),
        ("fr", "80 % des XVIIe et XVIIIe siècles", "en", "eighty percent of the 17th and 18th centuries"),
        ("es", "1,5 billones de pesos", "en", "1.5 trillion pesos"),
        ("en", "km2: 850 km²", "pt", "850 quilômetros quadrados"),
        ("en", "45 million Australian dollars", "pt", "45 milhões de dólares australianos"),
        ("pt", "2.000 km (1.243 milhas)", "en", "2,000 km (1,243 miles)"),
        ("pt", "em décimo terceiro lugar", "en", "in thirteenth place"),
        ("pt", "R$ 940 milhões um ano antes", "en", "R$940 million a year earlier"),
        ("pt", "30 minutos depois", "en", "half an hour later"),
        ("pt", "na quinta-feira, 12", "en", "on Thursday, 12"),
        ("fr", "quatre-vingt-dix-sept élus", "en", "97 elected members"),
        ("pt", "mínima de 2 graus negativos", "en", "a low of -2°C"),
        ("pt", "O papa João XXIII", "en", "Pope John 23"),
        ("pt", "ligue para (11) 3311-4000", "en", "call +55 (11) 3311-4000"),
    ],
)
def test_what_says_the_same_is_no_fault(before: str, source: str, after: str, hypothesis: str) -> None:
    assert _facts(source, hypothesis, before, after) == []


@pytest.mark.parametrize(
    ("source", "hypothesis", "code"),
    [
        ("Três pessoas morreram.", "Four people died.", "number-lost"),
        ("pela quarta vez", "for the fifth time", "number-lost"),
        ("Pedro II reinou muito.", "The late Pedro I reigned long.", "number-lost"),
        ("A mínima foi de -2 °C.", "The low was 2°C.", "number-lost"),
        ("O ministro saiu.", "The minister left with 12 others.", "number-added"),
        ("Subiu 0,3%.", "It rose 0.3.", "percent-lost"),
        ("R$ 5 milhões e US$ 3 milhões", "R$3 million and US$5 million", "currency-changed"),
        ("5 milhões e 3 mil", "5 thousand and 3 million", "number-lost"),
    ],
)
def test_what_became_another_is_told(source: str, hypothesis: str, code: str) -> None:
    assert code in {finding.code for finding in check(source, hypothesis, "pt", "en")}


def test_a_small_number_in_words_may_go_unsaid() -> None:
    assert _facts("Os três homens saíram.", "The men left.", "pt", "en") == []


@pytest.mark.parametrize("pair", [("ja", "en"), ("en", "ru"), ("und", "pt")])
def test_numbers_are_compared_only_where_they_can_be_read(pair: tuple[str, str]) -> None:
    assert _facts("A B C 1234", "A B C", *pair) == []
    assert [one.code for one in check("x {name}", "x", *pair)] == ["placeholder-lost"]


def test_a_second_try_is_worded_in_common_characters() -> None:
    assert reworded("29¾ by 24½, from ¥2,500", "en") == "29 3/4 by 24 1/2, from 2,500 yen"
    assert reworded("½ cup, 30% off", "en") == "1/2 cup, 30% off"
    assert reworded("Between 10:00-11:00 pm MDT, at 9 a.m. and 12:05 a.m.", "en") == (
        "Between 22:00-23:00 MDT, at 9:00 and 0:05."
    )
    assert reworded("às 10 pm", "pt") == "às 10 pm"


def test_capitals_become_a_sentence() -> None:
    assert in_sentence_case("“O STF E A CPI: GREVE NO RIO”") == "“O STF e a cpi: greve no rio”"
    assert in_sentence_case("123") == "123"
