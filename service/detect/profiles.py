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
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

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


class Scores(msgspec.Struct, frozen=True):
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
        self._tables: dict[tuple[str, ...], _WordTable] = {}

    def score(self, words: Sequence[str], languages: tuple[str, ...]) -> Scores:
        """Score `words`, spelled as langdetect spells them, under the given languages, all of which must be known."""
        table = self._tables.get(languages)
        if table is None:
            columns = [self.languages.index(language) for language in languages]
            # Two threads may make one each; the second takes the place of the first, which loses only what it knew.
            table = self._tables[languages] = _WordTable(self._rows, self._frequencies, columns)
        sums = table.rows(words).sum(axis=0)
        return Scores(sums[:-2], float(sums[-2]), int(sums[-1]))

    def unused_letters(self, words: Iterable[str], language: str) -> int:
        """How many letters of `words` the profile of `language` never saw."""
        column = self.languages.index(language)
        letters = Counter("".join(words))
        seen = {letter: self._rows.get(letter) for letter in letters}
        return sum(letters[letter] for letter, row in seen.items() if row is None or not self._frequencies[row, column])


class _WordTable:
    """What each word adds to the scores of a text: one article has many of the words of the last.

    A row is the word's log-likelihood under each language, that under their mean, and its number of known n-grams.
    """

    def __init__(self, rows: dict[str, int], frequencies: NDArray[np.float32], columns: Sequence[int]) -> None:
        import numpy as np

        self._rows = rows
        self._frequencies = frequencies
        self._columns = np.array(columns)
        self._places: dict[str, int] = {}
        self._scores = np.empty((_WORDS_REMEMBERED, len(columns) + 2))
        self._lock = Lock()

    def rows(self, words: Sequence[str]) -> NDArray[np.float64]:
        """The rows of `words` [words, languages + 2], which are different ones."""
        if len(words) > _WORDS_REMEMBERED:
            return self._read(words)
        with self._lock:
            new: Sequence[str] = [word for word in words if word not in self._places]
            if new:
                if len(self._places) + len(new) > _WORDS_REMEMBERED:
                    self._places.clear()
                    new = words
                start = len(self._places)
                self._scores[start : start + len(new)] = self._read(new)
                self._places.update(zip(new, range(start, start + len(new)), strict=True))
            taken: NDArray[np.float64] = self._scores[[self._places[word] for word in words]]
            return taken

    def _read(self, words: Sequence[str]) -> NDArray[np.float64]:
        import numpy as np

        grams = [[row for gram in _grams(word) if (row := self._rows.get(gram)) is not None] for word in words]
        found = np.array(list(chain.from_iterable(grams)), dtype=np.intp)
        frequencies = self._frequencies[np.ix_(found, self._columns)].astype(np.float64) + _SMOOTHING
        of_gram = np.log(np.column_stack([frequencies, frequencies.mean(axis=1)]))
        counts = np.array([len(rows) for rows in grams])
        # A last row of zeros, for words without any known n-gram at the end; what such a word gets elsewhere is undone.
        padded = np.vstack([of_gram, np.zeros((1, of_gram.shape[1]))])
        sums = np.add.reduceat(padded, np.cumsum(counts) - counts, axis=0)
        sums[counts == 0] = 0.0
        return np.column_stack([sums, counts])


def _grams(word: str) -> list[str]:
    padded = f" {word} "
    return [
        padded[start : start + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for start in range(len(padded) - length + 1)
        if length > 1 or padded[start] != " "
    ]


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
