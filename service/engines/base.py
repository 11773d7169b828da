"""What every engine offers, whatever runs underneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from service.types import GREEDY, DecodeOptions, Hypothesis, ModelSignature


class Engine(Protocol):
    """One loaded model of one direction.

    `translate` is a pure function of each text: neither the other texts of the call nor their order changes a
    hypothesis, but for what an engine says of the rounding of its sums. It may be called from several threads at once.
    Callers keep each text within `max_source_tokens`; an engine raises EngineFailure for one that is longer rather than
    cutting it. A call cannot be cancelled: the length limit of its longest text ends it soon, and the queue drops what
    has not begun.
    """

    @property
    def signature(self) -> ModelSignature:
        """What to report as the producer of a hypothesis decoded greedily."""
        ...

    @property
    def max_source_tokens(self) -> int:
        """Tokens a text may have, the end-of-sentence token included."""
        ...

    @property
    def resident_bytes(self) -> int:
        """Estimate of the memory that unloading the model gives back."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the end-of-sentence token included."""
        ...

    def translate(self, texts: Sequence[str], options: DecodeOptions = GREEDY) -> list[Hypothesis]:
        """Translate each text; the answer has the length and the order of `texts`.

        Raises EngineFailure when the model cannot be run on these texts.
        """
        ...

    def translate_in_parts(
        self, texts: Sequence[str], options: DecodeOptions = GREEDY
    ) -> Iterator[dict[int, Hypothesis]]:
        """As `translate`, but each hypothesis is given as soon as it is there, by the place of its text.

        Raises what `translate` does, on the way: what was given before stands.
        """
        ...

    def close(self) -> None:
        """Give the memory back. The engine must not be used afterwards."""
        ...
