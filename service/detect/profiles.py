"""langdetect's language profiles and the exact posterior that its detector estimates by sampling.

langdetect (a port of Shuyo's language-detection, 2010) scores a language by the frequencies of a text's letter 1- to
3-grams in a profile of that language. Its detector draws n-grams at random until one language has won and averages
seven such runs, so that its answer varies with the seed and a word of ten n-grams is drawn a thousand times. Summing
over all n-grams once gives the same score without chance; `TEMPERATURE` then undoes the overcounting that overlapping
n-grams bring, so that the confidence of an answer is how often such answers are right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING

from service.detect.library import profile_files

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# langdetect smooths by 0.5/10000; less suits short texts better when nothing is sampled.
_SMOOTHING = 0.1 / 10_000
_LONGEST_GRAM = 3
# One article has many of the words of the last.
_WORDS_REMEMBERED = 8_192
# What langdetect's language names are in BCP-47.
_TAGS = {"no": "nb", "zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}


@dataclass(frozen=True, slots=True)
class Scores:
    """The log-likelihood of a text's n-grams under each language asked for, and under the mean of those languages."""

    likelihoods: NDArray[np.float64]
    background: float
    grams: int


class Profiles:
    """Letter n-gram frequencies of 55 languages.

    `languages` are BCP-47 tags in column order, `rows` maps an n-gram to its row in `frequencies` [n-grams, languages].
    """

    def __init__(self, languages: tuple[str, ...], rows: dict[str, int], frequencies: NDArray[np.float32]) -> None:
        self.languages = languages
        self._rows = rows
        self._frequencies = frequencies

    def score(self, words: Iterable[str], languages: Sequence[str]) -> Scores:
        """Score `words`, spelled as langdetect spells them, under the given languages, all of which must be known."""
        import numpy as np

        columns = [self.languages.index(language) for language in languages]
        # An article has each of its n-grams more than twice: the logarithm of each is taken once.
        counted = Counter(chain.from_iterable(map(_grams, words)))
        found = [(row, times) for gram, times in counted.items() if (row := self._rows.get(gram)) is not None]
        times = np.array([count for _, count in found], dtype=np.float64)
        frequencies = self._frequencies[np.ix_([row for row, _ in found], columns)].astype(np.float64) + _SMOOTHING
        likelihoods = times @ np.log(frequencies)
        background = float(times @ np.log(frequencies.mean(axis=1)))
        return Scores(likelihoods, background, int(times.sum()))

    def unused_letters(self, words: Iterable[str], language: str) -> int:
        """How many letters of `words` the profile of `language` never saw."""
        column = self.languages.index(language)
        seen = [self._rows.get(letter) for letter in chain.from_iterable(words)]
        return sum(1 for row in seen if row is None or not self._frequencies[row, column])


@lru_cache(maxsize=_WORDS_REMEMBERED)
def _grams(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        padded[start : start + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for start in range(len(padded) - length + 1)
        if length > 1 or padded[start] != " "
    )


_lock = Lock()
_loaded: list[Profiles] = []


def load_profiles() -> Profiles:
    """The profiles, read from the langdetect package by the first caller while the others wait."""
    with _lock:
        if not _loaded:
            _loaded.append(_read_profiles())
        return _loaded[0]


def _read_profiles() -> Profiles:
    import numpy as np

    rows: dict[str, int] = {}
    columns = []
    for path in profile_files():
        profile = json.loads(path.read_bytes())
        # Text is lower-cased before it is scored.
        counts = {gram: count for gram, count in profile["freq"].items() if gram == gram.lower()}
        totals = [profile["n_words"][len(gram) - 1] for gram in counts]
        columns.append((profile["name"], [rows.setdefault(gram, len(rows)) for gram in counts], counts, totals))
    frequencies = np.zeros((len(rows), len(columns)), dtype=np.float32)
    for column, (_, at, counts, totals) in enumerate(columns):
        frequencies[at, column] = np.fromiter(counts.values(), np.float64) / totals
    return Profiles(tuple(_TAGS.get(name, name) for name, *_ in columns), rows, frequencies)
