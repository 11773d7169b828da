"""Runs: what is new is digested once, what is bad is told, and a run that ended early goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from feed_runs import exported, run, subscribe
from feed_site import WRITERS, FeedSite, atom, gzip_bomb, make_news, rss

from service.errors import AlreadyRunning, InvalidInput, NotFound
from service.feeds.desk import FeedDesk
from service.feeds.opml import Outline, read_opml, write_opml
from service.feeds.progress import Progress
from service.pipeline import Pipeline

MakeDesk = Callable[..., FeedDesk]


def _put(site: FeedSite, feed: int, count: int = 3, **options: object) -> str:
    """Serve a feed of so many items."""
    news = [make_news(feed, number, "en" if feed % 2 else "pt", site.url("")) for number in range(count)]
    headers = {"etag": f'"{feed}"'} if feed % 3 == 0 else {}
    body = WRITERS[feed % 3](news, f"Feed {feed}", "pt")
    return site.put(f"/feed/{feed}", body, headers=headers, **options)


def test_every_good_item_is_digested_and_every_bad_feed_told_with_its_reason(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk(total_seconds=1.0)
    good = [_put(site, feed) for feed in range(6)]
    _put(site, 6)
    bad = {
        site.put("/500", status=500): "answered 500",
        site.put("/404", status=404): "answered 404",
        site.put("/slow", pause=2.0): "longer than the limit",
        site.put("/bomb", gzip_bomb(20), headers={"content-encoding": "gzip"}): "decompress to more than",
        site.put("/cut", b"<rss>" * 99, cut=9): "broke",
        site.put("/html", b"<!doctype html><html></html>"): "web page",
        site.put("/ssrf", status=302, headers={"location": "http://169.254.169.254/"}): "link-local",
    }
    redirecting = site.put("/moved", status=301, headers={"location": "/feed/6"})
    subscribe(desk, *good, redirecting, *bad)
    report = run(desk, pipeline)
    assert (report.fetched, report.failed, report.new_items, report.digested, report.failed_items) == (7, 7, 21, 21, 0)
    told = dict(report.problems)
    assert set(told) == set(bad)
    for url, reason in bad.items():
        assert reason in told[url]
    assert {row["state"] for row in exported(desk)} == {"summarized"}
    moved = next(feed for feed in desk.subscriptions() if feed.url == redirecting)
    assert moved.location == site.url("/feed/6")


def test_a_second_run_fetches_nothing_new_and_does_no_work(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    subscribe(desk, *(_put(site, feed) for feed in range(6)), site.put("/500", status=500))
    run(desk, pipeline)
    before, hits = exported(desk), site.hits["/500"]
    report = run(desk, pipeline)
    assert (report.unchanged, report.fetched, report.new_items, report.digested) == (2, 4, 0, 0)
    assert exported(desk) == before
    # The bad one has its time to come back, and is told of nevertheless.
    assert site.hits["/500"] == hits
    assert report.waiting == 1
    assert "answered 500" in report.problems[0][1]
    forced = run(desk, pipeline, force=True)
    assert (forced.waiting, forced.failed) == (0, 1)


def test_only_what_came_since_is_digested(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline) -> None:
    desk = make_desk()
    subscribe(desk, _put(site, 1, 3))
    run(desk, pipeline)
    _put(site, 1, 5)
    report = run(desk, pipeline)
    assert (report.new_items, report.known_items, report.digested) == (2, 3, 2)


def test_an_edited_item_is_digested_again_and_no_other(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline) -> None:
    desk = make_desk()
    news = [make_news(2, number, "pt", site.url("")) for number in range(3)]
    subscribe(desk, site.put("/feed", rss(news)))
    run(desk, pipeline)
    before = {row["id"]: row for row in exported(desk)}
    news[1] = replace(news[1], text=news[1].text + " A obra foi adiada.")
    site.put("/feed", rss(news))
    report = run(desk, pipeline)
    assert (report.new_items, report.known_items, report.edited_items, report.digested) == (0, 3, 1, 1)
    assert "0 new items, 1 edited, 1 digested" in report.summary()
    after = {row["id"]: row for row in exported(desk)}
    assert set(after) == set(before)
    (changed,) = [name for name in after if after[name] != before[name]]
    row = after[changed]
    assert (row["text"], row["translated_text"]) == (news[1].text, news[1].text)
    assert row["state"] == "summarized"
    assert before[changed]["edited"] is None
    assert row["edited"] is not None
    again = run(desk, pipeline)
    assert (again.edited_items, again.digested) == (0, 0)
    item = next(one for one in desk.digest(target="en").items if one.item_id == changed)
    assert item.edited is not None
    assert item.edited.isoformat() == row["edited"]


@pytest.mark.parametrize("change", ["space", "tracking", "time", "encoding"])
def test_a_trivial_change_is_no_edit(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline, change: str) -> None:
    desk = make_desk()
    (one,) = news = [replace(make_news(2, 0, "pt", site.url("")), guid="", text="O café abriu. Ninguém faltou.")]
    body = rss(news).replace(b'<guid isPermaLink="false"></guid>', b"")
    subscribe(desk, site.put("/feed", body))
    run(desk, pipeline)
    before = exported(desk)
    changed = {
        "space": body.replace(b"abriu. ", b"abriu.\n\n  "),
        "tracking": body.replace(one.link.encode(), one.link.encode() + b"?utm_source=rss&amp;utm_medium=feed"),
        "time": body.replace(b" 2024 ", b" 2025 "),
        "encoding": body.replace("é".encode(), b"e\xcc\x81"),
    }[change]
    assert changed != body
    site.put("/feed", changed)
    report = run(desk, pipeline)
    assert (report.known_items, report.new_items, report.edited_items, report.digested) == (1, 0, 0, 0)
    assert exported(desk) == before


def test_an_edited_teaser_has_its_page_fetched_again_and_a_failed_item_another_try(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    site.put("/page", PAGE.format(head="", paragraphs=f"<p>{LONG}</p><p>{LONG}</p>").encode())
    link = site.url("/page")

    def feed(teaser: str, other: str) -> None:
        guid = "guid isPermaLink='false'"
        fields = f"<title>Ponte</title><link>{link}</link><description>{teaser}</description>"
        items = f"<item><{guid}>1</guid>{fields}</item>"
        items += f"<item><{guid}>2</guid><title>{other}</title></item>"
        site.put("/feed", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())

    feed("A prefeitura abriu ontem a nova ponte.", "Regeringen presenterade ett nytt förslag på tisdagen.")
    subscribe(desk, site.url("/feed"), full_text=True)
    first = run(desk, pipeline)
    assert (first.pages, first.digested, first.failed_items) == (1, 1, 1)
    feed("A prefeitura abriu ontem a nova ponte do rio.", "O governo apresentou ontem uma nova proposta.")
    second = run(desk, pipeline)
    assert (second.edited_items, second.pages, second.digested, second.failed_items) == (2, 1, 2, 0)
    assert site.hits["/page"] == 2
    assert all(row["state"] == "summarized" and row["attempts"] == 0 for row in exported(desk))


def test_guids_that_change_at_every_fetch_bring_nothing_new(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    news = [make_news(1, number, "pt", site.url("")) for number in range(3)]
    subscribe(desk, site.put("/feed", atom(news)))
    run(desk, pipeline)
    site.put("/feed", atom(news).replace(b"urn:1:", b"urn:other:"))
    assert run(desk, pipeline).new_items == 0


def test_an_item_without_text_and_one_that_cannot_be_translated_are_told(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    titles = ("A prefeitura abriu ontem a ponte nova", "Regeringen presenterade ett nytt förslag på tisdagen.")
    items = "".join(f"<item><title>{title}</title></item>" for title in titles)
    subscribe(desk, site.put("/feed", f"<rss version='2.0'><channel>{items}</channel></rss>".encode()))
    report = run(desk, pipeline)
    assert (report.digested, report.failed_items) == (1, 1)
    digested, failed = sorted(exported(desk), key=lambda row: row["state"], reverse=True)
    assert digested["summary"] == []
    assert "the item has no text, only a title" in digested["warnings"]
    assert failed["reason"].startswith("sv to en is not supported")
    assert failed["attempts"] == 1
    # It would be the same again, so that it is not tried again unless it is asked for.
    assert run(desk, pipeline).failed_items == 0
    assert run(desk, pipeline, retry_all=True).failed_items == 1


def test_the_feeds_language_counts_where_the_text_does_not_tell(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    channel = "<language>pt-br</language><item><title>42 !</title></item>"
    subscribe(desk, site.put("/feed", f"<rss version='2.0'><channel>{channel}</channel></rss>".encode()))
    assert run(desk, pipeline).digested == 1
    assert any("the feed says pt-br" in warning for warning in exported(desk)[0]["warnings"])


PAGE = """<!doctype html><html><head><title>T</title>{head}</head><body><nav><a href='/'>Home</a></nav>
<article><h1>T</h1>{paragraphs}</article><footer>Contact</footer></body></html>"""
LONG = " ".join(make_news(2, number, "pt", "").text for number in range(3))


@pytest.mark.parametrize(
    ("page", "warning"),
    [
        ({"body": PAGE.format(head="", paragraphs=f"<p>{LONG}</p><p>{LONG}</p>").encode()}, None),
        (
            {
                "body": PAGE.format(
                    head='<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>',
                    paragraphs=f"<p>{LONG}</p>",
                ).encode()
            },
            "behind a paywall",
        ),
        ({"body": b"<html><body><p>Assine para ler.</p></body></html>"}, "no longer text was found"),
        ({"status": 402}, "answered 402"),
        ({"status": 302, "headers": {"location": "http://169.254.169.254/"}}, "is a link-local address"),
        ({"body": b"%PDF", "headers": {"content-type": "application/pdf"}}, "the page is application/pdf"),
    ],
)
def test_teasers_become_whole_texts_where_the_page_has_one(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline, page: dict[str, object], warning: str | None
) -> None:
    desk = make_desk()
    site.put("/page", **page)  # type: ignore[arg-type]
    teaser = "A prefeitura de Vila Serena abriu ontem a nova ponte."
    fields = f"<title>Ponte</title><link>{site.url('/page')}</link><description>{teaser}</description>"
    url = site.put("/feed", f"<rss version='2.0'><channel><item>{fields}</item></channel></rss>".encode())
    subscribe(desk, url, full_text=True)
    report = run(desk, pipeline)
    (row,) = exported(desk)
    assert (report.pages, report.digested) == (1, 1)
    if warning is None:
        assert row["text"].count(LONG[:60]) >= 1
        assert "Contact" not in row["text"]
        assert row["warnings"] == []
    else:
        assert row["text"] == teaser
        assert "only the feed's teaser is used" in row["warnings"][0]
        assert warning in row["warnings"][0]


def test_a_run_that_was_stopped_goes_on(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline) -> None:
    desk = make_desk()
    subscribe(desk, _put(site, 2, 3))
    stop = threading.Event()
    stop.set()
    assert run(desk, pipeline, cancelled=stop).digested == 0
    assert {row["state"] for row in exported(desk)} <= {"fetched", "detected"}
    assert run(desk, pipeline).digested == 3


class _RunsAgain(Progress):
    """Starts a second run while the first is at work."""

    def __init__(self, desk: FeedDesk, pipeline: Pipeline) -> None:
        self.refused = 0
        self._desk, self._pipeline = desk, pipeline

    def begin(self, stage: str, total: int) -> None:
        if stage == "items":
            with pytest.raises(AlreadyRunning):
                run(self._desk, self._pipeline)
            self.refused += total


def test_two_runs_at_once_are_refused(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline) -> None:
    from service.feeds.progress import RunOptions

    desk = make_desk()
    subscribe(desk, _put(site, 1))
    again = _RunsAgain(desk, pipeline)
    assert desk.run(pipeline, RunOptions("en"), again).digested == 3
    assert again.refused == 3


def test_old_items_go_when_a_retention_is_set_and_stay_away(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    subscribe(desk, _put(site, 1))
    run(desk, pipeline)
    later = make_desk(retention_days=-1)
    assert run(later, pipeline).expired == 3
    assert exported(desk) == []
    assert run(desk, pipeline).new_items == 0


def test_a_digest_has_the_latest_items_with_original_and_source(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline
) -> None:
    desk = make_desk()
    subscribe(desk, _put(site, 2, 3))
    run(desk, pipeline)
    digest = desk.digest(target="en", limit=2)
    newest = make_news(2, 2, "pt", site.url(""))
    assert len(digest.items) == 2
    first = digest.items[0]
    assert (first.outlet, first.url, first.published, first.language) == ("Feed 2", newest.link, newest.published, "pt")
    assert (first.original_title, first.original_text) == (newest.title, newest.text)
    assert first.summary
    assert desk.digest(target="pt").items == ()
    assert len(desk.digest(target="en", since=newest.published).items) == 1


def test_subscriptions_are_kept_told_and_removed(make_desk: MakeDesk) -> None:
    desk = make_desk()
    added = desk.add([Outline("http://127.0.0.1/1#part", "One"), Outline("file:///x", None)])
    assert (added[0].url, added[0].created, added[0].reason) == ("http://127.0.0.1/1", True, None)
    assert "only http and https" in (added[1].reason or "")
    assert not desk.add([Outline("http://127.0.0.1/1", None)])[0].created
    assert [(one.url, one.title) for one in read_opml(write_opml(desk.subscriptions()).encode())] == [
        ("http://127.0.0.1/1", "One")
    ]
    desk.remove("http://127.0.0.1/1")
    with pytest.raises(NotFound):
        desk.remove("http://127.0.0.1/1")
    with pytest.raises(InvalidInput, match="over the limit of 5000"):
        desk.add([Outline("http://127.0.0.1/1", None)] * 5001)


def test_texts_are_not_logged(
    site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk()
    caplog.set_level(0)
    news = [make_news(2, 1, "pt", site.url(""))]
    subscribe(desk, site.put("/feed", rss(news)))
    run(desk, pipeline)
    assert news[0].text[:30] not in caplog.text


def test_a_report_tells_where_the_time_went(site: FeedSite, make_desk: MakeDesk, pipeline: Pipeline) -> None:
    desk = make_desk()
    paused = site.put("/slow", rss([make_news(2, 1, "pt", site.url(""))]), pause=0.3)
    subscribe(desk, paused)
    first = run(desk, pipeline)
    assert set(first.stages) == {"fetch", "parse", "store", "detect", "translate", "summarize"}
    assert all(seconds > 0 for seconds in first.stages.values())
    # One batch is in work, so that nothing is added up twice.
    assert 0.3 < first.stages["fetch"] < sum(first.stages.values()) <= first.seconds
    again = run(desk, pipeline)
    assert set(again.stages) == {"fetch", "parse", "store"}
