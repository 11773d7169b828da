"""The digest page in a real browser: readable on a phone and a desk, light and dark, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium, set_screen
from digest_items import digest, item

from service.feeds.render import render_email, render_html

pytestmark = pytest.mark.browser

LONG = "Supercalifragilisticexpialidocious" * 4
# The least contrast of any text with what is behind it (WCAG 2.2, 1.4.3).
CONTRAST = """
const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const rgba = (text) => text.match(/[0-9.]+/g).map(Number);
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const colour = rgba(getComputedStyle(element).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
return Math.min(...[...document.querySelectorAll("body *")]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((element) => {
    const [a, b] = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium with a profile of its own."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A digest with several stories, long words and warnings, as a page and as a mail."""
    made = digest(
        item("one", warnings=("number-lost: the number 4.2 is not in the translation",)),
        item("two", outlet="The Wire", language="en", original_title="River up four metres"),
        item("three", title=LONG, text=f"{LONG} {LONG}", original_text=LONG, summary=(LONG,), outlet=LONG),
    )
    folder = tmp_path_factory.mktemp("pages")
    written = {"digest": render_html(made), "mail": render_email(made)}
    for name, page in written.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}


def _show(browser: Any, page: Path, width: int, *, dark: bool) -> None:
    set_screen(browser, width)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get(page.as_uri())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["digest", "mail"])
def test_it_is_readable(browser: Any, pages: dict[str, Path], name: str, width: int, dark: bool) -> None:
    _show(browser, pages[name], width, dark=dark)
    for details in browser.find_elements("css selector", "details > summary"):
        details.click()
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(CONTRAST) >= 4.5
    if name == "digest":
        ink = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert ink == ("rgb(20, 20, 22)" if dark else "rgb(251, 250, 247)")
        columns = browser.execute_script("return getComputedStyle(document.querySelector('.both')).gridTemplateColumns")
        assert len(columns.split()) == (1 if width == 390 else 2)
        original = browser.find_element("css selector", ".both [lang=pt]")
        assert "Ninguém se feriu." in original.text
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    shot = pages[name].with_name(f"{name}-{width}-{'dark' if dark else 'light'}.png")
    assert browser.save_screenshot(str(shot))
