"""What can be told of the page without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from service.web import index_html


class Elements(HTMLParser):
    """Collects every element's tag and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str | None]]]:
    """The elements of the page."""
    parser = Elements()
    parser.feed(index_html())
    return parser.found


def test_every_control_has_a_label(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    labelled = {attributes["for"] for tag, attributes in elements if tag == "label"}
    controls = {attributes["id"] for tag, attributes in elements if tag in {"input", "select", "textarea"}}
    assert controls == labelled


def test_ids_are_unique_and_those_the_script_uses_exist(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'\$\("([a-z-]+)"\)', index_html())) <= set(ids)


def test_references_between_elements_hold(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    ids = {attributes.get("id") for _, attributes in elements}
    for _, attributes in elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= ids


def test_texts_never_become_markup() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", index_html())


def test_what_changes_is_announced(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    by_id = {attributes["id"]: attributes for _, attributes in elements if "id" in attributes}
    assert by_id["status"]["aria-live"] == "polite"
    assert by_id["error"]["role"] == "alert"


def test_it_suits_phones_dark_rooms_and_quiet_eyes() -> None:
    html = index_html()
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    for query in ("(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "(max-width: 699px)"):
        assert query in html
