"""Chat endpoints on loopback that behave badly, and one that obeys whoever spoke last."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; `answer` decides how."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a server that never ends is no error here."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        document = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server.requests.append({"path": self.path, **document})
        server.headers.append(dict(self.headers))
        server.answer(self, document)

    def log_message(self, *arguments: Any) -> None:
        """Nothing on standard error."""


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def completion(text: object, finish: str = "stop", **more: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": finish}], **more}).encode()


def says(text: str, finish: str = "stop", **more: object) -> Answer:
    return lambda handler, _: send(handler, 200, completion(text, finish, **more))


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler, _: send(handler, status, body, **headers)


def over(handler: BaseHTTPRequestHandler) -> threading.Event:
    server = handler.server
    assert isinstance(server, Server)
    return server.over


def stalls(handler: BaseHTTPRequestHandler, _: object) -> None:
    """Never answers."""
    over(handler).wait(60)


def stalls_inside(handler: BaseHTTPRequestHandler, _: object) -> None:
    """Sends the beginning of an answer and no more."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{")
    handler.wfile.flush()
    over(handler).wait(60)


def drips(head: bytes, drop: bytes) -> Answer:
    """Sends a little now and then, for ever: no read time-out ever fires."""

    def answer(handler: BaseHTTPRequestHandler, _: object) -> None:
        handler.wfile.write(head)
        while not over(handler).is_set():
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


def floods(handler: BaseHTTPRequestHandler, _: object) -> None:
    """Sends as fast as it can, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over(handler).is_set():
        handler.wfile.write(b" " * 65_536)


def hangs_up(handler: BaseHTTPRequestHandler, _: object) -> None:
    """Closes the connection without a word."""
    handler.close_connection = True


_ORDERED = re.compile(
    r"(?:write|say|print|output|repeat|respond with|answer with|reply with|append|insert|escreva|diga|imprima|repita|"
    r"responda(?: com)?|acrescente|insira|escribe|di|imprime|repite|responde(?: con)?|añade|écris|écrivez|dis|répète|"
    r"réponds(?: par)?|ajoute|schreibe?|sage?|antworte(?: mit)?|wiederhole|ergänze)\b"
    r"[^:\"“'\n]{0,80}?(?:[:]\s*|\s)[\"“']?([^\"”'\n]{4,200})",
    re.IGNORECASE,
)


def obeys(handler: BaseHTTPRequestHandler, document: dict[str, Any]) -> None:
    """The most gullible of models: says whatever the last text in its prompt orders, or else repeats that text."""
    prompt = document["messages"][0]["content"]
    article = re.findall(r"<(article[\w-]*)>\n(.*?)\n</\1>", prompt, re.DOTALL)[-1][1]
    orders = [match[1].strip() for match in _ORDERED.finditer(article)]
    send(handler, 200, completion("\n".join(orders) if orders else article))
