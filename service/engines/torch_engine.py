"""Serves any sequence-to-sequence model of transformers with PyTorch, on a processor or on CUDA."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import torch
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from service.engines.batched import BatchedEngine
from service.engines.decoding import Found, beam_width
from service.engines.loading import Placement
from service.engines.tokens import Vocabulary, length_limit, until_end
from service.errors import EngineFailure
from service.types import DecodeOptions, ModelSignature

_MAX_BATCH_ROWS: Final = 16
# Scores of the whole vocabulary at every position, 256 MB of them at a time: NLLB has 256,000 tokens.
_MAX_LOGITS: Final = 2**26


class SearchIds(msgspec.Struct, frozen=True):
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


class TorchEngine(BatchedEngine):
    """A sequence-to-sequence model over its full vocabulary. Satisfies `service.engines.base.Engine`.

    Padding is masked and every row is held to its own length limit, so a row's result depends on the rows beside it
    only through the rounding of float sums: 1e-4 of a score in float32, and the text where two tokens are as close.
    """

    def __init__(
        self, signature: ModelSignature, model: PreTrainedModel, vocabulary: Vocabulary, placement: Placement
    ) -> None:
        super().__init__(signature, vocabulary, max_rows=_MAX_BATCH_ROWS)
        untyped: Any = model
        self._model: Any = untyped.to(device=placement.device, dtype=getattr(torch, placement.dtype)).eval()
        self._config: Any = model.generation_config
        self.resident_bytes = sum(value.numel() * value.element_size() for value in self._model.parameters())

    def close(self) -> None:
        """Give the model's memory back."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _search(self, rows: list[list[int]], options: DecodeOptions) -> list[list[Found]]:
        model = self._model
        if model is None:
            raise EngineFailure(f"{self.signature.model} is closed")
        # One core a call, as with the other engines; the number belongs to the calling thread.
        torch.set_num_threads(1)
        try:
            found = self._generate(model, rows, options)
        except RuntimeError as error:  # torch raises it for everything from a full GPU to a bad shape
            raise EngineFailure(f"{self.signature.model} failed in PyTorch: {type(error).__name__}") from error
        each = len(found) // len(rows)
        return [found[start : start + each] for start in range(0, len(found), each)]

    def _generate(self, model: Any, rows: list[list[int]], options: DecodeOptions) -> list[Found]:
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
        size = max(1, _MAX_LOGITS // (generated.shape[1] * model.config.vocab_size))
        means: list[float] = []
        for start in range(0, len(generated), size):
            rows = slice(start, start + size)
            targets = generated[rows, 1:]
            own = {name: value[rows] for name, value in repeated.items()}
            logits = model(**own, decoder_input_ids=generated[rows, :-1]).logits.float()
            logits[:, :, self._config.suppress_tokens] = -math.inf
            chosen = logits.gather(2, targets.unsqueeze(2)).squeeze(2) - logits.logsumexp(dim=2)
            written = targets != self._config.pad_token_id
            if self._config.forced_bos_token_id is not None:
                written[:, 0] = False
            sums = chosen.masked_fill(~written, 0.0).sum(dim=1)
            means += (sums / written.sum(dim=1).clamp(min=1)).cpu().tolist()
        return means


class _OwnLimits(StoppingCriteria):
    """Ends each row at its own limit, so that a batch gives it no more room than it has alone."""

    def __init__(self, limits: torch.Tensor) -> None:
        """`limits` int64 `[rows]`, the start token counted."""
        self._limits = limits

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_arguments: Any) -> Any:
        """Which of the hypotheses `[rows * beams, steps]`, those of a row consecutive, have reached their limit."""
        del scores
        return input_ids.shape[1] >= self._limits.repeat_interleave(len(input_ids) // len(self._limits))
