"""`bench compare`: the page, the JSON and the Markdown of a comparison of files, and what texts cannot do to them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bench_runs import Bench

from service.errors import InvalidInput

ARTICLES = Path(__file__).resolve().parents[1] / "data" / "articles"
SOURCES = [
    "A obra custou R$ 3,5 milhões em 2019.",
    "</script><img src=x onerror=alert(1)> & <b>negrito</b>",
    "🚢🌊 O barco parou às 23h35.",
]
REFERENCES = [
    "The work cost R$ 3.5 million in 2019.",
    "</script><img src=x onerror=alert(1)> & <b>bold</b>",
    "🚢🌊 The boat stopped at 11:35 pm.",
]
OUTPUTS = {
    "careful": [
        "The work cost R$ 3.5 million in 2019.",
        "</script><img src=x> & <b>bold</b>",
        "🚢 The boat stopped at 11:35 pm.",
    ],
    "careless": ["The work cost a lot.", "<script>alert(2)</script>", "🚢🌊 The boat stopped."],
    "<i>odd</i>": ["", "x", "y"],
}


@pytest.fixture
def files(tmp_path: Path) -> str:
    """Outputs of three systems, as `--systems` takes them; the texts are `tmp_path / set.jsonl`."""
    rows = [{"source": source, "reference": reference} for source, reference in zip(SOURCES, REFERENCES, strict=True)]
    (tmp_path / "set.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    named = []
    for name, lines in OUTPUTS.items():
        path = tmp_path / f"{re.sub('[^a-z]', '_', name)}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        named.append(f"file:{path}")
    return ",".join(named)


class Elements(HTMLParser):
    """Collects elements with their attributes, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script":
            self.scripts[-1] += data


def test_a_page_with_every_sentence_that_loads_nothing(bench: Bench, files: str, tmp_path: Path) -> None:
    page, output, markdown = tmp_path / "page.html", tmp_path / "all.json", tmp_path / "page.md"
    bench(
        *("compare", "--systems", files, "--data", tmp_path / "set.jsonl"),
        *("--html", page, "--json", output, "--markdown", markdown),
    )
    html = page.read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(html)
    assert len(elements.scripts) == 2
    assert not {"img", "b", "i", "iframe", "object"} & {tag for tag, _ in elements.found}
    for _, attributes in elements.found:
        assert not {"src", "srcset", "onerror", "onclick"} & set(attributes)
        assert (attributes.get("href") or "data:,") == "data:,"
    assert "@import" not in html
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", html)
    data = json.loads(elements.scripts[0])
    assert [row[0] for row in data["rows"]] == SOURCES
    assert [[version[0] for version in row[3]] for row in data["rows"]] == [
        list(one) for one in zip(*OUTPUTS.values(), strict=True)
    ]
    # Neither speeds nor two groups of lengths: what is left is disagreement and likeness.
    assert html.count("<svg") == 2
    comparison = json.loads(output.read_text(encoding="utf-8"))
    assert [one["source"] for one in comparison["sentences"]] == SOURCES
    assert comparison["report"]["benchmark"] == "compare"
    text = markdown.read_text(encoding="utf-8")
    assert "<img" not in text.replace("\\<img", "")
    assert "**3,5 is lost**" in text


def test_lost_facts_are_marked_where_they_stand(bench: Bench, files: str, tmp_path: Path) -> None:
    ran = bench("compare", "--systems", files, "--data", tmp_path / "set.jsonl", "--json", "-")
    sentences = json.loads(ran.out)["sentences"]
    careful, careless = (
        [sentence["versions"][name]["faults"] for sentence in sentences] for name in ("careful", "careless")
    )
    assert careful[0] == []
    assert [SOURCES[0][one["start"] : one["end"]] for one in careless[0] if one["code"] == "lost-number"] == [
        "3,5",
        "2019",
    ]
    assert [SOURCES[2][one["start"] : one["end"]] for one in careless[2]] == ["23h35"]


def test_disagreement_ranks_the_sentences(bench: Bench, files: str, tmp_path: Path) -> None:
    two = ",".join(files.split(",")[:2])
    ran = bench(
        "compare", "--systems", f"{two},same={two.split(',')[0]}", "--data", tmp_path / "set.jsonl", "--json", "-"
    )
    comparison = json.loads(ran.out)
    likeness = {frozenset(pair[:2]): pair[2] for pair in comparison["likeness"]}
    assert likeness[frozenset(["careful", "same"])] == 100 > likeness[frozenset(["careful", "careless"])]
    assert all(0 <= one["disagreement"] <= 100 for one in comparison["sentences"])
    assert comparison["sentences"][1]["disagreement"] > comparison["sentences"][2]["disagreement"]


def test_texts_without_references_are_compared_with_each_other(bench: Bench, files: str, tmp_path: Path) -> None:
    (tmp_path / "only.txt").write_text("".join(f"{line}\n" for line in SOURCES), encoding="utf-8")
    page = tmp_path / "page.html"
    ran = bench("compare", "--systems", files, "--data", tmp_path / "only.txt", "--html", page, "--json", "-")
    comparison = json.loads(ran.out)
    assert {version["chrf"] for one in comparison["sentences"] for version in one["versions"].values()} == {None}
    assert page.read_text(encoding="utf-8").count("<svg") == 2


def test_one_direction_a_page(bench: Bench, files: str) -> None:
    with pytest.raises(InvalidInput, match="--direction: name one pair"):
        bench("compare", "--systems", files, "--direction", "both")


def test_when_no_system_has_an_output_the_page_says_why(bench: Bench, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    (tmp_path / "only.txt").write_text("Bom dia.\n", encoding="utf-8")
    arguments = ("--data", tmp_path / "only.txt", "--html", page)
    bench("compare", "--systems", "gone=libretranslate:http://127.0.0.1:1", *arguments)
    assert "Not measured: gone (pt-en)" in page.read_text(encoding="utf-8")


def test_summaries_come_with_what_supports_them(bench: Bench, home: Path, files: str, tmp_path: Path) -> None:
    folder, page = tmp_path / "articles", tmp_path / "page.html"
    folder.mkdir()
    article = (ARTICLES / "pt-vacina.txt").read_text(encoding="utf-8")
    (folder / "<vacina>.txt").write_text(article, encoding="utf-8")
    systems = f"manchete,{files.split(',', maxsplit=1)[0]}"
    arguments = ("--data", tmp_path / "set.jsonl", "--latency-lines", 2, "--html", page, "--json", "-")
    ran = bench("compare", "--systems", systems, "--articles", folder, *arguments)
    comparison = json.loads(ran.out)
    (summary,) = comparison["summaries"]
    assert (summary["article"], summary["system"]) == ("<vacina>", "manchete")
    assert len(summary["sentences"]) == 3
    for sentence in summary["sentences"]:
        assert sentence["source"] in " ".join(article.split())
        assert sentence["text"] != sentence["source"]
    (absence,) = comparison["report"]["absences"]
    assert absence["reason"] == "a file has no translations of the articles"
    html = page.read_text(encoding="utf-8")
    assert "&lt;vacina&gt;" in html
    assert "<vacina>" not in html
    assert len(comparison["latencies"]["manchete"]) == 2
    assert ran.err.count("\n") == int(ran.err.splitlines()[-1].split("/")[1].split("]")[0])
    with pytest.raises(InvalidInput, match=r"--articles: .* is no folder with"):
        bench("compare", "--systems", systems, "--articles", tmp_path / "none", *arguments)
