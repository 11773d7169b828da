"""The counter of lost numbers: what counts as kept between two languages, and what is lost."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import benchmarks.numbers
from benchmarks.numbers import lost_numbers, numbers_in

KEPT = [
    ("Choveu 96 milímetros.", "It rained 96 millimeters."),
    ("A taxa é de 10,5%.", "The rate is 10.5%."),
    ("Vieram 1.250 pessoas.", "1,250 people came."),
    ("Vieram 1 250 pessoas.", "1250 people came."),
    ("Custou R$ 3,5 milhões.", "It cost R$ 3,500,000."),
    ("It cost 2 billion.", "Custou 2.000 milhões."),
    ("Plantou 400 mil árvores.", "It planted 400,000 trees."),
    ("Foi às 23h35.", "It was at 11:35 pm."),
    ("Foi às 20h.", "It was at 8 p.m."),
    ("At 8 p.m. it ended.", "Acabou às 20h."),
    ("Saiu às 7h45.", "It left at 7:45."),
    ("Around 1200 GMT.", "Por volta das 12h GMT."),
    ("No século 16.", "In the XVI century."),
    ("No dia 12/05.", "On 12 May."),
    ("Tinha 3 filhos.", "He had three children."),
    ("Tinha 21 anos.", "He was twenty-one."),
    ("Tinha 342 páginas.", "It had three hundred and forty-two pages."),
    ("Há 42 anos.", "Forty-two years ago."),
    ("The 3rd time.", "A terceira vez."),
    ("In the 1990s.", "Nos anos 90."),
    ("Mede 29¾ polegadas.", "It measures 29.75 inches."),
    ("Nenhum número aqui.", "No number here."),
]
LOST = [
    ("Choveu 96 milímetros.", "It rained 69 millimeters.", ["96"]),
    ("A taxa é de 10,5%.", "The rate is 105%.", ["10,5"]),
    ("Custou R$ 3,5 milhões.", "It cost R$ 3.5.", []),
    ("Custou R$ 3,5 milhões.", "It cost R$ 35 million.", ["3,5"]),
    ("Foi às 23h35.", "It was at 11:53 pm.", ["23h35"]),
    ("De 15 a 20 de maio de 2024.", "From May 15 in 2024.", ["20"]),
    ("Mede 29¾ polegadas.", "It measures 293/4 inches.", ["29¾"]),
    ("Em 1998.", "", ["1998"]),
    ("Tinha 21 anos.", "He was twenty-two.", ["21"]),
]


@pytest.mark.parametrize(("source", "output"), KEPT)
def test_what_says_the_same_is_kept(source: str, output: str) -> None:
    assert lost_numbers(source, output) == ()


@pytest.mark.parametrize(("source", "output", "lost"), LOST)
def test_what_is_not_there_is_lost(source: str, output: str, lost: list[str]) -> None:
    assert [source[one.start : one.end] for one in lost_numbers(source, output)] == lost


def test_only_numbers_in_digits_have_to_be_kept() -> None:
    assert numbers_in("Três casas e século XVI") == ()
    assert [(one.start, one.end) for one in numbers_in("às 7h45, 3 vezes")] == [(3, 7), (9, 10)]


def test_the_counter_shares_nothing_with_the_guards_that_it_counts_after() -> None:
    tree = ast.parse(Path(benchmarks.numbers.__file__).read_text(encoding="utf-8"))
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in modules if name and name.startswith(("service", "benchmarks"))]


def test_human_translations_keep_nearly_all_their_numbers(shared_data: Path) -> None:
    folder = shared_data / "flores200-devtest"
    texts = [(folder / f"{code}.devtest").read_text(encoding="utf-8").splitlines() for code in ("por", "eng")]
    for sources, outputs in (texts, texts[::-1]):
        pairs = [pair for pair in zip(sources, outputs, strict=True) if numbers_in(pair[0])]
        kept = sum(not lost_numbers(*pair) for pair in pairs)
        # The rest converts feet and miles.
        assert len(pairs) - kept <= 7
        shifted = sum(not lost_numbers(pairs[at][0], pairs[at - 1][1]) for at in range(len(pairs)))
        assert shifted < 0.2 * len(pairs)
