"""Serves a `MarianMTModel` with PyTorch: the float engine, on a processor or on CUDA."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from transformers import MarianMTModel

from service.engines.architecture import EOS_ID, UNK_ID
from service.engines.loading import Placement
from service.engines.marian import MarianFormatError, read_marian
from service.engines.reference import reference_model
from service.engines.tokens import MAX_SOURCE_TOKENS, Tokenizer, length_limit, until_end
from service.errors import EngineFailure, ModelCorrupt
from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature

_MAX_BATCH_ROWS: Final = 16


class MarianTorchEngine:
    """A `MarianMTModel` over the full vocabulary. Satisfies `service.engines.base.Engine`.

    Padding is masked, so a row's result depends on the rows beside it only through the rounding of float sums.
    """

    def __init__(
        self,
        signature: ModelSignature,
        model: MarianMTModel,
        tokenizer: Tokenizer,
        placement: Placement,
    ) -> None:
        self.signature = signature
        self.max_source_tokens = MAX_SOURCE_TOKENS
        untyped: Any = model
        self._model: Any = untyped.to(device=placement.device, dtype=getattr(torch, placement.dtype))
        self._tokenizer = tokenizer
        self.resident_bytes = sum(value.numel() * value.element_size() for value in self._model.parameters())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the end-of-sentence token included."""
        return [len(ids) for ids in self._tokenizer.encode(texts)]

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Translate each text; the answer has the length and the order of `texts`.

        Raises EngineFailure when a text is too long or PyTorch fails.
        """
        started = time.perf_counter()
        ids = self._tokenizer.encode_segments(texts)
        tokenize_seconds = time.perf_counter() - started
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        results: dict[int, Hypothesis] = {}
        for start in range(0, len(order), _MAX_BATCH_ROWS):
            batch = order[start : start + _MAX_BATCH_ROWS]
            results.update(zip(batch, self._decode([ids[i] for i in batch], options, tokenize_seconds), strict=True))
        return [results[index] for index in range(len(texts))]

    def close(self) -> None:
        """Give the model's memory back."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _decode(self, rows: list[list[int]], options: DecodeOptions, tokenize_seconds: float) -> list[Hypothesis]:
        started = time.perf_counter()
        try:
            sequences, scores = self._generate(rows, options)
        except RuntimeError as error:  # torch raises it for everything from a full GPU to a bad shape
            raise EngineFailure(f"{self.signature.model} failed in PyTorch: {type(error).__name__}") from error
        infer_seconds = time.perf_counter() - started
        hypotheses = []
        for place, row in enumerate(rows):
            own = slice(place * options.n_best, (place + 1) * options.n_best)
            found = [
                self._hypothesis(ids, score, len(row), (tokenize_seconds, infer_seconds))
                for ids, score in zip(sequences[own], scores[own], strict=True)
            ]
            hypotheses.append(replace(found[0], alternatives=tuple(found[1:])))
        return hypotheses

    def _generate(self, rows: list[list[int]], options: DecodeOptions) -> tuple[list[list[int]], list[float]]:
        """Target ids, the start token stripped, and mean log-probabilities; `n_best` consecutive ones a row."""
        padding = self._model.config.pad_token_id
        width = max(map(len, rows))
        ids = torch.tensor([row + [padding] * (width - len(row)) for row in rows], device=self._model.device)
        with torch.inference_mode():
            generated = self._model.generate(
                input_ids=ids,
                attention_mask=(ids != padding).long(),
                max_new_tokens=length_limit(width),
                num_beams=max(options.beam, options.n_best),
                num_return_sequences=options.n_best,
            )
            sequences = [until_end(row) for row in generated[:, 1:].tolist()]
            scores = self._mean_log_probabilities(ids, generated)
        return sequences, scores

    def _mean_log_probabilities(self, ids: Any, generated: Any) -> list[float]:
        """Mean log-probability of each row of `generated` `[rows * n_best, steps]`, in one pass over all its positions.

        Much cheaper than to have the search keep the scores of the whole vocabulary for every step.
        """
        padding = self._model.config.pad_token_id
        sources = ids.repeat_interleave(len(generated) // len(ids), dim=0)
        logits = self._model(
            input_ids=sources, attention_mask=(sources != padding).long(), decoder_input_ids=generated[:, :-1]
        ).logits.float()
        logits[:, :, [padding, UNK_ID]] = -math.inf
        targets = generated[:, 1:]
        chosen = logits.gather(2, targets.unsqueeze(2)).squeeze(2) - logits.logsumexp(dim=2)
        written = targets != padding
        means = chosen.masked_fill(~written, 0.0).sum(dim=1) / written.sum(dim=1).clamp(min=1)
        result: list[float] = means.cpu().tolist()
        return result

    def _hypothesis(self, ids: list[int], score: float, source_tokens: int, seconds: tuple[float, float]) -> Hypothesis:
        complete = ids[-1] == EOS_ID
        text = self._tokenizer.decode(ids)
        return Hypothesis(
            text, score, source_tokens, len(ids), complete, tokenize_seconds=seconds[0], infer_seconds=seconds[1]
        )


def load_marian_torch(
    model_file: Path, vocabulary_file: Path, signature: ModelSignature, placement: Placement
) -> MarianTorchEngine:
    """Load a Marian student's own files as a float model.

    Raises ModelCorrupt naming the file that cannot be used.
    """
    path = model_file
    try:
        model = reference_model(read_marian(model_file))
        path = vocabulary_file
        tokenizer = Tokenizer(vocabulary_file)
    except (MarianFormatError, OSError, RuntimeError) as error:
        raise ModelCorrupt(f"{path}: {error}", model_id=signature.model) from error
    return MarianTorchEngine(signature, model, tokenizer, placement)
