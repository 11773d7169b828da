"""What engines with a full vocabulary share: texts in batches by padded tokens, through a search, back in order."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final

from service.engines.decoding import Found, Seconds, batches_by_tokens, beam_width, collected, hypothesis_of
from service.engines.tokens import Vocabulary
from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature

# Hypotheses times the longest text of a batch: what its keys and values take in memory is bounded with it.
_MAX_PADDED_TOKENS: Final = 1024


class BatchedEngine(ABC):
    """All of `service.engines.base.Engine` but `resident_bytes`, `close` and the search itself."""

    def __init__(self, signature: ModelSignature, vocabulary: Vocabulary, *, max_rows: int) -> None:
        """A search gets at most `max_rows` texts at a time."""
        self.signature = signature
        self.max_source_tokens = vocabulary.max_source_tokens
        self._vocabulary = vocabulary
        self._max_rows = max_rows

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the end-of-sentence token included."""
        return [len(ids) for ids in self._vocabulary.encode(texts)]

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Translate each text; the answer has the length and the order of `texts`.

        Raises TooLarge for too wide a beam, EngineFailure when a text is too long, the library fails or the engine is
        closed.
        """
        return collected(self.translate_in_parts(texts, options), len(texts))

    def translate_in_parts(
        self, texts: Sequence[str], options: DecodeOptions = GREEDY
    ) -> Iterator[dict[int, Hypothesis]]:
        """As `translate`, but the hypotheses of each batch are given when it is done, by the places of their texts."""
        budget = _MAX_PADDED_TOKENS // beam_width(options)
        started = time.perf_counter()
        rows = self._vocabulary.encode_segments(texts)
        tokenize_seconds = time.perf_counter() - started
        for batch in batches_by_tokens([len(row) for row in rows], rows=self._max_rows, padded_tokens=budget):
            started = time.perf_counter()
            found = self._search([rows[place] for place in batch], options)
            seconds = Seconds(tokenize_seconds, time.perf_counter() - started)
            yield {
                place: hypothesis_of(ones, options.n_best, len(rows[place]), self._vocabulary, seconds)
                for place, ones in zip(batch, found, strict=True)
            }

    @abstractmethod
    def _search(self, rows: list[list[int]], options: DecodeOptions) -> list[list[Found]]:
        """Hypotheses of each row of source ids, none over the row's own length limit; raises EngineFailure."""
