"""One request at a time to a host, with a pause between two, and a bound on all of them together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class HostTurns:
    """Gives hosts their turns; used within one event loop. `concurrency` bounds the requests to all hosts."""

    def __init__(self, concurrency: int, pause_seconds: float) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._pause = pause_seconds
        self._locks: dict[str, asyncio.Lock] = {}
        self._free_at: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's turn, and hold it in the block."""
        # The host's lock comes first: those who wait for it must not keep others from their hosts.
        async with self._locks.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0.0, self._free_at.get(host, 0.0) - time.monotonic()))
            async with self._all:
                try:
                    yield
                finally:
                    self._free_at[host] = time.monotonic() + self._pause
