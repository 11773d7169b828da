"""How much may be asked of an endpoint: requests a minute and tokens a day, counted in this process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from service.errors import WritingFailed

_MINUTE, _DAY = 60.0, 86_400.0


class Budget:
    """Sliding windows over `clock` (seconds). A limit of 0 is none. May be used from many threads at once."""

    def __init__(
        self, requests_per_minute: int, tokens_per_day: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._requests_per_minute = requests_per_minute
        self._tokens_per_day = tokens_per_day
        self._clock = clock
        self._requests: deque[float] = deque()
        self._tokens: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Count a request that is about to be made; raises WritingFailed (`over-budget`) where it may not be."""
        with self._lock:
            now = self._clock()
            while self._requests and self._requests[0] <= now - _MINUTE:
                self._requests.popleft()
            while self._tokens and self._tokens[0][0] <= now - _DAY:
                self._tokens.popleft()
            if self._requests_per_minute and len(self._requests) >= self._requests_per_minute:
                raise _over(f"{self._requests_per_minute} requests a minute")
            if self._tokens_per_day and sum(count for _, count in self._tokens) >= self._tokens_per_day:
                raise _over(f"{self._tokens_per_day} tokens a day")
            self._requests.append(now)

    def spend(self, tokens: int) -> None:
        """Count the tokens that a request took."""
        with self._lock:
            self._tokens.append((self._clock(), tokens))


def _over(what: str) -> WritingFailed:
    return WritingFailed(f"the budget of {what} for the summary endpoint is used up", reason="over-budget")
