"""Digests written down: what every rendering holds, and that nothing which came from a feed can break out of it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from digest_items import digest, item
from markdown_it import MarkdownIt
from msgspec.structs import replace

from service.feeds.digest import Digest
from service.feeds.labels import labels
from service.feeds.render import render_atom, render_email, render_html, render_json_feed, render_markdown

Render = Callable[[Digest], str]
RENDERS: dict[str, Render] = {
    "html": render_html,
    "email": render_email,
    "markdown": render_markdown,
    "json": render_json_feed,
    "atom": render_atom,
}
ATOM = "{http://www.w3.org/2005/Atom}"
VOID = {"meta", "br"}
EVIL = (
    "</style></title><script>alert(1)</script><img src=x onerror=alert(1)> \"'` [x](javascript:alert(1)) ]]> & \x0b\x1b"
)


class _Seen(HTMLParser):
    """The elements, addresses and text of a page; notes what is not closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.crossed: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.crossed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _evil() -> Digest:
    bad = item(
        EVIL,
        outlet=EVIL,
        url="javascript:alert(1)",
        image="data:text/html,x",
        original_title=EVIL,
        original_text=f"{EVIL}\n# no heading\n- no list\n1. none",
        title=EVIL,
        text=f"{EVIL}\n> no quote",
        summary=(EVIL, "# no heading", "1. no list", "- none", "=== none"),
        warnings=(EVIL,),
    )
    return digest(bad, title=EVIL)


@pytest.mark.parametrize("name", RENDERS)
def test_every_rendering_tells_outlet_time_language_link_and_warning(name: str) -> None:
    one = item("one", warnings=("number-lost: the number 4.2 is missing",))
    other = item("two", outlet="The Wire", language="en", published=None, url="https://wire.example/2?a=1&b=2")
    written = RENDERS[name](digest(one, other))
    text = json.dumps(json.loads(written), ensure_ascii=False) if name == "json" else written
    for told in (
        "The river rose four metres",
        "Diário do Vale",
        "https://news.example/one",
        "The Wire",
        "Morning digest",
    ):
        assert told in text
    assert "number-lost: the number 4.2 is missing" in text.replace("\\", "")
    assert "O rio subiu quatro metros" in text
    assert "2026-03-02" in text
    assert re.search(r"https://wire\.example/2\?a=1&(amp;|#38;)?b=2", text)
    assert "no time given" in text


@pytest.mark.parametrize("name", ["html", "email"])
def test_pages_are_well_formed_and_nothing_breaks_out(name: str) -> None:
    seen = _Seen(RENDERS[name](_evil()))
    assert seen.crossed == []
    assert {"script", "img", "iframe", "link", "form"}.isdisjoint(seen.tags)
    assert not any(attribute.startswith("on") for attribute in seen.attributes)
    assert seen.addresses == []
    assert "alert(1)</script>" in seen.text
    assert "\x0b" not in seen.text
    assert "\N{REPLACEMENT CHARACTER}" in seen.text


def test_the_page_loads_nothing_and_its_policy_knows_its_style() -> None:
    page = render_html(digest(item()))
    (style,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{allowed}'" in page
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    assert " style=" not in page


def test_mail_has_its_styles_inline_and_no_style_sheet() -> None:
    seen = _Seen(render_email(digest(item())))
    assert "style" not in seen.tags
    assert {"style", "cellpadding"} <= seen.attributes
    assert seen.tags.count("table") == 2


def test_original_and_translation_stand_side_by_side_unless_nothing_was_translated() -> None:
    page = render_html(digest(item()))
    assert page.count("Ninguém se feriu.") == 1
    assert page.count("Nobody was hurt.") == 1
    assert '<div lang="pt" dir="auto">' in page
    same = render_html(digest(item(language="en", original_text="Nobody was hurt.")))
    assert same.count("Nobody was hurt.") == 1


def test_markdown_shows_what_it_was_given_and_makes_nothing_of_it() -> None:
    tokens = MarkdownIt("commonmark").parse(render_markdown(_evil()))
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in tokens} | {token.type for token in inline}
    assert {"html_block", "html_inline", "link_open", "image", "fence", "ordered_list_open"}.isdisjoint(kinds)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert len(headings) == 4
    shown = "".join(child.content for child in inline if child.type == "text")
    assert "<script>alert(1)</script>" in shown
    assert "1. no list" in shown
    assert "# no heading" in shown


def test_markdown_links_lead_where_the_item_was() -> None:
    tokens = MarkdownIt("commonmark").parse(render_markdown(digest(item(url="https://a.example/(x)_y*z"))))
    links = {child.attrGet("href") for token in tokens for child in token.children or [] if child.type == "link_open"}
    assert links == {"https://a.example/(x)_y*z"}


@pytest.mark.parametrize("made", [_evil, digest, lambda: digest(item("a"), item("b", published=None, summary=()))])
def test_atom_has_what_the_standard_requires(made: Callable[[], Digest]) -> None:
    root = ET.fromstring(render_atom(made()).encode())
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert element.findtext(f"{ATOM}id").startswith("urn:uuid:")  # type: ignore[union-attr]
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "").tzinfo is not None
        assert all(author.findtext(f"{ATOM}name") for author in element.findall(f"{ATOM}author"))
        assert element.find(f"{ATOM}author") is not None
    for entry in root.iter(f"{ATOM}entry"):
        # RFC 4287, 4.1.2: without a link an entry has content; and at most one alternate of a type and language.
        assert entry.findtext(f"{ATOM}content")
        alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) <= 1
        assert all(re.match("https?://", link.get("href") or "") for link in entry.findall(f"{ATOM}link"))
        assert {"script", "img"}.isdisjoint(_Seen(entry.findtext(f"{ATOM}content") or "").tags)


def test_a_feed_reader_reads_the_atom_feed() -> None:
    feedparser = pytest.importorskip("feedparser")
    parsed = feedparser.parse(render_atom(digest(item())))
    assert not parsed.bozo
    assert parsed.version == "atom10"
    (entry,) = parsed.entries
    assert entry.title == "The river rose four metres"
    assert entry.link == "https://news.example/one"
    assert entry.published_parsed[:5] == (2026, 3, 2, 8, 10)


@pytest.mark.parametrize("made", [_evil, digest, lambda: digest(item("a"), item("b", image="https://a.example/i.png"))])
def test_json_feed_has_what_the_standard_requires(made: Callable[[], Digest]) -> None:
    feed = json.loads(render_json_feed(made()))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    ids = [one["id"] for one in feed["items"]]
    assert len(set(ids)) == len(ids)
    for one in feed["items"]:
        assert one["content_html"]
        assert datetime.fromisoformat(one["date_published"]).tzinfo is not None
        assert all(author["name"] for author in one["authors"])
        assert re.match("https?://", one.get("url", "https://"))
        assert re.match("https?://", one.get("image", "https://"))
        assert {"script", "img"}.isdisjoint(_Seen(one["content_html"]).tags)


@pytest.mark.parametrize("name", ["atom", "json"])
def test_a_story_keeps_its_id_when_a_later_source_joins(name: str) -> None:
    first = item("one")
    later = replace(first, item_id="two", outlet="The Wire", published=datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    fuller = replace(later, text=later.text + " It rained for two days.")
    before, after = RENDERS[name](digest(first)), RENDERS[name](digest(fuller, first))
    ids = [re.findall(r"urn:uuid:[0-9a-f-]{36}", written) for written in (before, after)]
    assert ids[0] == ids[1]
    assert "2026-03-03T09:00:00Z" in after
    assert "2026-03-03T09:00:00Z" not in before


@pytest.mark.parametrize("name", ["atom", "json"])
def test_an_edit_is_an_update_of_its_story(name: str) -> None:
    edited = item("one", edited=datetime(2026, 3, 5, 7, 0, tzinfo=UTC))
    assert "2026-03-05T07:00:00Z" in RENDERS[name](digest(edited))
    assert "2026-03-05T07:00:00Z" not in RENDERS[name](digest(item("one")))


@pytest.mark.parametrize(
    ("language", "sources", "untimed"),
    [
        ("en", "Sources", "no time given"),
        ("pt-BR", "Fontes", "sem hora"),
        ("es-419", "Fuentes", "sin hora"),
        ("fr", "Sources", "heure inconnue"),
        ("de-AT", "Quellen", "ohne Zeitangabe"),
        ("sv", "Sources", "no time given"),
    ],
)
def test_the_words_around_a_digest_are_in_its_language(language: str, sources: str, untimed: str) -> None:
    page = render_html(digest(item(published=None), language=language))
    assert f'aria-label="{sources}"' in page
    assert untimed in page
    assert untimed in render_markdown(digest(item(published=None), language=language))


def test_every_language_has_all_the_words() -> None:
    names = set(labels("en"))
    assert all(set(labels(language)) == names for language in ("pt", "es", "fr", "de"))
    told = [tuple(labels(language).values()) for language in ("en", "pt", "es", "fr", "de")]
    assert len(set(told)) == len(told)
    assert all(word.strip() for words in told for word in words)


def test_feeds_name_their_own_address_where_it_is_known() -> None:
    url = "https://news.example/digest?target=pt&limit=5"
    known = replace(digest(item()), url=url)
    (link,) = [one for one in ET.fromstring(render_atom(known)).findall(f"{ATOM}link") if one.get("rel") == "self"]
    assert (link.get("href"), link.get("type")) == (url, "application/atom+xml")
    assert json.loads(render_json_feed(known))["feed_url"] == url
    for other in (digest(item()), replace(known, url="javascript:alert(1)"), replace(known, url="https://a b")):
        assert ET.fromstring(render_atom(other)).findall(f"{ATOM}link") == []
        assert "feed_url" not in json.loads(render_json_feed(other))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x", "http://", "https://a b", "", "x"],
)
def test_only_web_addresses_become_links(url: str) -> None:
    one = digest(item(url=url))
    assert _Seen(render_html(one)).addresses == []
    assert "](<" not in render_markdown(one)
    assert "url" not in json.loads(render_json_feed(one))["items"][0]
