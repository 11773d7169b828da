"""Articles about the same event, from whatever outlet and language, grouped into stories by their translations.

An event is one thing that happened; what is reported of it in the days after is the same story as long as reports
follow each other within `MAX_GAP`. Two events of one kind, such as two floods, are two stories.

Articles are vectors of TF-IDF weights (Spärck Jones, 1972) in which names and numbers count for more than words, and
words of the title for more than those of the text; stories are grown from the most similar pairs by the mean similarity
of their articles (group-average clustering: Sneath and Sokal, 1973).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from typing import Final

import msgspec

from service.feeds.digest import DigestItem

MAX_GAP: Final = timedelta(days=3)
# The mean cosine from which two groups are one story; `python -m benchmarks.stories` shows what others would give.
THRESHOLD: Final = 0.36

_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
_SENTENCE_END: Final = re.compile(r"[.!?:…]['\"”»)\]]*\s+$|^\s*$|\n\s*$|[\"“«]$")
# A word is told by its beginning, which endings leave alone.
_STEM: Final = 6
_SHORT_WORD: Final = 4
_TITLE, _NAME, _NUMBER = 2.0, 2.0, 1.5
# What names an event stands at the head of an article; the rest is background.
_HEAD_WORDS: Final = 150
# A term in more articles, or in a larger share of them, tells no event.
_MANY_ARTICLES: Final = 200
_LARGE_SHARE: Final = 0.1
# An article is compared with so many of the last that share a term with it: a story of hundreds is still found, link by
# link, and the time stays linear.
_LOOK_BACK: Final = 40
# The heaviest terms of an article find what it may belong with.
_INDEXED_TERMS: Final = 30
# So much of the similarity that makes a story has to come from terms that few articles have.
_TELLING_PART: Final = 0.5
# As if so many other articles were there too, so that few articles do not make each of their words common.
_BACKGROUND: Final = 200

Vector = Mapping[str, float]


class Story(msgspec.Struct, frozen=True):
    """Articles about one event, the fullest first; `summary` is of that one, `sources` are the outlets in order."""

    items: tuple[DigestItem, ...]

    @property
    def lead(self) -> DigestItem:
        """The article that stands for the story."""
        return self.items[0]

    @property
    def title(self) -> str:
        """The headline of the lead."""
        return self.lead.title

    @property
    def summary(self) -> tuple[str, ...]:
        """The summary of the lead, or the first that an article has."""
        return next((item.summary for item in self.items if item.summary), ())

    @property
    def sources(self) -> tuple[str, ...]:
        """The outlets, each once."""
        return tuple(dict.fromkeys(item.outlet for item in self.items))


def stories(items: Sequence[DigestItem], *, threshold: float = THRESHOLD) -> tuple[Story, ...]:
    """Every item in exactly one story; those that most outlets report come first, then the latest.

    The same items give the same stories in any order. Time grows with the number of items times the few that share a
    rare term with each.
    """
    ordered = sorted(items, key=lambda item: (_when(item), item.item_id))
    vectors = [_unit(weights) for weights in weighed([(item.title, item.text) for item in ordered])]
    groups = _grown(vectors, [_when(item) for item in ordered], threshold)
    told = [Story(tuple(sorted((ordered[index] for index in group), key=_fullest))) for group in groups]
    return tuple(sorted(told, key=_prominence))


def weighed(articles: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
    """The weights of the terms of each article, a title and a text, with the frequencies of these articles."""
    counts = [_terms(title, text) for title, text in articles]
    frequency = Counter(term for count in counts for term in count)
    total = len(counts) + _BACKGROUND
    return [
        {
            term: (1 + math.log(1 + number)) * _worth(term) * math.log(1 + total / frequency[term])
            for term, number in one.items()
        }
        for one in counts
    ]


def _terms(title: str, text: str) -> Mapping[str, float]:
    counts: dict[str, float] = defaultdict(float)
    for place, (term, share) in enumerate([*_read(title, _TITLE), *_read(text, 1.0)]):
        if place == _HEAD_WORDS:
            break
        counts[term] += share
    return counts


def _read(text: str, share: float) -> Iterator[tuple[str, float]]:
    for match in _WORD.finditer(text):
        word = match[0]
        if word[0].isdigit():
            yield f"#{word.replace(',', '.')}", share
        elif word[0].isupper() and not _SENTENCE_END.search(text[max(0, match.start() - 6) : match.start()]):
            yield f"@{word.casefold()[:_STEM]}", share
            yield word.casefold()[:_STEM], share
        elif len(word) >= _SHORT_WORD:
            yield word.casefold()[:_STEM], share


def _worth(term: str) -> float:
    return {"#": _NUMBER, "@": _NAME}.get(term[0], 1.0)


def _unit(weights: Mapping[str, float]) -> Vector:
    norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / norm for term, weight in weights.items()}


def cosine(one: Vector, other: Vector) -> float:
    """The product of two vectors: the cosine, where both are of unit length."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[term] for term, weight in one.items() if term in other)


def _grown(vectors: Sequence[Vector], times: Sequence[datetime], threshold: float) -> list[list[int]]:
    """Groups of indices: the most similar pairs first, two groups become one where their mean similarity is enough."""
    similar = _similar_pairs(vectors, times, threshold)
    group_of = list(range(len(vectors)))
    groups = {index: [index] for index in group_of}
    # The mean of all cosines between two groups is the product of their sums over that of their sizes.
    sums = {index: dict(vector) for index, vector in enumerate(vectors)}
    for one, other in sorted(similar, key=lambda pair: (-similar[pair], pair)):
        first, second = group_of[one], group_of[other]
        if first == second:
            continue
        if cosine(sums[first], sums[second]) < threshold * len(groups[first]) * len(groups[second]):
            continue
        for index in groups[second]:
            group_of[index] = first
        groups[first] += groups.pop(second)
        for term, weight in sums.pop(second).items():
            sums[first][term] = sums[first].get(term, 0.0) + weight
    return list(groups.values())


def _similar_pairs(
    vectors: Sequence[Vector], times: Sequence[datetime], threshold: float
) -> dict[tuple[int, int], float]:
    """The pairs that lie within the time limit and are similar enough, first in what few articles say, then in all."""
    frequency = Counter(term for vector in vectors for term in vector)
    most = max(_MANY_ARTICLES, _LARGE_SHARE * len(vectors))
    index: dict[str, deque[tuple[int, float]]] = defaultdict(lambda: deque(maxlen=_LOOK_BACK))
    similar: dict[tuple[int, int], float] = {}
    for here, vector in enumerate(vectors):
        telling = [term for term in vector if 1 < frequency[term] <= most]
        telling = nlargest(_INDEXED_TERMS, telling, key=lambda term: (vector[term], term))
        shared: dict[int, float] = defaultdict(float)
        for term in telling:
            weight = vector[term]
            for there, other in index[term]:
                shared[there] += weight * other
            index[term].append((here, weight))
        for there, part in shared.items():
            if part >= threshold * _TELLING_PART and times[here] - times[there] <= MAX_GAP:
                similarity = cosine(vector, vectors[there])
                if similarity >= threshold:
                    similar[there, here] = similarity
    return similar


def _when(item: DigestItem) -> datetime:
    # An item without a time is taken for an old one: it comes last and joins what is as timeless.
    return item.published or datetime.min.replace(tzinfo=UTC)


def _fullest(item: DigestItem) -> tuple[bool, int, str]:
    return not item.summary, -len(item.text), item.item_id


def _prominence(story: Story) -> tuple[int, float, str]:
    latest = max(_when(item) for item in story.items)
    return -len(story.sources), -latest.timestamp() if latest.year > 1 else 0.0, story.lead.item_id
