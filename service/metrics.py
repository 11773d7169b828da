"""Prometheus metrics. Labels are drawn from small closed sets: never an address, a key or a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.batching import BatchReport, Observer, QueueLoad
from service.guards import Watch

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from service.models import LoadedModel

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64)
_TOKENS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


class Metrics(Observer, Watch):
    """The service's registry. Hears the batcher and the guards as their observer; reads gauges when it is scraped."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests answered", "route", "status")
        self._request_seconds = self._histogram("request_seconds", "Whole request", _SECONDS, "route")
        self._queue_seconds = self._histogram("queue_seconds", "Wait of a segment for its batch", _SECONDS)
        self._tokenize_seconds = self._histogram("tokenize_seconds", "Tokenization of a batch", _SECONDS)
        self._infer_seconds = self._histogram("infer_seconds", "Inference of a batch", _SECONDS, "model")
        self._batch_rows = self._histogram("batch_rows", "Segments in a batch", _ROWS)
        self._batch_tokens = self._histogram("batch_tokens", "Padded source tokens in a batch", _TOKENS)
        self._tokens = self._counter("source_tokens", "Source tokens translated, padding not counted", "model")
        self._padding = self._counter("padding_tokens", "Padding computed beside the source tokens", "model")
        self._failures = self._counter("batch_failures", "Batches that failed", "model")
        self._rejections = self._counter("rejections", "Requests refused", "reason")
        self._drops = self._counter("dropped_segments", "Queued segments given up", "reason")
        self._memory = self._counter("memory_lookups", "Segments looked up in the translation memory", "result")
        self._coalesced = self._counter("coalesced_segments", "Segments that joined an identical one in work")
        self._replaced = self._counter("workers_replaced", "Worker threads that died and were replaced")
        self._findings = self._counter("guard_findings", "Faults found in first translations of segments", "code")
        self._retries = self._counter("guard_retries", "Segments translated a second time for a fault", "result")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"manchete_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(f"manchete_{name}", text, labels, buckets=tuple(buckets), registry=self._registry)

    def watch(self, queue: Callable[[], QueueLoad], models: Callable[[], tuple[LoadedModel, ...]]) -> None:
        """Register what is read at each scrape: the queue's load and the loaded models."""
        for name, text, read in (
            ("requests_in_work", "Requests admitted", lambda: queue().requests),
            ("queued_segments", "Segments that wait", lambda: queue().segments),
            ("queued_tokens", "Tokens that wait", lambda: queue().tokens),
            ("running_batches", "Batches that run", lambda: queue().batches),
            ("pool_bytes", "Estimated bytes of the loaded models", lambda: sum(model.bytes for model in models())),
        ):
            Gauge(f"manchete_{name}", text, registry=self._registry).set_function(read)
        self._registry.register(_LoadedModels(models))

    def exposition(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the route's template, never a path that a client made up."""
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    # --- what the batcher says

    def batch_finished(self, report: BatchReport) -> None:
        """A batch has run, well or not."""
        for seconds in report.queue_seconds:
            self._queue_seconds.observe(seconds)
        if report.error is not None:
            self._failures.labels(report.model_id).inc()
            return
        self._tokenize_seconds.observe(report.tokenize_seconds)
        self._infer_seconds.labels(report.model_id).observe(report.infer_seconds)
        self._batch_rows.observe(report.rows)
        self._batch_tokens.observe(report.padded_tokens)
        self._tokens.labels(report.model_id).inc(report.tokens)
        self._padding.labels(report.model_id).inc(report.padded_tokens - report.tokens)

    def rejected(self, reason: str) -> None:
        """A request was refused."""
        self._rejections.labels(reason).inc()

    def dropped(self, reason: str, segments: int) -> None:
        """Queued segments were given up."""
        self._drops.labels(reason).inc(segments)

    def recalled(self, hits: int, misses: int) -> None:
        """The translation memory was asked."""
        self._memory.labels("hit").inc(hits)
        self._memory.labels("miss").inc(misses)

    def coalesced(self, segments: int) -> None:
        """Segments joined identical ones."""
        self._coalesced.inc(segments)

    def worker_replaced(self) -> None:
        """A worker died."""
        self._replaced.inc()

    # --- what the guards say

    def found(self, codes: Iterable[str]) -> None:
        """Faults were found in first translations."""
        for code in codes:
            self._findings.labels(code).inc()

    def retried(self, result: str, segments: int) -> None:
        """Segments were translated a second time."""
        self._retries.labels(result).inc(segments)


class _LoadedModels(Collector):
    """One gauge a loaded model, read at scrape time so that evicted models disappear."""

    def __init__(self, models: Callable[[], tuple[LoadedModel, ...]]) -> None:
        self._models = models

    def collect(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("manchete_model_bytes", "Estimated bytes of a loaded model", labels=["model"])
        leases = GaugeMetricFamily("manchete_model_leases", "Uses of a loaded model under way", labels=["model"])
        for model in self._models():
            size.add_metric([model.model_id], model.bytes)
            leases.add_metric([model.model_id], model.leases)
        yield size
        yield leases
