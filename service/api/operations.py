"""What those who run the service ask it: alive, ready, what it is made of, how it fares."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from typing_extensions import TypedDict

from service.api.errors import NotReady, documented_errors
from service.api.execution import executor_of

router = APIRouter(tags=["Operations"])


class StatusJson(TypedDict):
    """One word about the service."""

    status: str


@router.get("/health", summary="Is the process alive", response_model=StatusJson)
async def health() -> JSONResponse:
    """Answers as long as the process serves requests, whether or not its models are loaded."""
    return JSONResponse({"status": "ok"})


@router.get("/ready", summary="Can it take work now", response_model=StatusJson, responses=documented_errors(503))
async def ready(request: Request) -> JSONResponse:
    """200 once the models to preload are loaded and while the workers live; else 503 and the reason."""
    service = executor_of(request).service
    if not service.ready:
        raise NotReady(service.not_ready_reason() or "not ready")
    return JSONResponse({"status": "ready"})


@router.get("/info", summary="Version, models, limits", response_model=dict[str, Any])
async def info(request: Request) -> JSONResponse:
    """What is running: version, models and their revisions, limits, prompts, libraries."""
    # The versions of libraries are a mapping that looks them up when it is read.
    return JSONResponse(msgspec.to_builtins(executor_of(request).service.info(), enc_hook=dict))


class ModelJson(TypedDict):
    """An installed model; `bytes` is its size on disk, `score` a published BLEU, the speed what was measured here."""

    model: str
    pairs: list[str]
    engine: str
    revision: str
    licence: str
    origin: str
    bytes: int
    score: float | None
    tokens_per_second: float | None
    loaded: bool
    default_for: list[str]


@router.get("/models", summary="Installed models", response_model=list[ModelJson])
async def models(request: Request) -> JSONResponse:
    """Every model that may be used: pairs, engine, revision, licence, size, score, speed, and what it is default for.

    A model that another process installs or removes is told of after a restart.
    """
    return JSONResponse(msgspec.to_builtins(executor_of(request).service.models()))


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus's text format"}},
)
async def metrics(request: Request) -> Response:
    """Counters, gauges and histograms; labels never carry a text, an address or a key."""
    metrics = executor_of(request).service.metrics
    assert metrics is not None
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
