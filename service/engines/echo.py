"""An engine without a model, for tests of what carries texts around: queue, pool, HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature


class EchoEngine:
    """Answers each text with itself. It satisfies `Engine` and claims to translate nothing."""

    def __init__(self, model_id: str = "echo", *, max_source_tokens: int = 128, resident_bytes: int = 0) -> None:
        self.signature = ModelSignature(model_id, "0", "echo", "none", beam=1, shortlist=False)
        self.max_source_tokens = max_source_tokens
        self.resident_bytes = resident_bytes

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """White-space separated words, plus one for the end of the sentence."""
        return [len(text.split()) + 1 for text in texts]

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Each text as its own only hypothesis, with log-probability 0."""
        del options
        return [
            Hypothesis(text, score=0.0, source_tokens=count, target_tokens=count)
            for text, count in zip(texts, self.count_tokens(texts), strict=True)
        ]

    def translate_in_parts(
        self, texts: Sequence[str], options: DecodeOptions = GREEDY
    ) -> Iterator[dict[int, Hypothesis]]:
        """What `translate` gives, at once."""
        yield dict(enumerate(self.translate(texts, options)))

    def close(self) -> None:
        """Nothing to give back."""
