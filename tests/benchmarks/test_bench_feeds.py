"""`bench feeds` on a few articles, with the real engine, HTTP and SQLite; and the outlets that it reads."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from bench_runs import Bench

pytest.importorskip("feedparser", reason="the feeds extra is not installed")

from benchmarks.conditions import peak_bytes, resident_bytes, usable_cores
from benchmarks.feed_news import feed_of, outlets, story_outlets
from benchmarks.feed_site import USELESS_PAGES, served
from benchmarks.feeds import FeedsPlan
from benchmarks.results import read_report
from service.errors import InvalidInput
from service.feeds.parse import read_document

ITEMS = 16


def test_articles_are_dealt_to_feeds_and_differ() -> None:
    made = outlets(330)
    news = [one for outlet in made for one in outlet.news]
    assert [len(outlet.news) for outlet in made] == [40] * 8 + [10]
    assert len({one.key for one in news}) == len({one.text for one in news}) == 330
    assert [outlet.language for outlet in made[:5]] == ["pt", "pt", "pt", "en", "pt"]
    assert [outlet.teasers for outlet in made[:2]] == [True, False]
    assert outlets(330) == made
    assert [len(outlet.news) for outlet in outlets(ITEMS)] == [2] * 8


def test_the_labelled_set_is_all_there() -> None:
    assert sum(len(outlet.news) for outlet in story_outlets()) == 70


@pytest.mark.parametrize("kind", range(3))
def test_every_format_is_read_as_it_was_written(kind: int) -> None:
    outlet = outlets(ITEMS)[1]
    document = read_document(feed_of(outlet, "http://127.0.0.1:1/news", kind), "http://127.0.0.1:1/feed", "")
    assert (document.title, document.language) == (outlet.name, outlet.language)
    assert [entry.url for entry in document.entries] == [f"http://127.0.0.1:1/news/{one.key}" for one in outlet.news]
    assert [(entry.title, entry.text) for entry in document.entries] == [(one.title, one.text) for one in outlet.news]
    assert [entry.published for entry in document.entries] == [int(one.published.timestamp()) for one in outlet.news]


def test_outlets_answer_as_they_are_said_to() -> None:
    with served(ITEMS, usable_cores()) as site, httpx.Client(trust_env=False) as http:
        answers = [http.get(url) for url in site.whole]
        assert {answer.status_code for answer in answers} == {200, 301}
        tagged = next(answer for answer in answers if "etag" in answer.headers)
        again = http.get(tagged.url, headers={"if-none-match": tagged.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        (teasers,) = site.teasers
        entries = read_document(http.get(teasers).content, teasers, "").entries
        assert all(entry.is_teaser for entry in entries)
        pages = [http.get(entry.url or "") for entry in entries]
        assert [page.status_code for page in pages] == [200] * (len(pages) - 1) + [404]
        assert len(pages) == 2 + len(USELESS_PAGES)
        assert len(site.bad) == 8
    with pytest.raises(httpx.TransportError):
        httpx.get(teasers, trust_env=False)


def test_the_peak_of_memory_is_no_less_than_what_is_resident_now() -> None:
    peak, resident = peak_bytes(), resident_bytes()
    if peak is None or resident is None:
        pytest.skip("this platform does not tell")
    assert peak >= resident
    assert peak_bytes(-1) is None


def test_feeds_and_batch_are_measured_beside_the_engine(bench: Bench, home: Path, tmp_path: Path) -> None:
    output, page = tmp_path / "feeds.json", tmp_path / "page.md"
    ran = bench("feeds", "--items", ITEMS, "--rounds", 1, "--json", output, "--markdown", page)
    report = read_report(output)
    found = {(one.system, one.metric): one for one in report.figures}
    total = ITEMS + 70
    assert report.conditions.data == FeedsPlan(ITEMS).data_set
    assert report.conditions.data.lines == total
    for system in ("engine", "batch", "feeds"):
        assert found[system, "words_per_second"].median > 0
        assert found[system, "peak"].median > 50
    # Other work on the machine disturbs processor time least; nothing is faster than the engine by much.
    for system in ("batch", "feeds"):
        ratio = found[system, "words_per_cpu_second"].ratio
        assert ratio is not None
        assert 0.05 < ratio < 1.5
    assert found["feeds", "items"].median == total + len(USELESS_PAGES)
    assert found["feeds", "whole_texts"].median == 2
    assert found["feeds", "stories_f1"].median >= 0.85
    assert found["feeds", "stage_translate"].median > found["feeds", "stage_parse"].median
    assert found["feeds, again", "items"].median == 0
    assert found["feeds, again", "run"].median < found["feeds", "run"].median
    assert ("feeds, again", "stage_translate") not in found
    assert found["bad feeds", "feeds_told"].median == 8
    assert "[6/6] round 1: bad feeds" in ran.err
    assert report.signature in page.read_text(encoding="utf-8")
    assert json.loads(output.read_text(encoding="utf-8"))["benchmark"] == "feeds"


def test_more_threads_than_cores_are_refused(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match="--threads: 4096 asked for; this process may use"):
        bench("feeds", "--items", ITEMS, "--threads", 4096)
