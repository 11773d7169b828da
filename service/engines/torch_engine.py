"""Serves any sequence-to-sequence model of transformers with PyTorch, on a processor or on CUDA."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from service.engines.decoding import Found, Seconds, batches_by_tokens, beam_width, hypothesis_of
from service.engines.loading import Placement
from service.engines.tokens import Vocabulary, length_limit, until_end
from service.errors import EngineFailure
from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature

_MAX_BATCH_ROWS: Final = 16
_MAX_BATCH_TOKENS: Final = 1024


@dataclass(frozen=True, slots=True)
class SearchIds:
    """Token ids that a search needs: what decoding starts from, ends with, pads with, never writes, and writes first.

    `first` is the target language's token, for models that are told it so.
    """

    start: int
    end: int
    padding: int
    never: tuple[int, ...]
    first: int | None = None


def search_config(ids: SearchIds) -> GenerationConfig:
    """A plain search, greedy unless told otherwise.

    Made here rather than read from the model's folder: published configurations hold beams, length limits and forced
    ends of their own, which would decide silently what a request asked for.
    """
    return GenerationConfig(  # type: ignore[no-untyped-call]
        decoder_start_token_id=ids.start,
        eos_token_id=ids.end,
        pad_token_id=ids.padding,
        bos_token_id=None,
        suppress_tokens=list(ids.never),
        forced_bos_token_id=ids.first,
        num_beams=1,
        do_sample=False,
        use_cache=True,
    )


class TorchEngine:
    """A sequence-to-sequence model over its full vocabulary. Satisfies `service.engines.base.Engine`.

    Padding is masked and every row is held to its own length limit, so a row's result depends on the rows beside it
    only through the rounding of float sums: 1e-4 of a score in float32, and the text where two tokens are as close.
    """

    def __init__(
        self, signature: ModelSignature, model: PreTrainedModel, vocabulary: Vocabulary, placement: Placement
    ) -> None:
        self.signature = signature
        self.max_source_tokens = vocabulary.max_source_tokens
        untyped: Any = model
        self._model: Any = untyped.to(device=placement.device, dtype=getattr(torch, placement.dtype)).eval()
        self._config: Any = model.generation_config
        self._vocabulary = vocabulary
        self.resident_bytes = sum(value.numel() * value.element_size() for value in self._model.parameters())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the end-of-sentence token included."""
        return [len(ids) for ids in self._vocabulary.encode(texts)]

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Translate each text; the answer has the length and the order of `texts`.

        Raises TooLarge for too wide a beam, EngineFailure when a text is too long, PyTorch fails or the engine is
        closed.
        """
        width = beam_width(options)
        started = time.perf_counter()
        ids = self._vocabulary.encode_segments(texts)
        tokenize_seconds = time.perf_counter() - started
        budget = max(1, _MAX_BATCH_TOKENS // width)
        results: dict[int, Hypothesis] = {}
        for batch in batches_by_tokens([len(row) for row in ids], rows=_MAX_BATCH_ROWS, padded_tokens=budget):
            results.update(zip(batch, self._decode([ids[i] for i in batch], options, tokenize_seconds), strict=True))
        return [results[index] for index in range(len(texts))]

    def close(self) -> None:
        """Give the model's memory back."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _decode(self, rows: list[list[int]], options: DecodeOptions, tokenize_seconds: float) -> list[Hypothesis]:
        model = self._model
        if model is None:
            raise EngineFailure(f"{self.signature.model} is closed")
        started = time.perf_counter()
        try:
            found = self._search(model, rows, options)
        except RuntimeError as error:  # torch raises it for everything from a full GPU to a bad shape
            raise EngineFailure(f"{self.signature.model} failed in PyTorch: {type(error).__name__}") from error
        seconds = Seconds(tokenize_seconds, time.perf_counter() - started)
        each = len(found) // len(rows)
        return [
            hypothesis_of(found[each * i : each * i + each], options.n_best, len(row), self._vocabulary, seconds)
            for i, row in enumerate(rows)
        ]

    def _search(self, model: Any, rows: list[list[int]], options: DecodeOptions) -> list[Found]:
        """Hypotheses of the rows, equally many consecutive ones for each."""
        padding, end = self._config.pad_token_id, self._config.eos_token_id
        width = max(map(len, rows))
        ids = torch.tensor([row + [padding] * (width - len(row)) for row in rows], device=model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=model.device)
        source = {"input_ids": ids, "attention_mask": mask}
        # What comes before the model's own tokens: the start token, and the forced one.
        given = 1 if self._config.forced_bos_token_id is None else 2
        limits = torch.tensor([given + length_limit(len(row)) for row in rows], device=model.device)
        beam = beam_width(options)
        with torch.inference_mode():
            generated = model.generate(
                **source,
                max_new_tokens=given + length_limit(width),
                num_beams=beam,
                # More than asked for: some may read the same.
                num_return_sequences=beam if options.n_best > 1 else 1,
                stopping_criteria=StoppingCriteriaList([_OwnLimits(limits)]),
            )
            scores = self._mean_log_probabilities(model, source, generated)
        found = []
        for row, score in zip(generated.tolist(), scores, strict=True):
            written = until_end([one for one in row[given:] if one != padding], end)
            found.append(Found(written, score, written[-1:] == [end]))
        return found

    def _mean_log_probabilities(self, model: Any, source: dict[str, Any], generated: Any) -> list[float]:
        """Mean log-probability of each row of `generated` `[rows * n_best, steps]`, in one pass over all its positions.

        Much cheaper than to have the search keep the scores of the whole vocabulary for every step.
        """
        each = len(generated) // len(source["input_ids"])
        repeated = {name: value.repeat_interleave(each, dim=0) for name, value in source.items()}
        logits = model(**repeated, decoder_input_ids=generated[:, :-1]).logits.float()
        logits[:, :, self._config.suppress_tokens] = -math.inf
        targets = generated[:, 1:]
        chosen = logits.gather(2, targets.unsqueeze(2)).squeeze(2) - logits.logsumexp(dim=2)
        written = targets != self._config.pad_token_id
        if self._config.forced_bos_token_id is not None:
            written[:, 0] = False
        means = chosen.masked_fill(~written, 0.0).sum(dim=1) / written.sum(dim=1).clamp(min=1)
        result: list[float] = means.cpu().tolist()
        return result


class _OwnLimits(StoppingCriteria):
    """Ends each row at its own limit, so that a batch gives it no more room than it has alone."""

    def __init__(self, limits: torch.Tensor) -> None:
        """`limits` int64 `[rows]`, the start token counted."""
        self._limits = limits

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_arguments: Any) -> Any:
        """Which of the hypotheses `[rows * beams, steps]`, those of a row consecutive, have reached their limit."""
        del scores
        return input_ids.shape[1] >= self._limits.repeat_interleave(len(input_ids) // len(self._limits))
