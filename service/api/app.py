"""The ASGI application around a wired service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from service import __version__
from service.api import feeds, libretranslate, native, operations
from service.api.errors import install_error_handlers
from service.api.execution import Executor
from service.api.feedsdesk import ServedFeeds
from service.api.middleware import RequestEnvelope
from service.api.pages import mount_pages
from service.settings import load_settings
from service.wiring import Service, build

_DESCRIPTION = """
Tells the language of a text, translates it and summarizes it, with models that run on this machine.

Every error is answered as `{"error": "one sentence"}`. Every answer carries `x-request-id` (yours, if you sent a sane
one), `x-total-time` and, where a model ran, `x-queue-time` and `x-inference-time`; these times are in milliseconds.
"""


def create_app(service: Service, *, owns_service: bool = True) -> FastAPI:
    """Build the application that serves `service`, which it starts and closes unless `owns_service` is False."""

    metrics = service.metrics
    if metrics is None:
        raise ValueError("a service that is served is built to be watched")
    executor = Executor(service)
    served_feeds = ServedFeeds(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if owns_service:
            service.start()
        try:
            yield
        finally:
            executor.close()
            served_feeds.close()
            if owns_service:
                await asyncio.to_thread(service.close)

    app = FastAPI(
        title="Manchete",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own telemetry records exception messages and request bodies: texts.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.executor = executor
    app.state.feeds = served_feeds
    app.add_middleware(
        RequestEnvelope,
        payload_limit_bytes=service.settings.payload_limit_bytes,
        on_answer=metrics.request,
    )
    install_error_handlers(app)
    # The routes themselves and not their routers, which FastAPI would ask one after the other at every request.
    for router in (libretranslate.router, native.router, operations.router, feeds.router):
        app.router.routes.extend(router.routes)
    mount_pages(app)
    return app


def create_app_from_env() -> FastAPI:
    """Build the application from `MANCHETE_*` variables: `uvicorn --factory service.api:create_app_from_env`.

    Raises ConfigurationError when a setting cannot be used.
    """
    # uvicorn's own access log has query strings, which may hold texts and keys; ours takes its place.
    logging.getLogger("uvicorn.access").disabled = True
    return create_app(build(load_settings()))
