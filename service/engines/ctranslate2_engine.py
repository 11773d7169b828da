"""Serves a converted OPUS-MT model with CTranslate2 (https://github.com/OpenNMT/CTranslate2), on processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import ctranslate2

from service.engines.batched import BatchedEngine
from service.engines.decoding import Found, beam_width
from service.engines.loading import CTRANSLATE2, expected_bytes
from service.engines.opus import END, IDS_FILE, SOURCE_FILE, TARGET_FILE, OpusVocabulary, unreadable
from service.engines.tokens import length_limit
from service.errors import EngineFailure
from service.types import DecodeOptions, ModelSignature

WEIGHTS_FILE: Final = "model.bin"
VOCABULARY_FILES: Final = (SOURCE_FILE, TARGET_FILE, IDS_FILE)
_FILES: Final = (WEIGHTS_FILE, "config.json", "shared_vocabulary.json", *VOCABULARY_FILES)

_MAX_BATCH_ROWS: Final = 32


class CTranslate2Engine(BatchedEngine):
    """An OPUS-MT model over its full vocabulary. Satisfies `service.engines.base.Engine`.

    Activations are quantized row by row, padding is masked and every row is held to its own length limit, so a row's
    result depends on the rows beside it only through the rounding of float sums: 1e-3 of a score, and the text where
    two tokens are as close.
    """

    def __init__(
        self, signature: ModelSignature, translator: Any, vocabulary: OpusVocabulary, model_bytes: int
    ) -> None:
        super().__init__(signature, vocabulary, max_rows=_MAX_BATCH_ROWS)
        self.resident_bytes = expected_bytes(CTRANSLATE2, model_bytes, 0)
        self._translator: Any = translator
        self._tokens = vocabulary.tokens
        self._ids = {token: place for place, token in enumerate(vocabulary.tokens)}

    def close(self) -> None:
        """Give the model's memory back."""
        self._translator = None

    def _search(self, rows: list[list[int]], options: DecodeOptions) -> list[list[Found]]:
        limits = [length_limit(len(row)) for row in rows]
        found = self._run(rows, max(limits), options)
        # The library knows one limit for a batch. The few rows that go on beyond their own are decoded again with it.
        over = [place for place, limit in enumerate(limits) if any(len(one.ids) > limit for one in found[place])]
        for limit in {limits[place] for place in over}:
            places = [place for place in over if limits[place] == limit]
            for place, again in zip(places, self._run([rows[one] for one in places], limit, options), strict=True):
                found[place] = again
        return found

    def _run(self, rows: list[list[int]], limit: int, options: DecodeOptions) -> list[list[Found]]:
        translator = self._translator
        if translator is None:
            raise EngineFailure(f"{self.signature.model} is closed")
        beam = beam_width(options)
        try:
            results = translator.translate_batch(
                [[self._tokens[one] for one in row] for row in rows],
                beam_size=beam,
                # More than asked for: some may read the same.
                num_hypotheses=beam if options.n_best > 1 else 1,
                return_scores=True,
                return_end_token=True,
                disable_unk=True,
                max_input_length=0,
                max_decoding_length=limit,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineFailure(f"{self.signature.model} failed in CTranslate2: {type(error).__name__}") from error
        return [
            [
                # Of an empty text the library makes nothing, not even an end.
                Found([self._ids[token] for token in written], score, not written or written[-1] == END)
                for written, score in zip(result.hypotheses, result.scores, strict=True)
            ]
            for result in results
        ]


def load_ctranslate2(
    folder: Path, signature: ModelSignature, *, target_token: str | None, parallel_calls: int
) -> CTranslate2Engine:
    """Load a converted model for `parallel_calls` calls at a time, each on one core.

    Raises ModelMissing or ModelCorrupt naming the file that cannot be used, InvalidInput for a target token that the
    model does not have.
    """
    for name in _FILES:
        if not (folder / name).is_file():
            raise unreadable(folder / name, signature.model, FileNotFoundError(name))
    vocabulary = OpusVocabulary(folder, signature.model, target_token=target_token)
    weights = folder / WEIGHTS_FILE
    try:
        translator = ctranslate2.Translator(
            str(folder),
            device="cpu",
            compute_type=signature.dtype,
            inter_threads=parallel_calls,
            intra_threads=1,
            max_queued_batches=-1,
        )
    except (RuntimeError, ValueError) as error:
        raise unreadable(weights, signature.model, error) from error
    return CTranslate2Engine(signature, translator, vocabulary, weights.stat().st_size)
