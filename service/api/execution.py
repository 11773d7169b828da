"""From an HTTP request to the synchronous pipeline and back, without holding up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol, TypeVar

from fastapi import Request

from service.api.auth import check_key
from service.api.body import read_fields
from service.api.middleware import REQUEST_ID_KEY, STARTED_KEY
from service.api.schemas import FieldsT
from service.batching.crew import give_way
from service.pipeline import Steps, complete
from service.types import Priority, RequestContext, Signature
from service.wiring import Service

BULK_TEXTS: Final = 50
BULK_CHARACTERS: Final = 20_000
SPARE_THREADS: Final = 16
# More than that of the threads that run batches: these go before the taking apart of bulk requests.
_BULK_NICENESS: Final = 10

ResultT = TypeVar("ResultT")


class Executor:
    """Runs the pipeline in worker threads; admission, and refusal when there is too much, is the batcher's."""

    def __init__(self, service: Service) -> None:
        self.service = service
        # More threads than requests may be in work, so that one too many reaches the batcher and is refused at once.
        size = service.settings.max_concurrent_requests + SPARE_THREADS
        self._threads = {
            Priority.INTERACTIVE: ThreadPoolExecutor(size, "request"),
            Priority.BULK: ThreadPoolExecutor(size, "bulk-request", initializer=give_way, initargs=(_BULK_NICENESS,)),
        }

    async def run(self, request: Request, context: RequestContext, work: Callable[[], ResultT]) -> ResultT:
        """Run `work` in a thread and raise what it raises; `context.cancelled` is set when the client goes away."""
        with _watching(request, context):
            return await self._in_thread(context, work)

    async def follow(self, request: Request, context: RequestContext, steps: Steps[ResultT]) -> ResultT:
        """Take `steps` to their end, in a thread from where they say that they block; otherwise as `run`.

        A short request is not worth a thread: waking it twice costs as much as all that the pipeline does for it.
        """
        with _watching(request, context) as gone:
            try:
                while not (pause := next(steps)).blocks:
                    await _settled(pause.futures, context, gone)
            except StopIteration as end:
                result: ResultT = end.value
                return result
            except BaseException:
                steps.close()
                raise
            # The thread closes the steps: they may still be at work when the server cancels this.
            return await self._in_thread(context, lambda: complete(steps, context))

    def close(self) -> None:
        """Let go of the threads; those at work end by themselves."""
        for threads in self._threads.values():
            threads.shutdown(wait=False)

    async def _in_thread(self, context: RequestContext, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads[context.priority], work)


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
    fields = await read_fields(request, lists=schema.LISTS, numbers=schema.NUMBERS)
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


class Answer(Protocol):
    """A result that says how long it took and what produced it."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds by stage."""
        ...

    @property
    def signature(self) -> Signature:
        """What produced it."""
        ...


def answer_headers(answers: Sequence[Answer]) -> dict[str, str]:
    """`x-queue-time` and `x-inference-time` in milliseconds, of several answers those of the slowest; `x-model`.

    `x-model` lists what translated them, each as `model@revision/engine/number format`.
    """

    def slowest(stage: str) -> str:
        return f"{1000 * max((each.timings.get(stage, 0.0) for each in answers), default=0.0):.1f}"

    headers = {"x-queue-time": slowest("queue"), "x-inference-time": slowest("infer")}
    models = dict.fromkeys(model for each in answers for model in each.signature.models)
    if models:
        headers["x-model"] = ", ".join(f"{one.model}@{one.revision}/{one.engine}/{one.dtype}" for one in models)
    return headers


@contextmanager
def _watching(request: Request, context: RequestContext) -> Iterator[asyncio.Task[None]]:
    """A task that ends, and sets `context.cancelled`, when the client goes away.

    Plain asyncio: a task group and its cancel scopes would take as long as everything else that a request costs.
    """
    watcher = asyncio.create_task(_watch_disconnect(request, context))
    try:
        yield watcher
    finally:
        # Also when the server cancels the handler: a thread cannot be interrupted, but it looks at this.
        context.cancelled.set()
        watcher.cancel()


async def _settled(futures: Sequence[Future[Any]], context: RequestContext, gone: asyncio.Task[None]) -> None:
    """Wait until all futures are done, the client is gone or the deadline has passed."""
    open_futures = [future for future in futures if not future.done()]
    if not open_futures:
        return
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    count = len(open_futures)

    def end(*_: object) -> None:
        if not over.done():
            over.set_result(None)

    def count_down() -> None:
        nonlocal count
        count -= 1
        if not count:
            end()

    def tell(_: object) -> None:
        # Called on a worker's thread, possibly after the loop that nobody waits on any more has been closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(count_down)

    gone.add_done_callback(end)
    timer = None if context.deadline is None else loop.call_later(context.deadline - time.monotonic(), end)
    for future in open_futures:
        future.add_done_callback(tell)
    try:
        await over
    finally:
        gone.remove_done_callback(end)
        if timer is not None:
            timer.cancel()


async def _watch_disconnect(request: Request, context: RequestContext) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    context.cancelled.set()
