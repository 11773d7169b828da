"""Any causal or sequence-to-sequence model of transformers as a writer of summaries, from safetensors only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from service.errors import Cancelled, EngineFailure, ModelCorrupt, WritingFailed
from service.writing import Writing, Written

TOKENS_PER_WORD: Final = 3
FEW_TOKENS: Final = 64
_LONGEST_INPUT: Final = 100_000


class TorchWriter:
    """One loaded model; one text at a time.

    A causal model gets the prompt, in its own chat form where it has one. A sequence-to-sequence model gets the bare
    text: these are trained to summarize and take no orders.
    """

    def __init__(self, name: str, *, offline: bool, device: str, dtype: str) -> None:
        """`name` is a folder or a repository of the hub. Raises ModelCorrupt, or ModelMissing where it is not there."""
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        local = Path(name).is_dir() or offline
        options: dict[str, Any] = {"local_files_only": local, "trust_remote_code": False}
        try:
            config = AutoConfig.from_pretrained(name, **options)
            self._tokenizer: Any = AutoTokenizer.from_pretrained(name, **options)
            kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            model: Any = kind.from_pretrained(name, use_safetensors=True, dtype=getattr(torch, dtype), **options)
        except Exception as error:  # each kind of model and file fails in its own way
            message = f"{name}: cannot be read as a model in safetensors ({type(error).__name__})"
            raise ModelCorrupt(message, model_id=name) from error
        self._seq2seq = bool(config.is_encoder_decoder)
        self._model = model.to(device).eval()
        self._limit = min(getattr(config, "max_position_embeddings", None) or _LONGEST_INPUT, _LONGEST_INPUT)

    def write(self, writing: Writing) -> Written:
        """What the model writes, greedily; raises WritingFailed (`timeout`, `too-long`), EngineFailure, Cancelled."""
        import torch
        from transformers import StoppingCriteriaList

        wanted = max(FEW_TOKENS, TOKENS_PER_WORD * writing.max_words)
        ids = self._encode(writing)
        size = ids.shape[1]
        if size + (0 if self._seq2seq else wanted) > self._limit:
            raise WritingFailed(f"the text has {size} tokens, the summary model takes {self._limit}", reason="too-long")
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=wanted,
                    do_sample=False,
                    num_beams=1,
                    stopping_criteria=StoppingCriteriaList([_over(writing)]),
                )
        except (RuntimeError, IndexError) as error:  # torch raises these for everything from a full GPU to a bad shape
            raise EngineFailure(f"the summary model failed in PyTorch: {type(error).__name__}") from error
        if writing.cancelled.is_set():
            raise Cancelled("the client has gone")
        if time.monotonic() > writing.deadline:
            raise WritingFailed("the summary model did not finish", reason="timeout")
        written = output[0] if self._seq2seq else output[0][size:]
        text: str = self._tokenizer.decode(written, skip_special_tokens=True)
        return Written(text, complete=len(written) < wanted)

    def _encode(self, writing: Writing) -> Any:
        tokenizer = self._tokenizer
        # What looks like a special token in the text is text.
        safe = {"return_tensors": "pt", "split_special_tokens": True}
        if self._seq2seq:
            return tokenizer(writing.text, **safe)["input_ids"].to(self._model.device)
        prompt = writing.prompt
        if getattr(tokenizer, "chat_template", None):
            import torch

            before, _, after = tokenizer.apply_chat_template(
                [{"role": "user", "content": "\0"}], tokenize=False, add_generation_prompt=True
            ).partition("\0")
            parts = [
                tokenizer(before, return_tensors="pt", add_special_tokens=False)["input_ids"],
                tokenizer(prompt, add_special_tokens=False, **safe)["input_ids"],
                tokenizer(after, return_tensors="pt", add_special_tokens=False)["input_ids"],
            ]
            return torch.cat([part.long() for part in parts if part.shape[1]], dim=1).to(self._model.device)
        return tokenizer(prompt, **safe)["input_ids"].to(self._model.device)


def _over(writing: Writing) -> Any:
    """Stops the search at the deadline, and when the client has gone."""
    import torch
    from transformers import StoppingCriteria

    class Over(StoppingCriteria):
        def __call__(self, input_ids: Any, scores: Any, **_arguments: Any) -> Any:
            del scores
            over = writing.cancelled.is_set() or time.monotonic() > writing.deadline
            return torch.full((len(input_ids),), over, dtype=torch.bool, device=input_ids.device)

    return Over()
