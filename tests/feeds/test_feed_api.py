"""Feeds over HTTP: the same as on the command line, with errors in the API's own shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from feed_site import FeedSite, make_news, rss

from service.api import create_app
from service.engines.echo import EchoEngine
from service.guards import unchecked
from service.settings import settings_from
from service.wiring import build

MakeClient = Callable[..., TestClient]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    """An application with a database of its own, allowed to fetch from this machine."""
    with ExitStack() as stack:

        def make(**settings: object) -> TestClient:
            values: dict[str, object] = {"home": tmp_path, "preload": "", "threads": 1}
            values |= {"feeds_allow_private": "127.0.0.1", "feeds_host_pause_seconds": 0} | settings
            service = build(settings_from(values), load=EchoEngine, check=unchecked)
            return stack.enter_context(TestClient(create_app(service), raise_server_exceptions=True))

        yield make


def _finished(client: TestClient) -> dict[str, Any]:
    """The report of the run that is in work."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = client.get("/feeds/run").json()
        if not status["running"]:
            return dict(status["last"])
        time.sleep(0.02)
    pytest.fail("the run did not end")


def test_from_a_subscription_to_its_items(make_client: MakeClient, site: FeedSite) -> None:
    client = make_client()
    url = site.put("/feed", rss([make_news(2, number, "pt", site.url("")) for number in range(3)], "Diário"))
    assert client.post("/feeds", json={"url": url}).json() == [{"url": url, "id": 1, "created": True, "error": None}]
    started = client.post("/feeds/run", json={})
    assert (started.status_code, started.json()["running"]) == (202, True)
    report = _finished(client)
    assert (report["fetched"], report["digested"], report["problems"]) == (1, 3, [])
    listed = client.get("/feeds").json()
    assert listed["items"] == {"summarized": 3}
    (feed,) = listed["feeds"]
    assert (feed["title"], feed["language"], feed["error"]) == ("Diário", "pt", None)
    assert client.get("/feeds/export").text.count(f'xmlUrl="{url}"') == 1
    assert client.delete("/feeds/1").json() == {"status": "removed"}
    assert client.get("/feeds").json() == {"feeds": [], "items": {}, "failed_items": []}


def test_a_list_is_answered_one_by_one(make_client: MakeClient) -> None:
    client = make_client(feeds_allow_private="")
    answers = client.post("/feeds", json={"url": ["http://example.org/a", "http://169.254.169.254/"]}).json()
    assert [answer["created"] for answer in answers] == [True, False]
    assert "link-local" in answers[1]["error"]
    opml = "<opml><body><outline xmlUrl='http://example.org/a'/><outline xmlUrl='http://example.org/b'/></body></opml>"
    answers = client.post("/feeds/import", json={"opml": opml}).json()
    assert [answer["created"] for answer in answers] == [False, True]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/feeds", {}, 400, "Invalid request: missing url parameter"),
        ("POST", "/feeds", {"url": "file:///etc/passwd"}, 400, "url: only http and https are fetched, not file"),
        ("POST", "/feeds", {"url": "http://10.0.0.1/"}, 400, "url: 10.0.0.1 is a private address"),
        ("POST", "/feeds", {"url": "x" * 3_000}, 400, "url: 3000 characters are over the limit of 2000"),
        ("POST", "/feeds", {"url": "http://example.org", "nope": 1}, 400, "nope: is not a field of this request"),
        ("POST", "/feeds/import", {"opml": "<x/>"}, 400, "OPML: the document is x, not opml"),
        ("POST", "/feeds/run", {"target": "zz"}, 400, "target: zz is not supported"),
        ("DELETE", "/feeds/99", None, 404, "feed: 99 is not subscribed to"),
        ("GET", "/digest.html?limit=0", None, 400, "limit: must be at least 1"),
        ("GET", "/digest.pdf", None, 404, "Not found"),
    ],
)
def test_what_is_wrong_is_named(
    make_client: MakeClient, method: str, path: str, body: dict[str, object] | None, status: int, error: str
) -> None:
    answer = make_client().request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(error)


def test_a_key_guards_feeds_as_everything_else(make_client: MakeClient) -> None:
    client = make_client(api_key="a-key")
    for method, path in [("GET", "/feeds"), ("POST", "/feeds/run"), ("GET", "/digest.html"), ("DELETE", "/feeds/1")]:
        assert client.request(method, path).status_code == 400
        assert client.request(method, path, headers={"authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/feeds", headers={"authorization": "Bearer a-key"}).status_code == 200


def test_one_run_at_a_time_and_none_offline(make_client: MakeClient, site: FeedSite) -> None:
    client = make_client()
    client.post("/feeds", json={"url": site.put("/slow", pause=0.5)})
    assert client.post("/feeds/run", json={}).status_code == 202
    again = client.post("/feeds/run", json={})
    assert (again.status_code, again.json()["error"][:24]) == (409, "a run is in work already")
    assert _finished(client)["failed"] == 1
    offline = make_client(offline=True).post("/feeds/run", json={})
    assert (offline.status_code, offline.json()["error"][:16]) == (503, "MANCHETE_OFFLINE")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("html", "text/html"),
        ("json", "application/feed+json"),
        ("atom", "application/atom+xml"),
        ("md", "text/markdown"),
    ],
)
def test_digests_are_served(make_client: MakeClient, site: FeedSite, kind: str, media_type: str) -> None:
    pytest.importorskip("service.feeds.render")
    client = make_client()
    news = make_news(2, 1, "pt", site.url(""))
    client.post("/feeds", json={"url": site.put("/feed", rss([news]))})
    client.post("/feeds/run", json={})
    _finished(client)
    answer = client.get(f"/digest.{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert news.link in answer.text


@pytest.mark.parametrize(
    ("asked", "settings", "expected"),
    [
        ("atom", {}, "http://testserver/digest.atom"),
        ("json?target=pt&limit=5", {}, "http://testserver/digest.json?target=pt&limit=5"),
        ("atom?api_key=a-key&hours=24", {"api_key": "a-key"}, "http://testserver/digest.atom?hours=24"),
        ("json?limit=5", {"feeds_public_url": "https://n.example/m/"}, "https://n.example/m/digest.json?limit=5"),
    ],
)
def test_digests_to_subscribe_to_name_their_address_and_no_key(
    make_client: MakeClient, asked: str, settings: dict[str, object], expected: str
) -> None:
    answer = make_client(**settings).get(f"/digest.{asked}")
    assert answer.status_code == 200
    assert "a-key" not in answer.text
    if asked.startswith("atom"):
        links = ElementTree.fromstring(answer.text).findall("{http://www.w3.org/2005/Atom}link")
        assert [(link.get("rel"), link.get("href")) for link in links] == [("self", expected)]
    else:
        assert answer.json()["feed_url"] == expected
