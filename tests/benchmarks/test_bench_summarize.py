"""`manchete bench summarize`: the scores, the systems and the report, on articles made here and on our own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rouge_score", reason="the bench extra is not installed")

from benchmarks.articles import load_articles
from benchmarks.results import Report, read_report
from benchmarks.rouge import rouge, words_of
from benchmarks.summarizers import SYSTEMS, prepare, summarizer
from benchmarks.summary_facts import coverage, redundancy, support
from service.errors import InvalidInput
from service.summarize import count_words

REPOSITORY = Path(__file__).resolve().parents[2]


def test_accents_are_part_of_a_word() -> None:
    assert words_of("São João não é só avô.") == ["são", "joão", "não", "é", "só", "avô"]
    assert rouge("pt-BR", "não", ["no"])["rouge1"] == 0
    assert rouge("pt-BR", "A prefeitura comprou ônibus", ["a prefeitura comprou ônibus"])["rouge2"] == pytest.approx(
        100
    )


def test_scores_are_f1_over_stems_averaged_over_references() -> None:
    scores = rouge("en", "the council voted", ["the council votes today", "rain"])
    assert scores["rouge1"] == pytest.approx(100 * (2 * (3 / 3) * (3 / 4) / (3 / 3 + 3 / 4)) / 2)
    assert scores["rouge2"] == pytest.approx(100 * (2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3)) / 2)
    assert rouge("und", "votes", ["voted"])["rouge1"] == 0


def test_names_and_numbers_of_the_references_are_counted() -> None:
    references = ["On Monday Ada Brandt paid $1,250 to Green Lake."]
    assert coverage("Ada Brandt paid 1,250.", references) == pytest.approx(100 * 3 / 6)
    assert coverage("nothing", ["no name and no number"]) is None


def test_what_was_said_before_is_redundant() -> None:
    assert redundancy(["The bridge is closed."]) == 0
    assert redundancy(["The bridge is closed.", "Closed is the bridge."]) == 100
    assert redundancy(["The bridge is closed.", "Rain fell all night."]) == 0


def test_a_sentence_is_supported_by_one_of_the_source_in_order() -> None:
    source = ["Ada Brandt beat Carl Reis in the final on Sunday evening.", "It rained."]
    assert support(["Ada Brandt beat Carl Reis in the final."], source) == 100
    assert support(["Carl Reis beat Ada Brandt in the final."], source) == 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_fills_the_words_with_sentences_of_the_body(name: str) -> None:
    if name not in ("manchete", "lead"):
        pytest.importorskip("sumy", reason="the bench extra is not installed")
    run = summarizer(name)
    for article in load_articles(None, "report").articles[:6]:
        prepared = prepare(article)
        output = run(prepared, 100)
        assert 80 <= count_words(" ".join(output)) <= 100
        assert all(any(body.startswith(one) for body in prepared.body) for one in output)


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.cli", "summarize", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)


def _lines(folder: Path, *articles: object) -> str:
    path = folder / "articles.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in articles), encoding="utf-8")
    return str(path)


GOOD = {
    "text": "The council voted on Monday to buy 40 buses. They will run from March. Rain is expected on Sunday.",
    "summaries": ["The council buys 40 buses, which will run from March."],
}


def test_any_file_of_articles_is_measured(tmp_path: Path) -> None:
    done = _bench("--data", _lines(tmp_path, GOOD), "--systems", "manchete,lead", "--words", "15", "--json", "-")
    assert done.returncode == 0, done.stderr
    (tmp_path / "report.json").write_text(done.stdout, encoding="utf-8")
    report = read_report(tmp_path / "report.json")
    assert report.conditions.data.name == "articles.jsonl"
    ours, lead = (report.find(name, "en", "rouge1") for name in ("manchete", "lead"))
    assert ours is not None
    assert lead is not None
    assert ours.difference == pytest.approx(ours.median - lead.median)
    words = [report.find(name, "en", "summary_words") for name in ("manchete", "lead")]
    assert len({one.median for one in words if one is not None}) == 1


@pytest.mark.parametrize(
    ("article", "arguments", "complaint"),
    [
        ("text", [], "line 1: is not an object"),
        ({**GOOD, "text": " "}, [], "line 1: text must be text"),
        ({**GOOD, "title": 3}, [], "line 1: title must be text or null"),
        ({**GOOD, "summaries": []}, [], "line 1: summaries must be a list of at least one text"),
        ({**GOOD, "lang": 3}, [], "line 1: lang must be a language code"),
        (GOOD, ["--part", "half"], "--part: half is not one of all, tune, report"),
        (GOOD, ["--part", "report"], "has no articles"),
        (GOOD, ["--systems", "bart"], "--systems: bart is not known; there are: manchete, lead"),
        (GOOD, ["--words", "3"], "--words"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    article: object, arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    done = _bench("--data", _lines(tmp_path, article), *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.jsonl cannot be read"):
        load_articles(Path("nowhere.jsonl"))


@pytest.fixture(scope="module")
def measured() -> Report:
    return read_report(REPOSITORY / "docs" / "figures" / "summarize.json")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
@pytest.mark.parametrize("kind", ["rouge1", "rouge2"])
def test_the_figures_of_the_documentation_hold(measured: Report, language: str, kind: str) -> None:
    """What the documentation says is what this code does: ours is computed anew."""
    shown = {name: measured.find(name, language, kind) for name in SYSTEMS}
    ours = shown["manchete"]
    assert ours is not None
    articles = [one for one in load_articles(None).articles if one.language == language]
    run = summarizer("manchete")
    scores = [rouge(language, " ".join(run(prepare(one), 100)), one.summaries)[kind] for one in articles]
    assert sum(scores) / len(scores) == pytest.approx(ours.median, abs=0.005)
    assert all(other is not None and ours.median >= other.median for other in shown.values())
