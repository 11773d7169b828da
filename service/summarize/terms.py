"""Sentences as unit vectors of weighted terms: stems of content words, or pairs of characters in unspaced scripts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from service.summarize.document import UNSPACED

Vector = Mapping[str, float]

# Anything but spaces and punctuation: unlike \w it keeps the vowel signs of Indic scripts in their words.
_PUNCTUATION = r"\s\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\u00a0-\u00bf\u2010-\u205e\u3000-\u303f।॥،؛؟"
_TOKEN = re.compile(rf"\d+(?:[.,:]\d+)*|[^{_PUNCTUATION}]+")
_MIN_CHARACTERS = 2
# Where no list of stop words exists, a word in most sentences is taken for one.
_COMMON_SHARE = 0.5
_COMMON_FROM = 6
_STEMMER_CODES = {"nb": "no", "nn": "no"}
_STOP_CODES = {"no": "nb", "nn": "nb"}


def vectors(texts: Sequence[str], language: str, kept: frozenset[str] = frozenset()) -> list[Vector]:
    """One TF-IDF vector of unit length a text, with the document frequencies of these texts; empty where no term is.

    `language` is a BCP-47 tag; languages without a stemmer or a list of stop words do without. `kept` are words to
    count although they are on the list.
    """
    counts = [Counter(terms) for terms in _terms(texts, language.partition("-")[0].casefold(), kept)]
    frequency = Counter(term for count in counts for term in count)
    total = len(counts)
    idf = {term: math.log(1 + total / number) for term, number in frequency.items()}
    return [_unit({term: number * idf[term] for term, number in count.items()}) for count in counts]


def dot(one: Vector, other: Vector) -> float:
    """The dot product: the cosine, for two unit vectors."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[term] for term, weight in one.items() if term in other)


def _unit(weights: dict[str, float]) -> dict[str, float]:
    norm = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / norm for term, weight in weights.items()}


def _terms(texts: Sequence[str], language: str, kept: frozenset[str]) -> list[list[str]]:
    tokens = [_tokens(text) for text in texts]
    vocabulary = set().union(*tokens)
    stops = _stop_words(language)
    if stops is None:
        stops = _common(tokens)
    content = [word for word in vocabulary if word in kept or (len(word) >= _MIN_CHARACTERS and word not in stops)]
    stems = _stems(content, language)
    return [[stems[word] for word in words if word in stems] for words in tokens]


def _tokens(text: str) -> list[str]:
    found = _TOKEN.findall(text.casefold())
    return [piece for token in found for piece in _pairs(token)] if UNSPACED.search(text) else found


def _pairs(token: str) -> list[str]:
    """Overlapping pairs of characters, the usual index terms for scripts written without spaces."""
    if len(token) <= _MIN_CHARACTERS or not UNSPACED.search(token):
        return [token]
    return [token[at : at + 2] for at in range(len(token) - 1)]


def _common(tokens: Iterable[Sequence[str]]) -> frozenset[str]:
    sentences = [set(words) for words in tokens]
    if len(sentences) < _COMMON_FROM:
        return frozenset()
    frequency = Counter(word for words in sentences for word in words)
    return frozenset(word for word, number in frequency.items() if number > _COMMON_SHARE * len(sentences))


@lru_cache(maxsize=64)
def _stop_words(language: str) -> frozenset[str] | None:
    import stop_words

    try:
        return frozenset(word.casefold() for word in stop_words.get_stop_words(_STOP_CODES.get(language, language)))
    except stop_words.StopWordError:
        return None


def _stems(words: Sequence[str], language: str) -> dict[str, str]:
    import Stemmer

    try:
        # Not shared between threads: a stemmer keeps its work in itself, and making one takes microseconds.
        stemmer = Stemmer.Stemmer(_STEMMER_CODES.get(language, language), 0)
    except KeyError:
        return dict(zip(words, words, strict=True))
    return dict(zip(words, stemmer.stemWords(words), strict=True))
