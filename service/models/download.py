"""Fetches files over HTTP: resumed where they broke off, checked before they count, within limits.

Ranges follow RFC 9110 section 14. A file under way is kept as `<name>.<start of its digest>.partial`, so that what is
resumed is the same content, and gets its own name when its checksum is right.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from service.errors import ConfigurationError, ModelCorrupt, ModelMissing
from service.models.manifest import sha256_of
from service.models.sources import Progress
from service.retry_after import retry_after_seconds

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

MAX_FILE_BYTES: Final = 8 * 2**30
MAX_DOCUMENT_BYTES: Final = 64 * 2**20
TRIES: Final = 5
_LONGEST_PAUSE_SECONDS: Final = 30.0
# A try that brought this much earns the later ones anew: a large file over a poor line breaks off many times.
_WORTHWHILE_BYTES: Final = 2**20
_MAX_REDIRECTS: Final = 5
_TIMEOUT_SECONDS: Final = 30.0
# A hub answers the first two also for a repository that does not exist.
_ABSENT: Final = frozenset({401, 403, 404, 410})
_DIGEST: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class RemoteFile(msgspec.Struct, frozen=True):
    """A file that a source offers.

    `name` is what it is called here, never a path that a source gave. `sha256` is of the bytes as they are served;
    `git_sha1` is the blob id that a hub gives instead for small files. `content_sha256` is of what is left after
    decompression, where the source says.
    """

    name: str
    url: str
    size: int
    sha256: str | None = None
    git_sha1: str | None = None
    content_sha256: str | None = None

    @property
    def digest(self) -> str:
        """Whichever checksum there is."""
        return self.sha256 or self.git_sha1 or ""


class _BrokenOffError(Exception):
    """A try that failed in a way that another may not."""

    def __init__(self, what: str, wait_seconds: float = 0.0) -> None:
        super().__init__(what)
        self.wait_seconds = wait_seconds


class Downloader:
    """Fetches for one model. Errors name it as `wanted`, and `command` as what resumes; the pause doubles each try."""

    def __init__(self, *, wanted: str, command: str, first_pause_seconds: float = 0.5) -> None:
        self._wanted = wanted
        self._command = command
        self._first_pause_seconds = first_pause_seconds
        self._client = httpx.Client(
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            timeout=_TIMEOUT_SECONDS,
            # Files are checked as they are served: no compression may come in between.
            headers={"accept-encoding": "identity", "user-agent": "manchete"},
            event_hooks={"request": [_refuse_other_schemes]},
        )

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def document(self, url: str) -> tuple[Any, httpx.Headers]:
        """A JSON document and its headers; raises ModelMissing, ModelCorrupt when it is not JSON or too long."""
        found = self.find(url)
        if found is None:
            raise ModelMissing(f"{self._wanted} is not there: {url} does not exist", model_id=self._wanted)
        return found

    def find(self, url: str) -> tuple[Any, httpx.Headers] | None:
        """As `document`, but None where the server has no such document."""

        def attempt() -> tuple[Any, httpx.Headers] | None:
            content = bytearray()
            with self._client.stream("GET", url) as response:
                if response.status_code in _ABSENT:
                    return None
                self._check_status(response, url)
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MAX_DOCUMENT_BYTES:
                        raise self._corrupt(f"{url} is longer than {MAX_DOCUMENT_BYTES} bytes")
            try:
                return json.loads(bytes(content)), response.headers
            except ValueError as error:
                raise self._corrupt(f"{url} is not JSON") from error

        return self._persistently(attempt, url, lambda: 0)

    def file(self, file: RemoteFile, folder: Path, progress: Progress) -> Path:
        """The file in `folder`, fetched or resumed, its checksum verified. `progress` is told of this file alone.

        Raises ModelMissing when it is not there or the network fails (what came is kept and the message has the command
        that resumes), ModelCorrupt when it is not what it should be (what came is thrown away), OSError.
        """
        final = folder / file.name
        if final.is_file() and _is(final, file):
            progress(file.size, file.size)
            return final
        if _DIGEST.fullmatch(file.digest) is None or not 0 <= file.size <= MAX_FILE_BYTES:
            raise self._corrupt(f"{file.url} is offered without a checksum, or as over {MAX_FILE_BYTES} bytes")
        partial = folder / f"{file.name}.{file.digest[:16]}.partial"
        self._persistently(lambda: self._continue(file, partial, progress), file.url, lambda: _length(partial))
        if not _is(partial, file):
            partial.unlink()
            raise self._corrupt(f"{file.url} has the wrong checksum and was thrown away")
        partial.replace(final)
        return final

    def _continue(self, file: RemoteFile, partial: Path, progress: Progress) -> None:
        """Fetch what is missing of `partial`."""
        offset = _length(partial)
        if offset > file.size:
            partial.unlink()
            offset = 0
        if offset == file.size and partial.exists():
            return
        headers = {"range": f"bytes={offset}-"} if offset else {}
        with self._client.stream("GET", file.url, headers=headers) as response:
            if response.status_code == 416:
                partial.unlink(missing_ok=True)
                raise _BrokenOffError("the server does not take up where it broke off")
            self._check_status(response, file.url)
            resumed = _resumes_at(response, offset)
            with partial.open("ab" if resumed else "wb") as stream:
                done = offset if resumed else 0
                # As they come: pieces of a fixed size would be lost when the line breaks before one is full.
                for chunk in response.iter_raw():
                    done += len(chunk)
                    if done > file.size:
                        stream.close()
                        partial.unlink()
                        raise self._corrupt(f"{file.url} is longer than the {file.size} bytes it should have")
                    stream.write(chunk)
                    # What came is kept even when this process is killed.
                    stream.flush()
                    progress(done, file.size)
        if done < file.size:
            raise _BrokenOffError(f"{done} of {file.size} bytes came")

    def _persistently(self, attempt: Callable[[], _Result], url: str, length: Callable[[], int]) -> _Result:
        """Call `attempt` until it succeeds, at most `TRIES` times in a row without `_WORTHWHILE_BYTES` of progress."""
        pause, tries, before = self._first_pause_seconds, 0, length()
        while True:
            wait = 0.0
            try:
                return attempt()
            except _BrokenOffError as error:
                what, wait = str(error), error.wait_seconds
            except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise self._missing(f"{url} cannot be fetched ({error})") from error
            except httpx.TransportError as error:
                what = type(error).__name__
            if length() - before >= _WORTHWHILE_BYTES:
                pause, tries, before = self._first_pause_seconds, 0, length()
            tries += 1
            if tries == TRIES:
                host = urlsplit(url).netloc
                raise self._missing(f"{host} broke off {TRIES} times ({what}); what came is kept")
            logger.info("%s: %s; trying again", url, what)
            time.sleep(min(_LONGEST_PAUSE_SECONDS, max(wait, pause)))
            pause *= 2

    def _check_status(self, response: httpx.Response, url: str) -> None:
        status = response.status_code
        if status in _TRY_AGAIN:
            after = retry_after_seconds(response.headers.get("retry-after"))
            raise _BrokenOffError(f"status {status}", after or 0.0)
        if status in _ABSENT:
            raise ModelMissing(f"{self._wanted} is not there: {url} answered {status}", model_id=self._wanted)
        if status not in (200, 206):
            raise self._missing(f"{url} answered {status}")

    def _missing(self, what: str) -> ModelMissing:
        return ModelMissing(f"{self._wanted}: {what}; run '{self._command}' to go on", model_id=self._wanted)

    def _corrupt(self, what: str) -> ModelCorrupt:
        return ModelCorrupt(f"{what}; run '{self._command}' to try again", model_id=self._wanted)


def check_base_url(url: str, setting: str) -> str:
    """A mirror's address without the slash at its end; raises ConfigurationError unless it is one of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigurationError(f"{setting}: {url} is not an http or https address", field=setting)
    return url.rstrip("/")


def _refuse_other_schemes(request: httpx.Request) -> None:
    # A redirect may lead anywhere; httpx knows no other schemes today, but that is its affair.
    if request.url.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol(f"{request.url.scheme} is not http or https")


def _resumes_at(response: httpx.Response, offset: int) -> bool:
    """Whether the body goes on at `offset`; a server without ranges sends the whole instead."""
    if response.status_code != 206:
        return False
    if response.headers.get("content-range", "").startswith(f"bytes {offset}-"):
        return True
    raise _BrokenOffError("the server sent another range than was asked for")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is(path: Path, file: RemoteFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    if file.sha256 is not None:
        return sha256_of(path) == file.sha256
    # A git blob's id is SHA-1 over a header and the content; it is what a hub publishes for files outside of LFS.
    hasher = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    hasher.update(path.read_bytes())
    return hasher.hexdigest() == file.git_sha1
