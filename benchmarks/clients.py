"""Closed-loop clients: each sends one sentence, waits for the answer, sends the next."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from typing import TYPE_CHECKING, Final

from benchmarks.corpus import words

if TYPE_CHECKING:
    import aiohttp

WARM_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 1.0


@dataclass(slots=True)
class Tally:
    """What was answered in a phase: latencies in seconds, source words, answers that were no translation by status."""

    seconds: float = 0.0
    words: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which answers count, on the monotonic clock; what comes before warms up."""

    start: float
    end: float


class Clients:
    """Clients of one server for one direction, all on one connection pool. `http` has the server's address."""

    def __init__(self, http: aiohttp.ClientSession, direction: str) -> None:
        self._http = http
        self._source, _, self._target = direction.partition("-")

    async def run(self, count: int, texts: Sequence[str], seconds: float) -> Tally:
        """`count` clients for `seconds`, after `WARM_SECONDS` that do not count."""
        started = time.monotonic()
        window = Window(started + WARM_SECONDS, started + WARM_SECONDS + seconds)
        tally = Tally(seconds=seconds)
        source = cycle(texts)
        await asyncio.gather(*(self._interact(source, window, tally) for _ in range(count)))
        return tally

    async def run_beside_bulk(
        self, texts: Sequence[str], bulk: Sequence[str], chunk: int, limit: float
    ) -> tuple[Tally, Tally]:
        """One client for as long as another posts `bulk` in lists of `chunk`, at most `limit` seconds.

        Returns the tally of the one who waits for single sentences and that of the bulk.
        """
        started = time.monotonic()
        single, many = Tally(), Tally()
        waiter = asyncio.create_task(self._interact(cycle(texts), Window(started, started + limit), single))
        try:
            async with asyncio.timeout(limit):
                for start in range(0, len(bulk), chunk):
                    await self._post(list(bulk[start : start + chunk]), many)
        except TimeoutError:
            many.errors["not finished in time"] += 1
        single.seconds = many.seconds = time.monotonic() - started
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        return single, many

    async def translate(self, text: str) -> Tally:
        """One request."""
        tally = Tally()
        await self._post(text, tally)
        return tally

    async def _interact(self, texts: Iterator[str], window: Window, tally: Tally) -> None:
        while time.monotonic() < window.end:
            own = Tally()
            pause = await self._post(next(texts), own)
            if window.start <= time.monotonic() < window.end:
                tally.words += own.words
                tally.latencies += own.latencies
                tally.errors += own.errors
            if pause:
                await asyncio.sleep(pause)

    async def _post(self, q: str | list[str], tally: Tally) -> float:
        """Send one request; returns the seconds to wait before the next, 0 after a translation."""
        import aiohttp

        body = {"q": q, "source": self._source, "target": self._target}
        started = time.monotonic()
        try:
            # What redirects is not what is to be measured, and a POST would become a GET.
            async with self._http.post("translate", json=body, allow_redirects=False) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            tally.errors[type(error).__name__] += 1
            return _LONGEST_PAUSE_SECONDS
        if response.status == HTTPStatus.OK:
            tally.latencies.append(time.monotonic() - started)
            tally.words += words([q] if isinstance(q, str) else q)
            return 0.0
        tally.errors[str(response.status)] += 1
        return _LONGEST_PAUSE_SECONDS


def distinct(lines: Sequence[str], count: int) -> list[str]:
    """`count` sentences, no two alike and none of them among `lines`: each begins with a number in parentheses.

    A server that translates identical texts only once would otherwise look faster than it is.
    """
    return [f"({index // len(lines) + 1}) {lines[index % len(lines)]}" for index in range(count)]
