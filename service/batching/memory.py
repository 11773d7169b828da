"""The translation memory: hypotheses of segments by what produced them, in bounded memory and, if wanted, on disk."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from service.batching.contract import Memory
from service.types import DecodeOptions, Hypothesis

_Key: TypeAlias = tuple[str, DecodeOptions, str]

# What an entry takes beside its strings: key tuple, hypothesis and its numbers, slot in the ordered dictionary.
# tracemalloc says 416 bytes on CPython 3.11.
ENTRY_BYTES = 420


class MemoryCounts(msgspec.Struct, frozen=True):
    """Segments found and not found since the start, and what is held in memory now."""

    hits: int
    misses: int
    entries: int
    bytes: int


class TranslationMemory:
    """Least-recently-used hypotheses within `max_bytes`, in front of `disk` if there is one. Safe to share by threads.

    Nothing it gives back can be of another model: the signature is part of every key. The times of a remembered
    hypothesis are 0, since it took none.
    """

    def __init__(self, max_bytes: int, disk: Memory | None = None) -> None:
        self._max_bytes = max_bytes
        self._disk = disk
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Key, tuple[Hypothesis, int]] = OrderedDict()
        self._bytes = 0
        self._hits = 0
        self._misses = 0

    def lookup(self, signature: str, options: DecodeOptions, texts: Sequence[str]) -> list[Hypothesis | None]:
        """What is known of each text, in order; None where nothing is."""
        with self._lock:
            found = [self._find((signature, options, text)) for text in texts]
        missing = [place for place, hypothesis in enumerate(found) if hypothesis is None]
        if missing and self._disk is not None:
            fetched = self._disk.lookup(signature, options, [texts[place] for place in missing])
            for place, hypothesis in zip(missing, fetched, strict=True):
                found[place] = hypothesis
            self._keep(signature, options, [(texts[place], found[place]) for place in missing])
        hits = sum(hypothesis is not None for hypothesis in found)
        with self._lock:
            self._hits += hits
            self._misses += len(texts) - hits
        return found

    def remember(self, signature: str, options: DecodeOptions, entries: Iterable[tuple[str, Hypothesis]]) -> None:
        """Keep the hypothesis of each text, on disk too."""
        timeless = [(text, _without_times(hypothesis)) for text, hypothesis in entries]
        self._keep(signature, options, timeless)
        if self._disk is not None:
            self._disk.remember(signature, options, timeless)

    def counts(self) -> MemoryCounts:
        """Hits, misses and size."""
        with self._lock:
            return MemoryCounts(self._hits, self._misses, len(self._entries), self._bytes)

    def _find(self, key: _Key) -> Hypothesis | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def _keep(self, signature: str, options: DecodeOptions, entries: Iterable[tuple[str, Hypothesis | None]]) -> None:
        with self._lock:
            for text, hypothesis in entries:
                if hypothesis is not None:
                    self._put((signature, options, text), hypothesis)

    def _put(self, key: _Key, hypothesis: Hypothesis) -> None:
        size = sys.getsizeof(key[2]) + _size(hypothesis)
        if size > self._max_bytes:
            return
        previous = self._entries.pop(key, None)
        self._bytes += size - (previous[1] if previous is not None else 0)
        self._entries[key] = (hypothesis, size)
        while self._bytes > self._max_bytes:
            self._bytes -= self._entries.popitem(last=False)[1][1]


def _size(hypothesis: Hypothesis) -> int:
    return ENTRY_BYTES + sys.getsizeof(hypothesis.text) + sum(_size(other) for other in hypothesis.alternatives)


def _without_times(hypothesis: Hypothesis) -> Hypothesis:
    alternatives = tuple(_without_times(other) for other in hypothesis.alternatives)
    return replace(hypothesis, alternatives=alternatives, tokenize_seconds=0.0, infer_seconds=0.0)
