"""How much each sentence of an article says about the whole, and which one is its lead."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set

import msgspec

from service.summarize.body import Piece
from service.summarize.cues import Cues
from service.summarize.terms import Vector, dot

_DAMPING = 0.85
# News puts what matters first: the prior falls to a half at the fifth sentence and to a third at the tenth.
_POSITION_DECAY = 0.22
# Found on the articles in benchmarks/data/news.jsonl; neighbouring values differ less than the standard error.
_POSITION, _TITLE, _NUMBER, _AMOUNT, _CENTRALITY, _OPENING = 0.4, 0.18, 0.1, 0.12, 0.33, 0.1
# What stands above the lead is an anecdote that leads to it.
_ABOVE_LEAD = 0.3
# How far down a lead is looked for, and which share of what the best sentence says is enough for an earlier one. A text
# of fewer sentences has no room for an anecdote, nor for a centre.
_LEAD_WITHIN, _LEAD_SHARE = 8, 0.6
# How much more it must say than the first sentence does: of the title, or of the words that most sentences share.
_TITLE_GAIN, _KEY_GAIN = 0.25, 0.35
_TITLE_TERMS, _KEY_TERMS = 3, 8
_NUMBERED = re.compile(r"\d")


class Statement(msgspec.Struct, frozen=True):
    """A sentence as it is scored: its terms, whether it opens a line or paragraph, has a number, tells an amount."""

    vector: Vector
    opens: bool
    numbered: bool
    amount: bool


def statements_of(pieces: Sequence[Piece], vectors: Sequence[Vector], cues: Cues) -> list[Statement]:
    """The pieces of a body with their vectors, as they are scored."""
    return [
        Statement(
            vector,
            piece.opens,
            _NUMBERED.search(piece.text) is not None,
            cues.amount.search(piece.text) is not None,
        )
        for vector, piece in zip(vectors, pieces, strict=True)
    ]


def lead_of(statements: Sequence[Statement], title: Vector) -> int:
    """The index of the sentence that tells what happened.

    That is the first one, unless it is the start of an anecdote: then an early sentence says much more of what the
    title says. Where there is no title to speak of, the terms that most sentences share take its place. A text of few
    sentences has no room for an anecdote.
    """
    if len(statements) < _LEAD_WITHIN:
        return 0
    titled = len(title) >= _TITLE_TERMS
    wanted = title.keys() if titled else _key_terms(statements)
    told = [len(each.vector.keys() & wanted) / max(1, len(wanted)) for each in statements[:_LEAD_WITHIN]]
    if max(told) - told[0] < (_TITLE_GAIN if titled else _KEY_GAIN):
        return 0
    return next(index for index, share in enumerate(told) if share >= _LEAD_SHARE * max(told))


def _key_terms(statements: Sequence[Statement]) -> Set[str]:
    frequency = Counter(term for each in statements for term in each.vector)
    return {term for term, _ in frequency.most_common(_KEY_TERMS)}


def scores(statements: Sequence[Statement], title: Vector, lead: int) -> list[float]:
    """A score in [0, 1] for each sentence of the body, in text order.

    The weighted mean of six features, each in [0, 1]: the position, counted from the lead; the share of the title that
    is in it; the centrality, scaled to a largest value of 1; whether there is a number in it; whether there is a
    percentage or a large sum; whether it opens a paragraph. Without a title, the others share its weight. In a text of
    few sentences the centrality counts for less: any word that two of them share makes one central.
    """
    vectors = [each.vector for each in statements]
    centrality = _centrality(vectors)
    titled = _titled(vectors, title)
    title_weight = _TITLE if any(titled) else 0.0
    centrality_weight = _CENTRALITY * min(1.0, len(statements) / _LEAD_WITHIN)
    total = _POSITION + centrality_weight + title_weight + _NUMBER + _AMOUNT + _OPENING
    return [
        (
            _POSITION * _position(index, lead)
            + title_weight * titled[index]
            + _NUMBER * each.numbered
            + _AMOUNT * each.amount
            + centrality_weight * centrality[index]
            + _OPENING * each.opens
        )
        / total
        for index, each in enumerate(statements)
    ]


def _titled(vectors: Sequence[Vector], title: Vector) -> list[float]:
    """The share of the title's weight that each has; a cosine would favour short sentences with one word of it."""
    return [sum(title[term] ** 2 for term in vector.keys() & title.keys()) for vector in vectors]


def _position(index: int, lead: int) -> float:
    prior = 1 / (1 + _POSITION_DECAY * abs(index - lead))
    return prior if index >= lead else _ABOVE_LEAD * prior


def _centrality(vectors: Sequence[Vector]) -> list[float]:
    """The mean of the backward rank, which favours what comes early, and of the likeness to all others."""
    # What every sentence has, the undamped share, says nothing about any of them.
    recommended = _scaled([rank - (1 - _DAMPING) for rank in backward_rank(vectors)])
    total: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for term, weight in vector.items():
            total[term] += weight
    alike = _scaled([dot(vector, total) - dot(vector, vector) for vector in vectors])
    return [(one + other) / 2 for one, other in zip(recommended, alike, strict=True)]


def backward_rank(vectors: Sequence[Vector]) -> list[float]:
    """PageRank on the graph in which every sentence recommends the earlier ones it resembles.

    These are the weighted backward graphs of Mihalcea (2004), "Graph-based ranking algorithms for sentence extraction",
    with the cosine for similarity. Such a graph has no cycle and the cosine is a dot product, so one pass from the last
    sentence to the first gives the exact ranks: what sentence i receives from all later ones is its product with the
    sum of their vectors, each scaled by rank over out-weight. Time is linear in the number of terms.
    """
    out_weights = []
    earlier: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        out_weights.append(dot(vector, earlier))
        for term, weight in vector.items():
            earlier[term] += weight
    ranks = [1.0 - _DAMPING] * len(vectors)
    recommended: defaultdict[str, float] = defaultdict(float)
    for index in range(len(vectors) - 1, -1, -1):
        vector = vectors[index]
        ranks[index] += _DAMPING * dot(vector, recommended)
        if out_weights[index] > 0:
            share = ranks[index] / out_weights[index]
            for term, weight in vector.items():
                recommended[term] += share * weight
    return ranks


def _scaled(values: list[float]) -> list[float]:
    # The lead is always in a summary, so the scale is that of the others.
    largest = max(values[1:], default=0.0)
    return [min(1.0, value / largest) for value in values] if largest > 0 else values
