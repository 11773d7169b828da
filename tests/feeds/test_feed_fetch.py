"""Fetching: conditional, polite, patient, within limits, and never from where it must not."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import brotli
import pytest
from feed_runs import LOCAL
from feed_site import FeedSite, brotli_bomb, gzip_bomb
from msgspec import structs

from service.errors import ConfigurationError, InvalidInput
from service.feeds.addresses import AddressPolicy, check_url, policy_from
from service.feeds.config import FetchConfig
from service.feeds.failures import AddressRefused, FetchFailed
from service.feeds.fetch import Fetched, Fetcher, Validators

BODY = b"<rss version='2.0'><channel><title>T</title></channel></rss>"
NOTHING_KNOWN = Validators()


def fetch(url: str, known: Validators = NOTHING_KNOWN, **options: object) -> Fetched:
    """Fetch once, from this machine if it must be."""

    async def once() -> Fetched:
        async with Fetcher(structs.replace(LOCAL, **options)) as fetcher:  # type: ignore[arg-type]
            return await fetcher.feed(url, known)

    return asyncio.run(once())


# --- what comes back


def test_a_document_comes_with_its_validators_and_is_not_sent_again_while_it_is_the_same(site: FeedSite) -> None:
    url = site.put("/feed", BODY, headers={"etag": '"v1"', "last-modified": "Fri, 01 Mar 2024 08:00:00 GMT"})
    first = fetch(url)
    assert (first.body, first.validators.etag) == (BODY, '"v1"')
    second = fetch(url, first.validators)
    assert second.body is None
    assert site.requests[-1][1]["if-modified-since"] == "Fri, 01 Mar 2024 08:00:00 GMT"
    site.put("/feed", BODY + b" ", headers={"etag": '"v2"'})
    assert fetch(url, first.validators).body == BODY + b" "


def test_it_says_honestly_who_asks(site: FeedSite) -> None:
    fetch(site.put("/feed", BODY))
    assert site.requests[0][1]["user-agent"] == "manchete (self-hosted feed reader)"
    assert "cookie" not in site.requests[0][1]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:20]) + gzip.compress(body[20:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("br", brotli.compress),
        ("identity", bytes),
    ],
)
def test_every_encoding_that_is_asked_for_is_understood(site: FeedSite, encoding: str, encode: object) -> None:
    url = site.put("/feed", encode(BODY), headers={"content-encoding": encoding})  # type: ignore[operator]
    assert fetch(url).body == BODY


@pytest.mark.parametrize(("encoding", "bomb"), [("gzip", gzip_bomb), ("br", brotli_bomb)])
def test_a_bomb_is_stopped_while_it_is_read(site: FeedSite, encoding: str, bomb: object) -> None:
    packed = bomb(50)  # type: ignore[operator]
    url = site.put("/bomb", packed, headers={"content-encoding": encoding})
    tracemalloc.start()
    with pytest.raises(FetchFailed, match="decompress to more than the limit of 1000000 bytes"):
        fetch(url)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({"body": b"x" * 1_000_001}, "over the limit of 1000000 bytes"),
        ({"body": b"junk", "headers": {"content-encoding": "gzip"}}, "not valid gzip"),
        ({"body": b"\x00junk", "headers": {"content-encoding": "br"}}, "not valid br"),
        ({"body": gzip.compress(BODY)[:-10], "headers": {"content-encoding": "gzip"}}, "ended early"),
        ({"body": b"x", "headers": {"content-encoding": "zstd"}}, "zstd, which was not asked for"),
        ({"status": 404}, "answered 404 Not Found"),
        ({"status": 410}, "answered 410 Gone"),
        ({"body": BODY, "cut": 10}, "broke"),
        ({"status": 301}, "without saying where to"),
        ({"status": 302, "headers": {"location": "http://a:no/"}}, "not a URL"),
        ({"status": 302, "headers": {"location": "ftp://127.0.0.1/x"}}, "not ftp"),
    ],
)
def test_what_is_bad_is_told(site: FeedSite, page: dict[str, object], reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        fetch(site.put("/bad", **page))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", [{"pause": 3.0}, {"body": BODY, "drip": 0.2}])
def test_a_slow_server_has_so_long_in_all_and_no_longer(site: FeedSite, page: dict[str, object]) -> None:
    started = time.monotonic()
    with pytest.raises(FetchFailed, match=r"longer than the limit of 0\.5 seconds"):
        fetch(site.put("/slow", **page), total_seconds=0.5)  # type: ignore[arg-type]
    assert time.monotonic() - started < 2


# --- redirects


def test_permanent_redirects_are_remembered_up_to_the_first_that_is_not(site: FeedSite) -> None:
    site.put("/c", BODY)
    site.put("/b", status=302, headers={"location": "/c"})
    site.put("/moved", status=308, headers={"location": "/b"})
    answer = fetch(site.put("/a", status=301, headers={"location": "/moved"}))
    assert (answer.url, answer.location, answer.body) == (site.url("/c"), site.url("/b"), BODY)


def test_redirects_that_go_round_end(site: FeedSite) -> None:
    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        fetch(site.put("/a", status=301, headers={"location": "/a"}))
    assert site.hits["/a"] == 6


# --- patience


def test_what_may_pass_is_tried_again(site: FeedSite) -> None:
    with pytest.raises(FetchFailed, match="answered 503"):
        fetch(site.put("/broken", status=503))
    assert site.hits["/broken"] == 3


def test_what_will_not_pass_is_not(site: FeedSite) -> None:
    with pytest.raises(FetchFailed):
        fetch(site.put("/gone", status=404))
    assert site.hits["/gone"] == 1


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_waited_for_when_short_and_left_when_long(site: FeedSite, as_date: bool) -> None:
    def after(seconds: int) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True) if as_date else str(seconds)

    url = site.put("/busy", status=429, headers={"retry-after": after(2)})
    started = time.monotonic()
    with pytest.raises(FetchFailed):
        fetch(url, retries=1)
    assert time.monotonic() - started > 0.8
    site.put("/busy", status=429, headers={"retry-after": after(3_600)})
    site.hits.clear()
    with pytest.raises(FetchFailed) as failure:
        fetch(url)
    assert site.hits["/busy"] == 1
    assert failure.value.retry_after == pytest.approx(3_600, abs=3)


def test_one_host_gets_one_request_at_a_time_with_pauses_and_others_go_on(site: FeedSite) -> None:
    other = FeedSite()
    for number in range(3):
        site.put(f"/{number}", BODY, pause=0.1)
    urls = [site.url(f"/{number}") for number in range(3)] + [other.put("/x", BODY)]

    async def all_of_them() -> None:
        async with Fetcher(structs.replace(LOCAL, host_pause_seconds=0.2)) as fetcher:
            await asyncio.gather(*(fetcher.feed(url, Validators()) for url in urls))

    started = time.monotonic()
    asyncio.run(all_of_them())
    other.close()
    times = sorted(when for _, _, when in site.requests)
    assert all(later - earlier >= 0.29 for earlier, later in pairwise(times))
    assert other.requests[0][2] - started < 0.3


# --- where it does not go

PRIVATE = {
    "http://127.0.0.1/": "a loopback address",
    "http://127.1/": "resolves to 127.0.0.1, which is a loopback address",
    "http://2130706433/": "resolves to 127.0.0.1, which is a loopback address",
    "http://0x7f.0.0.1/": "resolves to 127.0.0.1, which is a loopback address",
    "http://localhost/": "localhost resolves to .*, which is a loopback address",
    "http://169.254.169.254/latest/meta-data/": "a link-local address",
    "http://10.1.2.3/": "a private address",
    "http://172.16.0.1/": "a private address",
    "http://192.168.1.1/": "a private address",
    "http://100.64.0.1/": "a private address",
    "http://192.0.2.1/": "a private address",
    "http://0.0.0.0/": "an unspecified address",
    "http://224.0.0.1/": "a multicast address",
    "http://255.255.255.255/": "a private address",
    "http://[::1]/": "a loopback address",
    "http://[::]/": "an unspecified address",
    "http://[fe80::1]/": "a link-local address",
    "http://[fd00::1]/": "a private address",
    "http://[fec0::1]/": "a private address",
    "http://[::ffff:127.0.0.1]/": "a loopback address",
    "http://[::ffff:169.254.169.254]/": "a link-local address",
    "http://[64:ff9b::7f00:1]/": "a loopback address",
    "http://[2002:7f00:1::]/": "a (loopback|private) address",
    "file:///etc/passwd": "only http and https are fetched, not file",
    "gopher://127.0.0.1/": "only http and https are fetched, not gopher",
    "example.org/feed": "this names none",
    "http:///x": "names no host",
    "http://user:secret@example.org/": "a user name or a password",
}


@pytest.mark.parametrize(("url", "reason"), PRIVATE.items(), ids=list(PRIVATE))
def test_what_is_not_public_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(AddressRefused, match=reason):
        fetch(url, addresses=AddressPolicy())


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/secret", "http://169.254.169.254/", "file:///etc/passwd"])
def test_a_redirect_to_it_is_refused_as_well(site: FeedSite, target: str) -> None:
    site.put("/secret", BODY)
    start = site.put("/start", status=302, headers={"location": target.format(port=site.port)})
    start = start.replace("127.0.0.1", "feeds.example")

    async def once() -> None:
        config = structs.replace(LOCAL, addresses=policy_from("feeds.example"))
        async with Fetcher(config, resolve=_resolver("127.0.0.1")) as fetcher:
            await fetcher.feed(start, Validators())

    with pytest.raises(AddressRefused):
        asyncio.run(once())
    assert site.hits == {"/start": 1}


class _Resolver:
    """Answers each question with the next answer, and counts the questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def _resolver(*answers: str) -> _Resolver:
    return _Resolver(*([answer] for answer in answers))


def test_a_name_that_is_bound_anew_between_check_and_connection_changes_nothing(site: FeedSite) -> None:
    """The checked address is the one connected to: the name is not looked up a second time."""
    site.put("/feed", BODY)
    resolver = _resolver("127.0.0.1", "10.0.0.1")
    url = site.url("/feed", "feeds.example")

    async def twice() -> Fetched:
        async with Fetcher(LOCAL, resolve=resolver) as fetcher:
            answer = await fetcher.feed(url, Validators())
        async with Fetcher(LOCAL, resolve=resolver) as fetcher:
            with pytest.raises(AddressRefused, match=r"feeds\.example resolves to 10\.0\.0\.1, which is a private"):
                await fetcher.feed(url, Validators())
        return answer

    assert asyncio.run(twice()).body == BODY
    assert resolver.asked == 2
    assert site.requests[0][1]["host"] == f"feeds.example:{site.port}"


def test_of_several_addresses_only_the_allowed_ones_are_connected_to(site: FeedSite) -> None:
    site.put("/feed", BODY)
    resolver = _Resolver(["10.0.0.1", "127.0.0.1"])

    async def once() -> Fetched:
        async with Fetcher(LOCAL, resolve=resolver) as fetcher:
            return await fetcher.feed(site.url("/feed", "feeds.example"), Validators())

    started = time.monotonic()
    assert asyncio.run(once()).body == BODY
    assert time.monotonic() - started < 2


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_tls_is_asked_for_by_name_and_not_by_address(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=feeds.example", "-addext", "subjectAltName=DNS:feeds.example"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    names: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    server.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with server.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65_536)
            secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)

    threading.Thread(target=serve, daemon=True).start()
    url = f"https://feeds.example:{listener.getsockname()[1]}/feed"

    async def once() -> Fetched:
        client = ssl.create_default_context(cafile=str(certificate))
        async with Fetcher(LOCAL, resolve=_resolver("127.0.0.1"), tls=client) as fetcher:
            return await fetcher.feed(url, Validators())

    assert asyncio.run(once()).body == BODY
    assert names == ["feeds.example"]
    listener.close()


def test_a_proxy_of_the_environment_does_not_get_around_the_check(
    site: FeedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("/feed", BODY)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, site.url(""))
    with pytest.raises(FetchFailed):
        fetch("http://10.0.0.1/feed", addresses=AddressPolicy())
    assert not site.requests


@pytest.mark.parametrize(
    ("setting", "url", "allowed"),
    [
        ("*", "http://10.0.0.1/x", True),
        ("10.0.0.0/8, 192.168.1.5", "http://10.9.9.9/x", True),
        ("10.0.0.0/8, 192.168.1.5", "http://192.168.1.5/x", True),
        ("10.0.0.0/8, 192.168.1.5", "http://192.168.1.6/x", False),
        ("fd00::/8", "http://[fd00::1]/x", True),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/x", True),
        ("intranet", "http://10.0.0.1/x", False),
    ],
)
def test_the_setting_allows_what_it_names(setting: str, url: str, allowed: bool) -> None:
    policy = policy_from(setting)
    if allowed:
        assert check_url(url, policy) == url
    else:
        with pytest.raises(InvalidInput, match="MANCHETE_FEEDS_ALLOW_PRIVATE can allow it"):
            check_url(url, policy)


def test_a_setting_that_is_no_network_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"MANCHETE_FEEDS_ALLOW_PRIVATE: 10\.0\.0\.0/99"):
        policy_from("10.0.0.0/99")


def test_the_default_allows_nothing_private() -> None:
    assert FetchConfig().addresses == AddressPolicy()
