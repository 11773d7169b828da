"""What every engine does before and after its search: limits, batches, and hypotheses out of target ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from service.engines.tokens import Vocabulary
from service.errors import TooLarge
from service.types import DecodeOptions, Hypothesis

MAX_BEAM: Final = 8


class Found(msgspec.Struct, frozen=True):
    """Target ids of one hypothesis, with the end-of-sentence token where it has one, and the mean log-probability.

    `complete` says whether the decoder ended the sentence itself.
    """

    ids: list[int]
    score: float
    complete: bool


class Seconds(msgspec.Struct, frozen=True):
    """How long the batch of a hypothesis took."""

    tokenize: float
    infer: float


def beam_width(options: DecodeOptions) -> int:
    """Hypotheses the search keeps; raises TooLarge for more than `MAX_BEAM`."""
    width = max(options.beam, options.n_best)
    if width > MAX_BEAM:
        raise TooLarge(f"alternatives: more than {MAX_BEAM - 1} are not offered", field="alternatives")
    return width


def batches_by_tokens(lengths: Sequence[int], *, rows: int, padded_tokens: int) -> Iterator[list[int]]:
    """Places of similar lengths together: at most `rows`, and longest times rows at most `padded_tokens`.

    A text that is over `padded_tokens` by itself is a batch of its own.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda one: lengths[one]):
        if batch and (len(batch) == rows or lengths[place] * (len(batch) + 1) > padded_tokens):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def collected(parts: Iterable[Mapping[int, Hypothesis]], count: int) -> list[Hypothesis]:
    """The hypotheses of `count` texts in order, out of parts by place."""
    whole: dict[int, Hypothesis] = {}
    for part in parts:
        whole |= part
    return [whole[place] for place in range(count)]


def hypothesis_of(
    found: Sequence[Found], n_best: int, source_tokens: int, vocabulary: Vocabulary, seconds: Seconds
) -> Hypothesis:
    """The best of what was found for one text, and up to `n_best - 1` others as its alternatives, best first.

    Of several that read the same (a text can be written in more than one sequence of tokens) the best is kept.
    """
    distinct: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: -one.score):
        distinct.setdefault(vocabulary.decode(one.ids), one)

    def hypothesis(text: str, one: Found, alternatives: tuple[Hypothesis, ...] = ()) -> Hypothesis:
        return Hypothesis(
            text=text,
            score=one.score,
            source_tokens=source_tokens,
            target_tokens=len(one.ids),
            complete=one.complete,
            alternatives=alternatives,
            tokenize_seconds=seconds.tokenize,
            infer_seconds=seconds.infer,
        )

    best, *others = list(distinct.items())[:n_best]
    return hypothesis(*best, tuple(hypothesis(*other) for other in others))
