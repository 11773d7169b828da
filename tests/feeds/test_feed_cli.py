"""`manchete feeds`: every command as a user types it, on real weights, against feeds on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from feed_site import FeedSite, make_news, rss

Manchete = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_from_a_subscription_to_its_translation(manchete: Manchete, site: FeedSite, tmp_path: Path) -> None:
    news = [make_news(2, number, "pt", site.url("")) for number in range(2)]
    news.append(make_news(3, 1, "en", site.url("")))
    url, bad = site.put("/feed", rss(news, "Diário")), site.put("/bad", status=500)
    added = manchete("add", url, bad)
    assert (added.returncode, added.stdout.decode()) == (0, f"1\t{url}\n2\t{bad}\n")
    run = manchete("run", "--once")
    assert run.returncode == 1
    told = run.stderr.decode()
    assert f"{bad}: 127.0.0.1 answered 500" in told
    assert "2 feeds: 1 fetched, 0 unchanged, 1 failed; 3 new items, 3 digested, 0 failed" in told
    assert "\r" not in told
    lines = [json.loads(line) for line in manchete("export", "--format", "jsonl").stdout.splitlines()]
    by_link = {line["url"]: line for line in lines}
    portuguese, english = by_link[news[0].link], by_link[news[2].link]
    assert portuguese["language"] == "pt"
    assert portuguese["translated_text"] != portuguese["text"]
    assert "hospital" in portuguese["translated_text"] or "bridge" in portuguese["translated_text"]
    assert english["translated_text"] == english["text"]
    assert all(line["summary"] for line in lines)
    listed = manchete("list")
    assert f"1\t{url}\tDiário\tfetched" in listed.stdout.decode()
    assert "items: 3 summarized" in listed.stderr.decode()
    out = tmp_path / "list.opml"
    assert manchete("export", "--out", str(out)).returncode == 0
    assert manchete("remove", "1").returncode == 0
    imported = manchete("import", str(out))
    assert f"{url}\n" in imported.stdout.decode()


def test_what_is_refused_is_told_and_keeps_nothing_out(manchete: Manchete) -> None:
    urls = ["http://127.0.0.1/x", "http://169.254.169.254/", "file:///etc/passwd", "http://example.org/feed"]
    added = manchete("add", *urls, MANCHETE_FEEDS_ALLOW_PRIVATE="")
    assert added.returncode == 1
    assert added.stdout.decode() == "1\thttp://example.org/feed\n"
    refused = added.stderr.decode().splitlines()
    assert [line.split(": refused: ")[0] for line in refused] == urls[:3]
    assert "a loopback address" in refused[0]
    assert "a link-local address" in refused[1]
    assert "only http and https" in refused[2]


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (("remove", "77"), {}, "feed: 77 is not subscribed to"),
        (("import", "/nonexistent"), {}, "FILE: cannot read /nonexistent"),
        (("run", "--every", "soon"), {}, "--every: must be a time of at least 10s, like 15m, 2h or 7d, not soon"),
        (("run", "--once", "--every", "15m"), {}, "--every: not allowed with"),
        (("run", "--to", "zz"), {}, "--to: zz is not supported"),
        (("run",), {"MANCHETE_OFFLINE": "1"}, "MANCHETE_OFFLINE: feeds are not fetched while it is set"),
        (("run",), {"MANCHETE_FEEDS_TARGET": "zz"}, "--to: zz is not supported"),
        (("list",), {"MANCHETE_FEEDS_DATABASE": "mysql://h/x"}, "MANCHETE_FEEDS_DATABASE: mysql is not one of"),
        (("list",), {"MANCHETE_FEEDS_ALLOW_PRIVATE": "10.0.0.0/77"}, "MANCHETE_FEEDS_ALLOW_PRIVATE: 10.0.0.0/77 is no"),
        (("digest", "--url", "ftp://x/y"), {}, "--url: ftp://x/y is not an address of http or https"),
        (("list",), {"MANCHETE_FEEDS_PUBLIC_URL": "news.example"}, "MANCHETE_FEEDS_PUBLIC_URL"),
        (("export", "--out", "/nonexistent/x"), {}, "--out: /nonexistent/x cannot be written"),
    ],
)
def test_what_is_wrong_is_named(
    manchete: Manchete, arguments: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    done = manchete(*arguments, **variables)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("kind", ["html", "md", "json", "atom"])
def test_digests_are_written(manchete: Manchete, site: FeedSite, tmp_path: Path, kind: str) -> None:
    pytest.importorskip("service.feeds.render")
    news = make_news(2, 1, "pt", site.url(""))
    manchete("add", site.put("/feed", rss([news])))
    manchete("run")
    out = tmp_path / f"digest.{kind}"
    done = manchete("digest", "--format", kind, "--out", str(out), "--url", "https://news.example/digest.xml")
    assert done.returncode == 0, done.stderr
    assert news.link in out.read_text(encoding="utf-8")
    assert ("https://news.example/digest.xml" in out.read_text(encoding="utf-8")) is (kind in {"atom", "json"})


def test_without_the_libraries_the_extra_is_named(environment: dict[str, str]) -> None:
    """As where only the default install is: the libraries cannot be imported."""
    script = "import sys; sys.modules['sqlalchemy'] = None\nfrom service.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script, "feeds", "list"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "Feeds need libraries that are not installed: pip install 'manchete[feeds]'\n"


def test_a_run_every_so_often_goes_on_until_it_is_interrupted(
    environment: dict[str, str], site: FeedSite, tmp_path: Path
) -> None:
    variables = environment | {"MANCHETE_FEEDS_DATABASE": f"sqlite:///{tmp_path / 'feeds.db'}"}
    command = [sys.executable, "-m", "service.cli", "feeds"]
    url = site.put("/feed", rss([make_news(2, 1, "pt", site.url(""))]))
    subprocess.run([*command, "add", url], env=variables, check=True, capture_output=True)
    process = subprocess.Popen([*command, "run", "--every", "10s"], env=variables, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    assert process.stderr is not None
    while b"1 new items, 1 digested" not in process.stderr.readline():
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130


def test_on_a_terminal_there_are_bars(environment: dict[str, str], site: FeedSite, tmp_path: Path) -> None:
    variables = environment | {"MANCHETE_FEEDS_DATABASE": f"sqlite:///{tmp_path / 'feeds.db'}"}
    command = [sys.executable, "-m", "service.cli", "feeds"]
    url = site.put("/feed", rss([make_news(3, 1, "en", site.url(""))]))
    subprocess.run([*command, "add", url], env=variables, check=True, capture_output=True)
    ours, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = subprocess.Popen([*command, "run"], env=variables, stderr=terminal)
    os.close(terminal)
    told = b""
    # A terminal that nobody holds any more ends with an error on Linux, and with nothing elsewhere.
    with suppress(OSError):
        while piece := os.read(ours, 65_536):
            told += piece
    os.close(ours)
    assert process.wait(timeout=30) == 0
    for stage in (b"feeds", b"items"):
        assert stage + b": 100%" in told
