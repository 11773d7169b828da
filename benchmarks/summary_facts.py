"""What ROUGE does not tell of a summary: repetition, the names and numbers it has, and whether the text supports it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from statistics import mean
from typing import Final

from benchmarks.rouge import words_of

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
# A capital that does not open a sentence; a run of them is counted word by word.
_NAME: Final = re.compile(r"(?<=[\w,;)%] )[A-ZÀ-ÖØ-Þ][\w’'-]+")
_SUPPORTED: Final = 0.9


def redundancy(sentences: Sequence[str]) -> float:
    """How much of a sentence was said before: the mean over all but the first of the largest share, in percent, of
    its words that stand in one earlier sentence. 0 for a single sentence."""
    said = [set(words_of(sentence)) for sentence in sentences]
    shares = [
        max(len(words & earlier) for earlier in said[:index]) / max(1, len(words))
        for index, words in enumerate(said)
        if index
    ]
    return 100 * mean(shares) if shares else 0.0


def coverage(summary: str, references: Sequence[str]) -> float | None:
    """The percentage of the names and numbers of the references that the summary has; None where they have none.

    A name is a capitalized word that does not open a sentence, a number a run of digits with its separators.
    """
    wanted = set().union(*map(_mentions, references))
    if not wanted:
        return None
    told = {*_NUMBER.findall(summary), *re.findall(r"[^\W\d_][\w’'-]+", summary)}
    return 100 * len(wanted & told) / len(wanted)


def support(sentences: Sequence[str], source: Collection[str]) -> float:
    """The share, in percent, of sentences that one sentence of the source supports: 90% of their words, in order."""
    texts = [words_of(sentence) for sentence in source]
    backed = [
        any(_in_order(words, text) >= _SUPPORTED * len(words) for text in texts) for words in map(words_of, sentences)
    ]
    return 100 * mean(backed) if backed else 0.0


def _mentions(text: str) -> set[str]:
    return {*_NUMBER.findall(text), *_NAME.findall(text)}


def _in_order(words: Sequence[str], text: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(text) + 1)
    for word in words:
        diagonal = 0
        for index, other in enumerate(text, start=1):
            diagonal, row[index] = row[index], diagonal + 1 if word == other else max(row[index], row[index - 1])
    return row[-1]
