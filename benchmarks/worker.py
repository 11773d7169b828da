"""The measured process: `python -m benchmarks.worker SYSTEM`, one JSON request a line in, one JSON answer a line out.

    {"do": "open", "direction": "pt-en"}                       -> {"seconds": 0.3}
    {"do": "batch", "direction": "pt-en", "lines": [...]}      -> {"seconds": 3.1, "processor": 3.0, "outputs": [...]}
    {"do": "single", "direction": "pt-en", "lines": [...]}     -> {"seconds": [0.01, ...], "outputs": [...]}
    {"do": "resident"}                                         -> {"bytes": 150000000}

An answer `{"error": "..."}` tells what went wrong, without any text that was translated. It waits between requests on
its pipe, where it takes no time from others, and ends when the pipe does. Only the translation is within the time;
`processor` is the processor time of all its threads, in seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from benchmarks.adapters import Adapter, make_adapter
from benchmarks.conditions import resident_bytes
from service.errors import MancheteError


def main(name: str) -> None:
    """Serve requests for one system until standard input ends."""
    made: list[Adapter] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if not made:
            made.append(make_adapter(name))
        return _answer(made[0], request)

    serve(answer)
    for adapter in made:
        adapter.close()


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer requests until standard input ends; an exception becomes an answer of its own."""
    replies = _private_stdout()
    for line in sys.stdin:
        try:
            told = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 -- whatever a peer raises; the parent reports it
            # A foreign exception may quote the text it choked on.
            told = {"error": error.message if isinstance(error, MancheteError) else type(error).__name__}
        replies.write(json.dumps(told) + "\n")
        replies.flush()


def _answer(adapter: Adapter, request: dict[str, Any]) -> dict[str, Any]:
    match request["do"]:
        case "open":
            _, seconds = _timed(lambda: adapter.open(request["direction"]))
            return {"seconds": seconds}
        case "batch":
            processor = time.process_time()
            outputs, seconds = _timed(lambda: adapter.translate_all(request["direction"], request["lines"]))
            return {"seconds": seconds, "processor": time.process_time() - processor, "outputs": outputs}
        case "single":
            return _single(adapter, request["direction"], request["lines"])
        case "resident":
            return {"bytes": resident_bytes()}
        case other:
            raise ValueError(f"unknown request {other}")


def _single(adapter: Adapter, direction: str, lines: Sequence[str]) -> dict[str, Any]:
    outputs, times = [], []
    for line in lines:
        started = time.perf_counter()
        outputs.append(adapter.translate_one(direction, line))
        times.append(time.perf_counter() - started)
    return {"seconds": times, "outputs": outputs}


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _private_stdout() -> TextIO:
    """The pipe to the parent; from now on whatever a library prints goes to standard error instead."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


if __name__ == "__main__":
    main(sys.argv[1])
