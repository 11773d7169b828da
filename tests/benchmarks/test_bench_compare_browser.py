"""The page of a comparison in Chromium: 4 systems and 1,012 sentences."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_runs import Bench
from chromium import chromium, set_screen

from benchmarks.corpus import OWN_FOLDER, load_corpus

pytestmark = pytest.mark.browser

SENTENCES = 1012
SYSTEMS = ("first", "second", "third", "fourth")
LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
NUMBERS = (
    "return [...document.querySelectorAll('#body tr td:first-child div:first-child')].map((one) => one.textContent)"
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A headless Chromium with a profile of its own."""
    with chromium(tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def page(bench: Bench, tmp_path: Path) -> Path:
    """A comparison of four systems, made of our own sentences with words left out."""
    lines = load_corpus(OWN_FOLDER, ["pt", "en"]).lines
    dice = random.Random(7)
    rows = [(lines["pt"][at % 60], f"{lines['en'][at % 60]} ({at})") for at in range(SENTENCES)]
    text = "".join(json.dumps({"source": source, "reference": reference}) + "\n" for source, reference in rows)
    (tmp_path / "set.jsonl").write_text(text, encoding="utf-8")
    for name in SYSTEMS:
        outputs = (" ".join(word for word in reference.split() if dice.random() > 0.1) for _, reference in rows)
        (tmp_path / f"{name}.txt").write_text("".join(f"{line}\n" for line in outputs), encoding="utf-8")
    systems = ",".join(f"file:{tmp_path / name}.txt" for name in SYSTEMS)
    bench("compare", "--systems", systems, "--data", tmp_path / "set.jsonl", "--html", tmp_path / "page.html")
    return tmp_path / "page.html"


def _show(browser: Any, page: Path, width: int) -> float:
    set_screen(browser, width)
    started = time.monotonic()
    browser.get(page.as_uri())
    return time.monotonic() - started


def _choose(browser: Any, control: str, value: str) -> None:
    browser.execute_script(
        "const one = document.getElementById(arguments[0]);"
        "one.value = [...one.options].find((option) => option.text === arguments[1]).value;"
        "one.dispatchEvent(new Event('change'))",
        control,
        value,
    )


def test_it_opens_fast_is_small_and_fits_every_width(browser: Any, page: Path, tmp_path: Path) -> None:
    assert page.stat().st_size < 5_000_000
    for name, width in {"desktop": 1280, "phone": 390}.items():
        assert _show(browser, page, width) < 2
        assert browser.execute_script(LOADED) < 2000
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        browser.save_screenshot(str(tmp_path / f"compare-{name}.png"))
        assert (tmp_path / f"compare-{name}.png").stat().st_size > 10_000
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_sentences_are_sorted_filtered_and_marked(browser: Any, page: Path) -> None:
    _show(browser, page, 1280)
    rows = json.loads(browser.execute_script("return document.getElementById('data').textContent"))["rows"]
    disagreement = [row[2] for row in rows]
    shown = [int(one[1:]) - 1 for one in browser.execute_script(NUMBERS)]
    assert len(shown) == 50
    assert [disagreement[at] for at in shown] == sorted(disagreement, reverse=True)[:50]
    _choose(browser, "sort", "lowest score of third")
    worst = [int(one[1:]) - 1 for one in browser.execute_script(NUMBERS)]
    assert [rows[at][3][2][1] for at in worst] == sorted(row[3][2][1] for row in rows)[:50]
    assert browser.execute_script("return document.querySelector('th[aria-sort]').textContent") == "third"
    browser.find_element("id", "more").click()
    assert len(browser.execute_script(NUMBERS)) == 100
    browser.find_element("id", "faulty").click()
    faulty = [row for row in rows if any(version[2] for version in row[3])]
    assert f"of {len(faulty)} sentences" in browser.find_element("id", "count").text
    assert browser.find_elements("css selector", "mark.lost")
    assert (
        browser.execute_script("return getComputedStyle(document.querySelector('.fault')).color") == "rgb(179, 20, 29)"
    )
    browser.find_element("id", "containing").send_keys("no such words")
    assert "0 of 0" in browser.find_element("id", "count").text


def test_words_that_differ_are_marked_against_what_is_chosen(browser: Any, page: Path) -> None:
    _show(browser, page, 1280)
    _choose(browser, "sort", "order of the texts")
    for against in ("the reference", "second", "nothing"):
        _choose(browser, "against", against)
        # Outputs are the reference with words left out, so that they have none that it has not.
        assert bool(browser.find_elements("css selector", "#body td.s0 mark")) == (against == "second")
        assert not browser.find_elements("css selector", "#body td.s1 mark")
