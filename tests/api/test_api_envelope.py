"""What surrounds a request: ids, times, limits, headers, logs, failures, overload, a client that goes away."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from service.engines.echo import EchoEngine
from service.types import GREEDY, DecodeOptions, Hypothesis

GOOD = {"q": "Uma frase secreta.", "source": "pt", "target": "en"}
SECRET = "segredo-" + "a1b2c3"


class BrokenEngine(EchoEngine):
    """Fails on every text, quoting it."""

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        raise RuntimeError(f"cannot do {texts!r} with {options!r}")


class StuckEngine(EchoEngine):
    """Waits in `translate` until released."""

    entered = threading.Event()
    released = threading.Event()

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        self.entered.set()
        assert self.released.wait(30)
        return super().translate(texts, options)


@pytest.fixture
def stuck() -> Iterator[type[StuckEngine]]:
    """A fresh kind of engine that waits; released at the end whatever happens."""

    class Stuck(StuckEngine):
        entered = threading.Event()
        released = threading.Event()

    yield Stuck
    Stuck.released.set()


@pytest.mark.parametrize("given", ["abc", "A-b_c.9", "x" * 64])
def test_a_sane_request_id_is_echoed(client: TestClient, given: str) -> None:
    assert client.get("/health", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "<script>", "á".encode("latin-1"), "a,b"])
def test_another_request_id_is_replaced(client: TestClient, given: Any) -> None:
    answered = client.get("/health", headers={"x-request-id": given}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", answered)


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/languages", "/nothing", "/openapi.json"])
def test_security_headers_are_everywhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert float(headers["x-total-time"]) >= 0


def test_answers_with_texts_are_not_kept_by_caches(client: TestClient) -> None:
    assert client.post("/translate", json=GOOD).headers["cache-control"] == "no-store"


def test_a_body_over_the_limit(make_client: Any) -> None:
    client = make_client(payload_limit_bytes=200)
    assert client.post("/translate", json=GOOD).status_code == 200
    response = client.post("/translate", json=GOOD | {"q": "x" * 200})
    assert response.status_code == 413
    assert response.json() == {"error": "body: more than 200 bytes, the limit"}


def test_a_chunked_body_over_the_limit_is_not_read_to_its_end(make_client: Any) -> None:
    app = make_client(payload_limit_bytes=1000).app
    pulled = []

    async def receive() -> dict[str, Any]:
        pulled.append(1)
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    sent = anyio.run(_call, app, receive, {})
    assert sent[0]["status"] == 413
    assert len(pulled) == 11


def test_a_lying_content_length_does_not_help(make_client: Any) -> None:
    app = make_client(payload_limit_bytes=1000).app

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 5000, "more_body": False}

    assert anyio.run(_call, app, receive, {"content-length": "10"})[0]["status"] == 413


def test_the_log_holds_the_route_and_no_text_key_or_query(make_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = make_client(api_key=SECRET)
    caplog.set_level(logging.DEBUG)
    client.post(f"/translate?api_key={SECRET}&q={SECRET}", json=GOOD | {"q": SECRET, "api_key": SECRET})
    client.post("/translate", json=GOOD | {"q": SECRET}, headers={"authorization": f"Bearer {SECRET}"})
    client.post("/translate", json=GOOD | {"q": SECRET, "api_key": SECRET + "x"})
    client.get(f"/{SECRET}")
    access = [record.getMessage() for record in caplog.records if record.name == "service.api.access"]
    assert [line.split(" ")[:3] for line in access] == [
        ["POST", "/translate", "200"],
        ["POST", "/translate", "200"],
        ["POST", "/translate", "403"],
        ["GET", "(other)", "404"],
    ]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("service")]
    assert SECRET not in "\n".join(ours)


def test_an_engine_s_failure_is_a_500_without_detail(make_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    response = make_client(load=BrokenEngine).post("/translate", json=GOOD)
    assert response.status_code == 500
    assert "Internal error" in response.json()["error"]
    assert "secreta" not in response.text + caplog.text


def test_an_unforeseen_failure_is_a_500_without_detail(make_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    def unloadable(model_id: str) -> EchoEngine:
        raise ZeroDivisionError(f"{SECRET} {model_id}")

    response = make_client(load=unloadable).post("/translate", json=GOOD, headers={"x-request-id": "find-me"})
    assert response.status_code >= 500
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    assert response.headers["x-request-id"] == "find-me"


def test_overload_is_answered_at_once_with_retry_after(make_client: Any, stuck: type[StuckEngine]) -> None:
    client = make_client(load=stuck, max_concurrent_requests=1)
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(client.post("/translate", json=GOOD).status_code))
    thread.start()
    assert stuck.entered.wait(30)
    second = client.post("/translate", json=GOOD)
    assert second.status_code == 429
    assert int(second.headers["retry-after"]) >= 1
    assert list(second.json()) == ["error"]
    # Probes are answered while the service is full.
    assert client.get("/health").status_code == 200
    stuck.released.set()
    thread.join(30)
    assert first == [200]


def _load(client: Any) -> None:
    """Have the models in memory, so that a short request is answered without a thread of its own."""
    service = client.app.state.executor.service
    for entry in service.catalog:
        with service.pool.lease(entry.model_id):
            pass


@pytest.mark.parametrize("loaded", [False, True])
def test_a_deadline_is_a_504(make_client: Any, stuck: type[StuckEngine], loaded: bool) -> None:
    client = make_client(load=stuck, request_timeout_seconds=0.2)
    if loaded:
        _load(client)
    response = client.post("/translate", json=GOOD)
    assert response.status_code == 504
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize("loaded", [False, True])
def test_a_client_that_goes_away_frees_its_place(make_client: Any, stuck: type[StuckEngine], loaded: bool) -> None:
    client = make_client(load=stuck, max_concurrent_requests=1)
    if loaded:
        _load(client)
    body = [{"type": "http.request", "body": json.dumps(GOOD).encode(), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if body:
            return body.pop()
        while not stuck.entered.is_set():
            await anyio.sleep(0.005)
        return {"type": "http.disconnect"}

    sent = anyio.run(_call, client.app, receive, {"content-type": "application/json"})
    # Nobody reads it, but the log and the metrics tell it apart; the engine is still stuck.
    assert sent[0]["status"] == 499
    assert not stuck.released.is_set()
    assert client.app.state.executor.service.batcher.load().requests == 0


def test_one_stuck_short_request_does_not_hold_up_others(make_client: Any, stuck: type[StuckEngine]) -> None:
    client = make_client(load=stuck)
    _load(client)
    thread = threading.Thread(target=client.post, args=("/translate",), kwargs={"json": GOOD})
    thread.start()
    assert stuck.entered.wait(30)
    assert client.post("/detect", json={"q": "Bom dia a todos."}).status_code == 200
    stuck.released.set()
    thread.join(30)


def test_requests_are_counted_by_route_and_status(make_client: Any) -> None:
    client = make_client()
    client.post("/translate", json=GOOD)
    client.post("/translate", json={})
    client.get("/some/odd/path")
    exposition = client.get("/metrics").text
    assert 'manchete_requests_total{route="/translate",status="200"} 1.0' in exposition
    assert 'manchete_requests_total{route="/translate",status="400"} 1.0' in exposition
    assert 'manchete_requests_total{route="(other)",status="404"} 1.0' in exposition
    assert "odd" not in exposition


async def _call(app: Any, receive: Any, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Send one request to an ASGI application by hand; return the messages it sends."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/translate",
        "raw_path": b"/translate",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return sent
