"""Loops, lengths, copies, scripts and capitals, and what only looks like one."""

from __future__ import annotations

import pytest

from service.guards import check

SOURCE = "O ministro negou as acusações e disse que vai recorrer da decisão."


def _codes(source: str, hypothesis: str, before: str = "pt", after: str = "en") -> list[str]:
    return [finding.code for finding in check(source, hypothesis, before, after)]


@pytest.mark.parametrize(
    ("hypothesis", "code"),
    [
        ("The minister denied the the the the the the charges and will appeal.", "repetition"),
        ("The minister said he will, he said he will, he said he will, he said he will, ", "repetition"),
        ("The minister denied hahahahahahahahahaha the charges.", "repetition"),
        ("The minister denied behind the scenes behind the scenes that he will.", "repetition"),
        ("", "too-short"),
        ("No.", "too-short"),
        (
            "The minister denied it. " * 2
            + "But nobody at all could say what had been meant by that or why it was. " * 3,
            "too-long",
        ),
        (SOURCE, "source-copied"),
        ("Министр отверг обвинения и сказал, что обжалует решение.", "wrong-script"),
    ],
)
def test_what_is_no_translation_is_told(hypothesis: str, code: str) -> None:
    assert code in _codes(SOURCE, hypothesis)


@pytest.mark.parametrize(
    ("source", "hypothesis"),
    [
        ("Ele disse não, não, não e não.", "He said no, no, no and no."),
        ("Muito, muito, muito, muito frio.", "Very, very, very, very cold."),
        ("Kkkkkkkkkkkkkkkkkkkk, disse ela.", "Kkkkkkkkkkkkkkkkkkkk, she said."),
        ("Sim.", "Yes."),
        ("Ele disse que tinha tido sorte.", "He said that that had had luck in it."),
        ("Dia após dia, ele espera.", "Day by day by day, he waits."),
        ("Foto: Fernando Frazão/Agência Brasil", "Photo: Fernando Frazão/Agência Brasil"),
        ("A letra grega π e o kanji 日 estão no quadro.", "The Greek letter π and the kanji 日 are on the board."),
        ("O ângulo α é reto.", "The α angle is right."),
        ("Mitchell ficou em décimo primeiro.", "Mitchell finished 11º."),
        ("ONU, OMS e FMI", "UN, WHO and IMF"),
    ],
)
def test_what_only_looks_like_a_fault(source: str, hypothesis: str) -> None:
    assert _codes(source, hypothesis) == []


def test_a_heading_said_twice_is_told() -> None:
    assert _codes("Notícias", "News News") == ["repetition"]


def test_a_sentence_in_capitals_is_told_but_not_tried_again() -> None:
    (finding,) = check("GOVERNO CORTA GASTOS E IRRITA SINDICATOS", "GOVERNMENT CUTS SPENDING, IRKS UNIONS", "pt", "en")
    assert (finding.code, finding.mendable) == ("all-capitals", False)


def test_scripts_without_spaces_have_other_lengths() -> None:
    assert (
        _codes("The government announced new measures against the floods.", "政府宣布应对洪水。", "en", "zh-Hans") == []
    )
    assert _codes("O governo anunciou.", "The government announced it.", "pt", "zh-Hans") == ["wrong-script"]


def test_variants_of_one_language_may_agree_to_the_letter() -> None:
    assert _codes(SOURCE, SOURCE, "pt-PT", "pt-BR") == []
