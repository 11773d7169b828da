"""Reading feeds: formats, encodings, faults, what an item is known by, and how its HTML becomes text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from feed_site import WRITERS, make_news, rss

from service.errors import InvalidInput
from service.feeds.clean import text_of_html
from service.feeds.document import Document
from service.feeds.failures import FetchFailed
from service.feeds.gather import new_items
from service.feeds.identity import Named, content_of, keys_of, plain_link
from service.feeds.opml import read_opml
from service.feeds.parse import read_document

URL = "http://127.0.0.1:8097/news/feed.xml"


def read(body: bytes, content_type: str = "") -> Document:
    return read_document(body, URL, content_type)


def item(fields: str, channel: str = "") -> bytes:
    return f"<rss version='2.0'><channel><title>T</title>{channel}<item>{fields}</item></channel></rss>".encode()


@pytest.mark.parametrize("write", WRITERS)
def test_all_formats_say_the_same(write: object) -> None:
    news = [make_news(1, number, "pt", "http://127.0.0.1") for number in range(3)]
    document = read(write(news, "Diário", "pt"))  # type: ignore[operator]
    assert (document.title, document.language) == ("Diário", "pt")
    for entry, one in zip(document.entries, news, strict=True):
        assert (entry.guid, entry.url, entry.title, entry.text) == (one.guid, one.link, one.title, one.text)
        assert entry.published == int(one.published.timestamp())


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("iso-8859-1", "iso-8859-1", ""),
        ("windows-1252", "windows-1252", ""),
        ("utf-16", "utf-16", ""),
        ("utf-8", "utf-8", "application/rss+xml; charset=utf-8"),
        ("iso-8859-1", "", "application/xml; charset=iso-8859-1"),
    ],
)
def test_encodings_are_followed(encoding: str, declared: str, content_type: str) -> None:
    head = f"<?xml version='1.0' encoding='{declared}'?>" if declared else "<?xml version='1.0'?>"
    body = (head + item("<title>Ação às três</title>").decode()).encode(encoding)
    assert read(body, content_type).entries[0].title == "Ação às três"


def test_relative_links_images_and_enclosures_become_absolute() -> None:
    body = item(
        "<title>A</title><link>../a/1</link><enclosure url='/sound.mp3' type='audio/mpeg' length='12'/>"
        "<description>&lt;img src='pixel.gif' width='1'&gt;&lt;img src='big.jpg'&gt; text</description>",
        "<link>http://127.0.0.1:8097/home/</link>",
    )
    entry = read(body).entries[0]
    assert entry.url == "http://127.0.0.1:8097/a/1"
    assert entry.image == "http://127.0.0.1:8097/news/big.jpg"
    (enclosure,) = entry.enclosures
    assert (enclosure.url, enclosure.kind, enclosure.length) == ("http://127.0.0.1:8097/sound.mp3", "audio/mpeg", 12)


def test_links_that_are_not_of_the_web_are_not_kept() -> None:
    entry = read(item("<title>A</title><link>javascript:alert(1)</link>")).entries[0]
    assert entry.url is None


def test_html_is_sanitised_and_becomes_paragraphs() -> None:
    markup = (
        "<h2>Title</h2><p onclick='x()'>One &amp; two<br>three</p><script>evil()</script><style>p{}</style>"
        "<ul><li>first</li><li>second</li></ul><iframe src='http://x'>frame</iframe><p>&lt;b&gt; stays</p>"
    )
    assert text_of_html(markup) == "Title\n\nOne & two\nthree\n\n- first\n- second\n\n<b> stays"


def test_escaped_and_double_escaped_titles_are_text() -> None:
    assert read(item("<title>Água &amp;amp; luz &lt;b&gt;já&lt;/b&gt;</title>")).entries[0].title == "Água & luz já"


def test_an_item_without_a_title_takes_the_first_words_and_one_without_anything_is_counted() -> None:
    assert read(item(f"<description>{'palavra ' * 30}</description>")).entries[0].title.endswith("palavra…")
    document = read(item("<category>x</category>"))
    assert (document.entries, document.skipped) == ((), 1)


def test_a_date_that_makes_no_sense_is_no_date() -> None:
    assert read(item("<title>A</title><pubDate>soon</pubDate>")).entries[0].published is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"not a feed at all", "no feed"),
        (b"<!doctype html><html><head></head><body>Hi</body></html>", "a web page and no feed$"),
        (
            b"<html><head><link rel='alternate' type='application/rss+xml' href='/rss.xml'></head></html>",
            "it offers http://127.0.0.1:8097/rss.xml",
        ),
        (b'{"items": []}', "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', "not valid JSON"),
        (b"{" * 100_000, "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_feed_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        read(body)


def test_a_feed_with_faults_is_read_and_they_are_told() -> None:
    document = read(b"<rss version='2.0'><channel><item><title>A &nbsp; B & C</title></channel></rss>")
    assert document.entries[0].title.startswith("A")
    assert "not well-formed" in document.warnings[0]


def test_entities_that_multiply_do_not_fill_the_memory() -> None:
    entities = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
    body = f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY e0 'xxxxxxxxxx'>{entities}]>".encode()
    document = read(body + item("<title>&e9;</title>"))
    assert sum(len(entry.title) for entry in document.entries) < 10_000


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    body = f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x SYSTEM '{secret.as_uri()}'>]>".encode()
    document = read(body + item("<title>A &x;</title>"))
    assert "secret" not in json.dumps([entry.title for entry in document.entries])


def test_odd_json_items_break_nothing() -> None:
    items = [7, {"id": 12, "content_text": "texto"}, {"id": None}, {"title": "\ud800x", "attachments": [1, {"url": 5}]}]
    body = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode()
    document = read(body)
    assert [entry.guid for entry in document.entries] == ["12", None]
    assert document.skipped == 2
    assert document.entries[1].title == "?x"


@pytest.mark.parametrize(
    ("fields", "teaser"),
    [
        ("<description>Curto.</description>", True),
        (f"<description>{'Frase longa. ' * 60}Leia mais</description>", True),
        (f"<description>{'Frase longa. ' * 60}</description>", False),
    ],
)
def test_teasers_are_told_from_whole_texts(fields: str, teaser: bool) -> None:
    assert read(item(f"<title>A</title>{fields}")).entries[0].is_teaser is teaser


# --- identity


def _known(first: Named, second: Named) -> bool:
    """Whether the second, in a later document, is taken for the first."""
    (before,), (after,) = keys_of([first]), keys_of([second])
    return bool(set(before) & set(after))


BASE = Named("g", "http://h/1", "Title", "Text", 100)


@pytest.mark.parametrize(
    ("later", "same"),
    [
        (BASE, True),
        (Named("g", "http://h/2", "Other", "Other", 200), True),
        (Named("new", "http://h/1", "Title", "Text", 200), True),
        (Named("new", "http://h/1", "Title", "Edited", 100), True),
        (Named(None, "http://h/1", "Title", "Text", None), True),
        (Named("new", "http://h/1?utm_source=rss&utm_medium=feed", "Title", "Text", 200), True),
        (Named("new", "http://h/2", "Title", "Text", 100), False),
        (Named("new", "http://h/1", "Title", "Tomorrow's column", 200), False),
    ],
)
def test_an_item_is_known_again_by_any_of_its_names(later: Named, same: bool) -> None:
    assert _known(BASE, later) is same


@pytest.mark.parametrize(
    ("link", "plain"),
    [
        ("http://h/a?utm_source=x", "http://h/a"),
        ("http://h/a?id=7&utm_campaign=x&fbclid=y&b=%20#top", "http://h/a?id=7&b=%20#top"),
        ("http://h/a?UTM_Source=x", "http://h/a"),
        ("http://h/a?order=utm_source", "http://h/a?order=utm_source"),
        ("http://h/a?utmost=1", "http://h/a?utmost=1"),
        ("http://h/a?", "http://h/a?"),
        ("http://[h/a?utm_source=x", "http://[h/a?utm_source=x"),
    ],
)
def test_tracking_is_no_part_of_a_link(link: str, plain: str) -> None:
    assert plain_link(link) == plain


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("  The  café\n\nopened.\tSee http://h/a?x=1 ", False),
        ("The cafe\u0301 opened. See http://h/a?x=1", False),
        ("The café opened. See http://h/a?x=1&utm_source=other", False),
        ("The café opened. See http://h/a?x=2", True),
        ("The café opened! See http://h/a?x=1", True),
        ("the café opened. See http://h/a?x=1", True),
        ("", True),
    ],
)
def test_only_other_words_are_an_edit(text: str, edited: bool) -> None:
    assert (content_of("T", text) != content_of("T", "The café opened. See http://h/a?x=1")) is edited
    assert content_of("a", "b") != content_of("a b", "")


def test_without_a_guid_the_link_counts_and_without_a_link_the_content() -> None:
    assert _known(Named(None, "http://h/1", "T", "a", None), Named(None, "http://h/1", "Edited", "b", None))
    assert _known(Named(None, "http://h/1", "T", "a", None), Named(None, "http://h/1?utm_source=x", "U", "b", None))
    assert not _known(Named(None, "http://h/1", "T", "a", None), Named(None, "http://h/1?page=2", "U", "b", None))
    assert _known(Named(None, None, "T", "a", None), Named(None, None, "T", "a", 9))
    assert not _known(Named(None, None, "T", "a", None), Named(None, None, "T", "b", None))


def test_names_that_items_share_tell_nothing() -> None:
    same_guid = [Named("0", f"http://h/{n}", f"T{n}", "x", None) for n in range(3)]
    same_link = [Named(None, "http://h/", f"T{n}", "x", None) for n in range(3)]
    for found in (same_guid, same_link):
        keys = keys_of(found)
        assert all(keys)
        assert len(set().union(*map(set, keys))) == sum(map(len, keys))


def test_an_item_that_stands_twice_in_a_document_is_one() -> None:
    first, second = keys_of([Named(None, "http://h/1", "T", "x", None)] * 2)
    assert set(first) & set(second)


def test_of_a_long_document_the_first_items_are_taken() -> None:
    document = read(rss([make_news(1, number, "pt", "http://127.0.0.1") for number in range(30)]))
    assert len(new_items(document, 10, full_text=False)) == 10


# --- OPML


def test_opml_folders_are_opened_and_each_feed_taken_once() -> None:
    outlines = read_opml(
        b"<opml version='2.0'><body><outline text='News'><outline text='One' xmlUrl='http://h/1'/></outline>"
        b"<outline title='Two' text='x' xmlURL='http://h/2'/><outline xmlUrl='http://h/1'/></body></opml>"
    )
    assert [(one.url, one.title) for one in outlines] == [("http://h/1", "One"), ("http://h/2", "Two")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<opml><body>", "not valid XML"),
        (b"<rss/>", "not opml"),
        (b"<opml><body/></opml>", "no outline"),
        (b"<!DOCTYPE o [<!ENTITY a 'b'>]><opml><body>&a;</body></opml>", "entities"),
        (b"\xff\xfe\x00", "not valid XML"),
    ],
)
def test_what_is_no_opml_is_told(content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_opml(content)


# --- the collection of another project


@pytest.mark.parametrize("kind", ["wellformed", "illformed", "encoding"])
def test_no_file_of_the_feedparser_collection_crashes(shared_data: Path, kind: str) -> None:
    """Items are extracted wherever a file has any; the figures are printed (`pytest -rP`)."""
    files = sorted(path for path in (shared_data / "feeds" / "feedparser" / kind).rglob("*.xml") if path.is_file())
    assert files
    figures = dict.fromkeys(("files", "read", "refused", "items", "skipped"), 0)
    lost = []
    for path in files:
        body = path.read_bytes()
        figures["files"] += 1
        try:
            document = read(body)
        except FetchFailed:
            figures["refused"] += 1
            has_items = False
        else:
            figures["read"] += 1
            figures["items"] += len(document.entries)
            figures["skipped"] += document.skipped
            has_items = bool(document.entries or document.skipped)
        if not has_items and any(mark in body for mark in (b"<item>", b"<entry>", b"<item ", b"<entry ")):
            lost.append(path.name)
    print(f"{kind}: {figures}")  # noqa: T201 -- the figures
    assert lost == []
