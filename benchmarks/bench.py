"""One system in one direction: what is asked of its process, and what is recorded of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.adapters import model_name
from benchmarks.corpus import words
from benchmarks.processes import Worker
from benchmarks.quality import score
from benchmarks.recorder import Key, Recorder
from benchmarks.stats import median, percentile
from benchmarks.systems import SystemSpec

WARM_LINES: Final = 16
MEBIBYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Texts:
    """Aligned sentences of one direction; the first `latency_lines` are also translated one by one."""

    sources: Sequence[str]
    references: Sequence[str]
    latency_lines: int


class Bench:
    """One system in one direction."""

    def __init__(self, spec: SystemSpec, direction: str, worker: Worker, texts: Texts, recorder: Recorder) -> None:
        self._spec = spec
        self._direction = direction
        self._worker = worker
        self._recorder = recorder
        self._sources = texts.sources[: spec.line_limit]
        self._references = texts.references[: spec.line_limit]
        self._singles = self._sources[: texts.latency_lines]
        self._outputs: list[str] = []
        self.signatures: dict[str, str] = {}
        self.notes: list[str] = []

    def open(self) -> None:
        """Load and warm up."""
        self._recorder.model(self._spec.name, self._direction, model_name(self._direction))
        seconds = self._worker.ask("open", direction=self._direction)["seconds"]
        self._add("load", seconds, 1)
        self._worker.ask("batch", direction=self._direction, lines=self._sources[:WARM_LINES])

    def batch(self) -> None:
        """All lines, as fast as the system can."""
        answer = self._worker.ask("batch", direction=self._direction, lines=self._sources)
        seconds, outputs = answer["seconds"], answer["outputs"]
        self._add("words_per_second", words(self._sources) / seconds, len(self._sources))
        self._add("words_per_cpu_second", words(self._sources) / answer["processor"], len(self._sources))
        self._add("sentences_per_second", len(self._sources) / seconds, len(self._sources))
        if not self._outputs:
            self._outputs = outputs
        elif outputs != self._outputs and not self.notes:
            self.notes.append(f"{self._spec.name}, {self._direction}: the output differs between rounds")

    def single(self) -> None:
        """One line a call, one after the other."""
        answer = self._worker.ask("single", direction=self._direction, lines=self._singles)
        times = [1000 * seconds for seconds in answer["seconds"]]
        self._add("latency_p50", median(times), len(times))
        self._add("latency_p95", percentile(times, 95), len(times))
        changes = _differences(answer["outputs"], self._outputs)
        self._add("batch_changes", changes, len(times))

    def finish(self) -> None:
        """Memory and scores."""
        resident = self._worker.ask("resident")["bytes"]
        if resident is not None:
            self._add("resident", resident / MEBIBYTE, len(self._sources))
        quality = score(self._outputs, self._references)
        self._add("bleu", quality.bleu, len(self._outputs))
        self._add("chrf", quality.chrf, len(self._outputs))
        self.signatures = quality.signatures

    def close(self) -> None:
        """End the process."""
        self._worker.close()

    def _add(self, metric: str, value: float, lines: int) -> None:
        self._recorder.add(Key(self._spec.name, self._direction, metric), value, lines=lines)


def _differences(singles: Iterable[str], batched: Iterable[str]) -> int:
    return sum(one != other for one, other in zip(singles, batched, strict=False))
