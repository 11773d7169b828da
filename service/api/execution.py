"""From an HTTP request to the synchronous pipeline and back, without holding up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from fastapi import Request

from service.api.auth import check_key
from service.api.body import read_fields
from service.api.middleware import REQUEST_ID_KEY, STARTED_KEY
from service.api.schemas import FieldsT
from service.types import Priority, RequestContext
from service.wiring import Service

BULK_TEXTS: Final = 50
BULK_CHARACTERS: Final = 20_000
SPARE_THREADS: Final = 16

ResultT = TypeVar("ResultT")


class Executor:
    """Runs the pipeline in worker threads; admission, and refusal when there is too much, is the batcher's."""

    def __init__(self, service: Service) -> None:
        self.service = service
        # More threads than requests may be in work, so that one too many reaches the batcher and is refused at once.
        self._threads = ThreadPoolExecutor(service.settings.max_concurrent_requests + SPARE_THREADS, "request")

    async def run(self, request: Request, context: RequestContext, work: Callable[[], ResultT]) -> ResultT:
        """Run `work` in a thread and raise what it raises; `context.cancelled` is set when the client goes away.

        Plain asyncio: a task group and its cancel scopes would take as long as everything else that a request costs.
        """
        watcher = asyncio.create_task(_watch_disconnect(request, context))
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            # Also when the server cancels the handler: its thread cannot be interrupted, but it looks at this.
            context.cancelled.set()
            watcher.cancel()

    def close(self) -> None:
        """Let go of the threads; those at work end by themselves."""
        self._threads.shutdown(wait=False)


def executor_of(request: Request) -> Executor:
    """The application's executor."""
    executor = request.app.state.executor
    assert isinstance(executor, Executor)
    return executor


async def read_request(request: Request, schema: type[FieldsT]) -> FieldsT:
    """Read, authorise and validate a request's fields.

    Raises InvalidInput and its kin naming the field at fault, InvalidKey for a wrong key.
    """
    settings = executor_of(request).service.settings
    fields = await read_fields(request, lists=schema.LISTS, integers=schema.INTEGERS)
    check_key(settings.api_key, fields.get("api_key"), request)
    return schema.parse(fields)


def context_of(request: Request, texts: Sequence[str]) -> RequestContext:
    """Who asks, until when, and whether it is much: that goes after the requests of people who wait."""
    settings = executor_of(request).service.settings
    bulk = len(texts) > BULK_TEXTS or sum(map(len, texts)) > BULK_CHARACTERS
    started: float = request.scope["state"].get(STARTED_KEY, time.monotonic())
    return RequestContext(
        request_id=request.scope["state"].get(REQUEST_ID_KEY, "-"),
        client=request.client.host if request.client else "unknown",
        priority=Priority.BULK if bulk else Priority.INTERACTIVE,
        deadline=started + settings.request_timeout_seconds,
    )


def timing_headers(timings: Iterable[Mapping[str, float]]) -> dict[str, str]:
    """`x-queue-time` and `x-inference-time` in milliseconds; of several texts, those of the slowest."""
    every = list(timings)

    def slowest(stage: str) -> str:
        return f"{1000 * max((each.get(stage, 0.0) for each in every), default=0.0):.1f}"

    return {"x-queue-time": slowest("queue"), "x-inference-time": slowest("infer")}


async def _watch_disconnect(request: Request, context: RequestContext) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    context.cancelled.set()
