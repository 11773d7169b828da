"""What goes into the batcher, what comes out of it, and what it asks of the rooms that it may not import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from service.errors import ConfigurationError
from service.types import DecodeOptions, Hypothesis

Part: TypeAlias = Mapping[int, Hypothesis]
"""Hypotheses of some texts of a batch, by the places of these texts."""


class Run(Protocol):
    """Translates one batch, on the thread that takes the parts of its answer.

    It gives one hypothesis a text, in as many parts as it likes. Raising ModelError or ShuttingDown fails the batch as
    a whole, since no text is to blame; after any other exception the texts are run again one by one. What was given
    before stands in either case.
    """

    def __call__(self, model_id: str, texts: Sequence[str], options: DecodeOptions) -> Iterable[Part]: ...


class Limits(msgspec.Struct, frozen=True):
    """Sizes of the queue and of a batch; each is at least 1.

    `max_batch_tokens` counts padded tokens: the longest segment times the number of segments. `max_queue_tokens` counts
    the tokens of the segments that wait; seven eighths of it are open to bulk work, the rest to interactive work only.
    Raises ConfigurationError naming the field that is below 1.
    """

    workers: int
    max_batch_tokens: int
    max_batch_rows: int
    max_queue_tokens: int
    max_concurrent_requests: int

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1", field=name)


class Outcome(msgspec.Struct, frozen=True):
    """The hypothesis of one segment and how it came about.

    `queue_seconds` runs from the submission to the start of the batch. `batch_tokens` are padded tokens. A hypothesis
    out of the translation memory was in no batch: both batch sizes and the time are then 0.
    """

    hypothesis: Hypothesis
    queue_seconds: float = 0.0
    batch_rows: int = 0
    batch_tokens: int = 0


class Dropped(msgspec.Struct, frozen=True):
    """What a shutdown left unanswered: requests that still waited, and their segments."""

    requests: int
    segments: int


class QueueLoad(msgspec.Struct, frozen=True):
    """The batcher at one moment: requests admitted, segments and tokens that wait, batches that run."""

    requests: int
    segments: int
    tokens: int
    batches: int


class BatchReport(msgspec.Struct, frozen=True):
    """One batch that has run.

    `tokens` are those of the texts, `padded_tokens` the longest text times `rows`. `queue_seconds` holds the wait of
    each segment that asked, so it is longer than `rows` where segments were coalesced. `run_seconds` is the wall time
    of the run, loading the model included; `tokenize_seconds` and `infer_seconds` are what the engine says, 0 where
    the batch failed. `error` is the name of the exception's class, None when all went well.
    """

    model_id: str
    rows: int
    tokens: int
    padded_tokens: int
    queue_seconds: tuple[float, ...]
    run_seconds: float
    tokenize_seconds: float = 0.0
    infer_seconds: float = 0.0
    error: str | None = None


class Observer:
    """Hears what the batcher does, for metrics.

    This one does nothing; a subclass overrides what it cares for. Called from any thread, outside the batcher's lock.
    What it raises is logged and goes no further.
    """

    def batch_started(self, model_id: str, rows: int, padded_tokens: int) -> None:
        """A worker is about to run a batch."""

    def batch_finished(self, report: BatchReport) -> None:
        """A batch has run, well or not."""

    def rejected(self, reason: str) -> None:
        """A request was refused: `requests`, `queue`, `too-large` or `closing`."""

    def dropped(self, reason: str, segments: int) -> None:
        """Queued segments were given up: `deadline`, `cancelled` or `shutdown`."""

    def recalled(self, hits: int, misses: int) -> None:
        """The translation memory was asked for `hits + misses` segments."""

    def coalesced(self, segments: int) -> None:
        """Segments joined an identical one that was queued or running."""

    def worker_replaced(self) -> None:
        """A worker thread died and another took its place."""


class Memory(Protocol):
    """Remembers hypotheses by what produced them. Called from any thread; it raises nothing."""

    def lookup(self, signature: str, options: DecodeOptions, texts: Sequence[str]) -> list[Hypothesis | None]:
        """What is known of each text, in order; None where nothing is."""
        ...

    def remember(self, signature: str, options: DecodeOptions, entries: Iterable[tuple[str, Hypothesis]]) -> None:
        """Keep the hypothesis of each text."""
        ...


class Recall(msgspec.Struct, frozen=True):
    """A translation memory and how to name what a model would produce now.

    `signature_of` maps a model id to a string that changes whenever the model's output may change, or to None when
    that is not known; nothing is then looked up or kept. It must speak of the engine that `Run` would use, quickly, and
    raise nothing.
    """

    memory: Memory
    signature_of: Callable[[str], str | None]
