"""An OpenAI-compatible chat endpoint (Ollama, vLLM, llama.cpp's server and others), which is not trusted to behave.

It is asked over `POST {url}/chat/completions` without streaming. The whole of it, tries and waits included, ends at the
writing's deadline, also where a server sends a byte now and then for ever: the request is a task that is cancelled,
since a read time-out begins anew with each byte. No text and no key is logged, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.errors import Cancelled, WritingFailed
from service.generators.budget import Budget
from service.generators.options import Options
from service.retry_after import retry_after_seconds
from service.writing import Writing, Written

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
_TOKENS_PER_WORD: Final = 3
_LEAST_TOKENS: Final = 64
_CHARACTERS_PER_TOKEN: Final = 3
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 8.0
_CANCEL_CHECK_SECONDS: Final = 0.25


class Endpoint:
    """One endpoint and one of its models. May be called from many threads at once."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._url = f"{(options.url or '').rstrip('/')}/chat/completions"
        self._budget = Budget(options.requests_per_minute, options.tokens_per_day)

    def write(self, writing: Writing) -> Written:
        """What the model answers to the prompt; raises WritingFailed with the reason, Cancelled."""
        # A loop of its own: closing it leaves behind, rather than waits for, a look-up of a name that does not end.
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(_bounded(self._attempts(writing), writing))
        finally:
            loop.close()

    async def _attempts(self, writing: Writing) -> Written:
        failure = WritingFailed("the summary endpoint was not asked", reason="unreachable")
        for attempt in range(self._options.retries + 1):
            self._budget.take()
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311
            try:
                status, headers, body = await self._post(writing)
            except WritingFailed as error:
                if error.reason != "unreachable":
                    raise
                failure = error
            else:
                if status == 200:
                    return self._answer(body, writing)
                failure = _refusal(status)
                if status not in _RETRIED:
                    raise failure
                wait = max(wait, retry_after_seconds(headers.get("retry-after")) or 0.0)
            if attempt == self._options.retries or time.monotonic() + wait >= writing.deadline:
                break
            await asyncio.sleep(wait)
        raise failure

    async def _post(self, writing: Writing) -> tuple[int, Mapping[str, str], bytes]:
        import httpx

        options = self._options
        timeout = httpx.Timeout(options.read_seconds, connect=options.connect_seconds)
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, json=self._payload(writing), headers=self._headers()) as response,
            ):
                body = await self._read(response) if response.status_code == 200 else b""
                return response.status_code, response.headers, body
        except httpx.ConnectError as error:
            raise WritingFailed("the summary endpoint cannot be reached", reason="unreachable") from error
        except httpx.TimeoutException as error:
            raise _late() from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise WritingFailed("the summary endpoint does not speak HTTP as it should", reason="bad-answer") from error

    async def _read(self, response: httpx.Response) -> bytes:
        limit = self._options.response_bytes
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > limit:
                raise WritingFailed(f"the summary endpoint sent more than {limit} bytes", reason="too-large")
        return bytes(body)

    def _payload(self, writing: Writing) -> dict[str, Any]:
        return {
            "model": self._options.model or "default",
            "messages": [{"role": "user", "content": writing.prompt}],
            "temperature": 0,
            "max_tokens": max(_LEAST_TOKENS, _TOKENS_PER_WORD * writing.max_words),
            "stream": False,
        }

    def _headers(self) -> dict[str, str]:
        # Nothing compressed: a small body that unpacks to a large one is no use here.
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if self._options.api_key is not None:
            headers["authorization"] = f"Bearer {self._options.api_key.reveal()}"
        return headers

    def _answer(self, body: bytes, writing: Writing) -> Written:
        try:
            document = json.loads(body)
            choice = document["choices"][0]
            text = choice["message"]["content"]
            if not isinstance(text, str):
                raise TypeError("content is not text")
            usage = document.get("usage")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise WritingFailed("the summary endpoint's answer cannot be read", reason="bad-answer") from error
        counted = usage.get("total_tokens") if isinstance(usage, dict) else None
        estimate = (len(writing.prompt) + len(text)) // _CHARACTERS_PER_TOKEN
        self._budget.spend(counted if type(counted) is int and counted > 0 else estimate)
        return Written(text, complete=choice.get("finish_reason") != "length")


async def _bounded(work: Coroutine[Any, Any, T], writing: Writing) -> T:
    """The result of `work`, which is cancelled at the deadline and when the client has gone."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            left = writing.deadline - time.monotonic()
            if left <= 0:
                raise _late()
            if writing.cancelled.is_set():
                raise Cancelled("the client has gone")
            await asyncio.wait({task}, timeout=min(left, _CANCEL_CHECK_SECONDS))
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_CHECK_SECONDS)


def _late() -> WritingFailed:
    return WritingFailed("the summary endpoint took too long", reason="timeout")


def _refusal(status: int) -> WritingFailed:
    reason = "rate-limited" if status == 429 else "server-error" if status >= 500 else "refused"
    return WritingFailed(f"the summary endpoint answered {status}", reason=reason)
