"""How much each sentence of an article says about the whole: position, centrality and closeness to the title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from service.summarize.terms import Vector, dot

_DAMPING = 0.85
# News puts what matters first: the prior falls to a half at the fifth sentence and to a third at the tenth.
_POSITION_DECAY = 0.22
_POSITION, _CENTRALITY, _TITLE = 0.6, 0.25, 0.15


def scores(vectors: Sequence[Vector], title: Vector) -> list[float]:
    """A score in [0, 1] for each sentence of the body, in text order.

    The weighted mean of the position in the body, the centrality and the cosine with the title, each scaled to a
    largest value of 1. Without a title, the other two share its weight.
    """
    position = [1 / (1 + _POSITION_DECAY * index) for index in range(len(vectors))]
    centrality = _centrality(vectors)
    closeness = _scaled([dot(vector, title) for vector in vectors])
    title_weight = _TITLE if any(closeness) else 0.0
    total = _POSITION + _CENTRALITY + title_weight
    return [
        (_POSITION * place + _CENTRALITY * central + title_weight * close) / total
        for place, central, close in zip(position, centrality, closeness, strict=True)
    ]


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
