"""The faithfulness guard: on sentences made by program, by kind, and on single faults that it must know."""

from __future__ import annotations

from collections import Counter

import pytest
from faithfulness_set import FREE, KINDS, UNSEEN, Case, articles, corrupted_cases, free_cases, true_cases

from service.segment import sentences
from service.summarize import SourceSentence
from service.summarize.faithfulness import Guard

COUNT = 200


def judged(cases: list[Case]) -> list[bool]:
    """Whether the guard lets each pass."""
    return [case.article.guard.check(case.text).problem is None for case in cases]


def guard(text: str, language: str = "en") -> Guard:
    return Guard([SourceSentence(text[s.start : s.end], s.start, s.end) for s in sentences(text, language)], language)


def test_the_set_has_twenty_articles_and_two_hundred_of_each() -> None:
    true, corrupted = true_cases(COUNT), corrupted_cases(COUNT)
    assert len(articles()) >= 20
    assert len({(case.article.id, case.text) for case in true}) == len(true) == COUNT
    assert len(corrupted) == COUNT
    assert min(Counter(case.kind for case in corrupted)[kind] for kind in KINDS) >= 25
    assert sum(case.kind == "written" for case in true) >= 60


def test_true_sentences_pass() -> None:
    assert judged(true_cases(COUNT)).count(False) <= 0.10 * COUNT


def test_true_sentences_written_by_hand_pass() -> None:
    written = [case for case in true_cases(COUNT) if case.kind == "written"]
    assert judged(written).count(False) <= 0.10 * len(written)


@pytest.mark.parametrize("kind", KINDS)
def test_corrupted_sentences_are_caught(kind: str) -> None:
    cases = [case for case in corrupted_cases(COUNT) if case.kind == kind]
    passed = [case.text for case, good in zip(cases, judged(cases), strict=True) if good]
    assert len(passed) <= 0.10 * len(cases), passed


def test_the_figures_hold_on_further_articles() -> None:
    true, corrupted = true_cases(80, UNSEEN), corrupted_cases(COUNT, UNSEEN)
    assert len(true) == 80
    assert len(corrupted) == COUNT
    assert judged(true).count(False) <= 0.10 * len(true)
    assert judged(corrupted).count(True) <= 0.05 * len(corrupted)


def test_false_sentences_in_free_words_are_caught() -> None:
    cases = [case for case in free_cases() if not case.true]
    assert len(cases) == 140
    assert judged(cases).count(True) <= 0.06 * len(cases)
    made = corrupted_cases(COUNT, FREE)
    assert len(made) == COUNT
    assert judged(made).count(True) <= 0.06 * COUNT


def test_compressions_pass_that_were_written_without_sight_of_the_guard() -> None:
    cases = [case for case in free_cases() if case.kind == "compression"]
    assert len(cases) == 84
    assert judged(cases).count(False) <= 0.05 * len(cases)


@pytest.mark.parametrize("case", articles(), ids=lambda case: case.id)
def test_every_sentence_of_an_article_supports_itself(case: object) -> None:
    (article,) = [one for one in articles() if one is case]
    for sentence in article.sentences:
        verdict = article.guard.check(sentence)
        assert verdict.problem is None, sentence
        assert sentence in [article.text[span.start : span.end] for span in verdict.sources]


SOURCE = (
    "The council of Alder voted 7-2 on Monday to buy the Grand Theater for $1.9 million. Nobody was hurt when the roof "
    "fell in March. Mayor Ann Pole said that repairs may cost more than $600,000. Bo Quist denied that he had seen the "
    "report. Alder sued Borne over the river in 1998. She did not reply to letters."
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("The council voted 7-2 to buy the Grand Theater.", None),
        ("On Monday, the council of Alder voted 7-2 to buy the Grand Theater for $1.9 million.", None),
        ("The council of Alder voted 2-7 to buy the Grand Theater.", "order"),
        ("The council of Alder voted 7-2 to buy the Grand Theater for $1.8 million.", "number"),
        ("The council of Alder voted 7-2 to buy the Grand Theater for 1.9 million euros.", "number"),
        ("The council of Alder voted on Sunday to buy the Grand Theater.", "day"),
        ("The council of Alder voted not to buy the Grand Theater.", "negation"),
        ("The council of Alder voted to sell the Grand Theater.", "unsupported"),
        ("The council of Borne voted 7-2 to buy the Grand Theater.", "name"),
        ("The roof fell in April.", "day"),
        ("Mayor Ann Pole said that repairs may cost less than $600,000.", "number"),
        ("Mayor Ann Pole said that repairs cost more than $600,000.", "doubt"),
        ("Repairs may cost more than $600,000, Mayor Ann Pole said.", None),
        ("According to Mayor Ann Pole, repairs may cost more than $600,000.", None),
        ("Repairs may cost more than $600,000.", "attribution"),
        ("Bo Quist said that repairs may cost more than $600,000.", "name"),
        ("Bo Quist said that he had seen the report.", "attribution"),
        ("Borne sued Alder over the river in 1998.", "order"),
        ("Borne was sued by Alder over the river in 1998.", None),
        ("The council of Alder voted 7-2 (to buy the Grand Theater.", "malformed"),
        ("Alder sued Borne over the river in 1998, and nobody was hurt when the roof fell in March.", None),
        ("Martians landed in the river.", "unsupported"),
        ("...", "unsupported"),
    ],
)
def test_one_fault_is_told_from_none(text: str, problem: str | None) -> None:
    found = guard(SOURCE).check(text).problem
    assert (found is None) == (problem is None), found
    if problem in {"number", "day", "negation", "doubt", "malformed"}:
        assert found == problem


def test_a_fusion_names_both_of_its_sources() -> None:
    verdict = guard(SOURCE).check(
        "Alder sued Borne over the river in 1998, and nobody was hurt when the roof fell in March."
    )
    assert [SOURCE[span.start : span.end][:5] for span in verdict.sources] == ["Nobod", "Alder"]


@pytest.mark.parametrize(
    ("language", "source", "true", "false"),
    [
        (
            "es",
            "El ayuntamiento de Olmeda aprobó el lunes la compra del teatro por 2 millones de euros. La alcaldesa "
            "Pilar Soto dijo que la obra no empezará antes de marzo.",
            "El ayuntamiento de Olmeda aprobó la compra del teatro por 2 millones de euros.",
            "La alcaldesa Pilar Soto dijo que la obra empezará antes de marzo.",
        ),
        (
            "fr",
            "La ville d'Aubrac a acheté lundi le théâtre pour 2 millions d'euros. La maire Claire Faure a déclaré que "
            "les travaux ne commenceront pas avant mars.",
            "La ville d'Aubrac a acheté le théâtre pour 2 millions d'euros.",
            "La ville d'Aubrac a acheté mardi le théâtre pour 2 millions d'euros.",
        ),
        (
            "de",
            "Die Stadt Ahlbach kaufte am Montag das Theater für 2 Millionen Euro. Bürgermeisterin Petra Lang sagte, "
            "der Umbau werde nicht vor März beginnen.",
            "Die Stadt Ahlbach kaufte das Theater für 2 Millionen Euro.",
            "Die Stadt Ahlbach kaufte das Theater für 3 Millionen Euro.",
        ),
    ],
)
def test_other_languages_are_read_too(language: str, source: str, true: str, false: str) -> None:
    assert guard(source, language).check(true).problem is None
    assert guard(source, language).check(false).problem is not None


def test_a_language_without_lists_still_needs_the_words() -> None:
    source = "Miasto Olszyna kupiło w poniedziałek teatr za 2 miliony złotych."
    assert guard(source, "pl").check("Miasto Olszyna kupiło teatr za 2 miliony złotych.").problem is None
    assert guard(source, "pl").check("Miasto Brzezina kupiło teatr za 2 miliony złotych.").problem is not None
    assert guard(source, "pl").check("Miasto Olszyna kupiło teatr za 3 miliony złotych.").problem is not None


@pytest.mark.parametrize(
    ("language", "source", "text", "supported"),
    [
        # Nobody's words, and so no attribution; but a doubt.
        (
            "en",
            "Police found 300 bicycles, thought to be stolen, in a barn.",
            "Police found 300 bicycles in a barn.",
            True,
        ),
        ("en", "The bicycles are thought to be stolen goods.", "The bicycles are stolen goods.", False),
        ("en", "The bicycles are thought to be stolen goods.", "They are thought to be stolen goods.", True),
        # An abbreviation in brackets names the speaker too.
        (
            "pt",
            "As vendas caíram 1,8% em março, informou o Instituto de Estatística (IEG).",
            "As vendas caíram 1,8% em março, informou o IEG.",
            True,
        ),
        # "segunda-feira" is no ordinal; a share is no year.
        (
            "pt",
            "O museu vai devolver o manto, anunciaram nesta sexta-feira os ministros.",
            "O museu vai devolver o manto, anunciaram nesta segunda-feira os ministros.",
            False,
        ),
        ("en", "Ana Pole won the vote of 2014 in Alder.", "Ana Pole won 2014% of the vote in Alder.", False),
        # What "after" opens may stand for itself.
        (
            "en",
            "Tarnwick lost after Luca Mar was sent off for a second yellow card.",
            "Luca Mar was sent off for a second yellow card.",
            True,
        ),
        # "contou que" is followed by what was told, not by who told it.
        (
            "pt",
            "Uma das vítimas, o motorista Adilson Prates, de 46 anos, contou que perdeu R$ 39 mil, o que juntou.",
            "O motorista Adilson Prates contou que perdeu R$ 39 mil.",
            True,
        ),
    ],
)
def test_what_free_sentences_taught(language: str, source: str, text: str, supported: bool) -> None:
    assert (guard(source, language).check(text).problem is None) == supported
