"""A records server and a hub on this machine: real HTTP, files that the tests make, and lines that break."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import zstandard

RECORDS = "/v1/buckets/main/collections/translations-models-v2/records"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Served:
    """One answer: the path, the first byte asked for, bytes of body sent."""

    path: str
    start: int
    sent: int


@dataclass
class FakeSite:
    """What is served. `cuts` has, by path, after how many bytes each coming answer breaks off; `statuses` likewise."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    chunk_pause: threading.Event | None = None
    log: list[Served] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def bytes_sent(self, path: str) -> int:
        """Bytes of all answers to a path."""
        return sum(one.sent for one in self.log if one.path == path)


class FakeServer:
    """A site on a free port of the loopback."""

    def __init__(self) -> None:
        self.site = FakeSite()
        site = self.site

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                # A client that was killed, or that had enough, is no failure of the server's.
                with suppress(ConnectionError):
                    _answer(self, site)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_student(self, source: str, target: str, files: Mapping[str, bytes], **options: str) -> dict[str, str]:
        """Publish a student; returns the paths of its attachments by file type.

        `options`: version, architecture, packing (`zst`, `gz` or nothing).
        """
        self.site.files.setdefault(
            "/v1/", json.dumps({"capabilities": {"attachments": {"base_url": "/cdn/"}}}).encode()
        )
        packing = options.get("packing", "zst")
        records = json.loads(self.site.files.get(RECORDS, b'{"data": []}'))
        paths = {}
        for kind, content in files.items():
            served = {"zst": zstandard.compress, "gz": gzip.compress}.get(packing, bytes)(content)
            name = f"{kind}.{source}{target}.{options.get('architecture', 'base')}.bin"
            paths[kind] = f"/cdn/main/{name}"
            self.site.files[paths[kind]] = served
            records["data"].append(
                {
                    "name": name,
                    "fileType": kind,
                    "sourceLanguage": source,
                    "targetLanguage": target,
                    "version": options.get("version", "3.0"),
                    "architecture": options.get("architecture", "base"),
                    "decompressedHash": hashlib.sha256(content).hexdigest(),
                    "attachment": {
                        "location": f"main/{name}",
                        "hash": hashlib.sha256(served).hexdigest(),
                        "size": len(served),
                        "filename": name,
                        "mimetype": "application/octet-stream",
                    },
                }
            )
        self.site.files[RECORDS] = json.dumps(records).encode()
        return paths

    def add_repository(self, name: str, files: Mapping[str, bytes], **card: object) -> None:
        """Publish a repository of the hub; weights are served from another path, by a redirect, as the hub does."""
        siblings = []
        for file, content in files.items():
            sibling: dict[str, object] = {"rfilename": file, "size": len(content)}
            path = f"/{name}/resolve/{COMMIT}/{file}"
            if file.endswith((".safetensors", ".spm")):
                digest = hashlib.sha256(content).hexdigest()
                sibling["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
                self.site.redirects[path] = f"{self.url}/lfs/{digest}"
                path = f"/lfs/{digest}"
            else:
                sibling["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self.site.files[path] = content
            siblings.append(sibling)
        document = {"id": name, "sha": COMMIT, "siblings": siblings, "cardData": card}
        self.site.files[f"/api/models/{name}"] = json.dumps(document).encode()


def _answer(handler: BaseHTTPRequestHandler, site: FakeSite) -> None:
    # A page of a list is told apart by its query; elsewhere that does not matter.
    path = handler.path if handler.path in site.files else urlsplit(handler.path).path
    if path in site.redirects:
        _head(handler, 302, {"location": site.redirects[path], "content-length": "0"})
        return
    status = site.statuses[path].pop(0) if site.statuses.get(path) else 200
    if path not in site.files or status != 200:
        site.log.append(Served(path, 0, 0))
        _head(handler, 404 if status == 200 else status, {"content-length": "0"})
        return
    content, start = site.files[path], 0
    asked = handler.headers.get("range", "")
    headers: dict[str, str] = {}
    if asked and site.ranges:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    body = content[start:]
    _head(
        handler,
        206 if asked and site.ranges else 200,
        {"content-length": str(len(body)), **headers, **site.headers.get(path, {})},
    )
    served = Served(path, start, 0)
    site.log.append(served)
    limit = site.cuts[path].pop(0) if site.cuts.get(path) else len(body)
    for offset in range(0, min(limit, len(body)), 1024):
        piece = body[offset : min(offset + 1024, limit)]
        handler.wfile.write(piece)
        served.sent += len(piece)
    handler.wfile.flush()
    if limit < len(body):
        if site.chunk_pause is not None:
            site.chunk_pause.wait(30)
        handler.close_connection = True


def _head(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
