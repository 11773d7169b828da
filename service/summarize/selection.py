"""Choose sentences by score, without repetition, within a number of sentences or words.

Maximal marginal relevance (Carbonell and Goldstein, 1998): a sentence's value falls with its likeness to the most
similar one already chosen, once that is beyond what sentences on one subject share. It also falls when the sentence
needs the one before it and that is not chosen. With a limit in words a sentence is worth its value times its words,
so that the words are well spent; the greedy choice is then improved by swaps that fill the limit better.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from service.summarize.terms import Vector

# Sentences of one article share its subject: only likeness beyond that is repetition. How much that is shows in how
# like the lead the others are on average, within limits; it is more in a text of few sentences.
_SHARED_LEAST, _SHARED_MOST, _REPEATED, _MAX_PENALTY = 0.1, 0.3, 0.5, 0.9
_MAX_SWAPS = 8
# Only the best of the others are tried in a swap, so that its time does not grow with the text.
_MAX_TRIED = 200
_FULL = 0.98
# A term in more sentences than this tells little about any two of them, and would make the time quadratic.
_MAX_POSTINGS = 500


class Option(msgspec.Struct, frozen=True):
    """A sentence that may be chosen: its score, what it costs in words, and its terms.

    `alone` scales the score as long as the option before is not chosen; an option with a value of 0 never is.
    """

    score: float
    words: int
    alone: float
    vector: Vector


class Selection:
    """The options chosen so far and what that makes of the values of the others."""

    def __init__(self, options: Sequence[Option], lead: int, *, repeat: bool) -> None:
        self._options = options
        self._penalty = _MAX_PENALTY if repeat else 1.0
        self._likeness = [0.0] * len(options)
        self._postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for index, option in enumerate(options):
            for term, weight in option.vector.items():
                self._postings[term].append((index, weight))
        for term in [term for term, found in self._postings.items() if len(found) > _MAX_POSTINGS]:
            del self._postings[term]
        self.lead = lead
        self.chosen: set[int] = set()
        self.words = 0
        self.add(lead)
        others = [likeness for index, likeness in enumerate(self._likeness) if index != lead]
        self._shared = min(_SHARED_MOST, max(_SHARED_LEAST, sum(others) / max(1, len(others))))

    def value(self, index: int) -> float:
        """What the option adds to a summary, a word of it."""
        option = self._options[index]
        context = 1.0 if index - 1 in self.chosen else option.alone
        repetition = (self._likeness[index] - self._shared) / (_REPEATED - self._shared)
        return option.score * context * (1 - self._penalty * min(1.0, max(0.0, repetition)))

    def add(self, index: int) -> None:
        """Choose the option and lower the values of those like it."""
        self.chosen.add(index)
        self.words += self._options[index].words
        likeness: defaultdict[int, float] = defaultdict(float)
        for term, weight in self._options[index].vector.items():
            for other, other_weight in self._postings.get(term, ()):
                likeness[other] += weight * other_weight
        for other, cosine in likeness.items():
            self._likeness[other] = max(self._likeness[other], cosine)

    def swap(self, old: int, new: int) -> None:
        """Exchange a chosen option for another one; likeness to `old` still counts against the rest."""
        self.chosen.remove(old)
        self.words -= self._options[old].words
        self.add(new)

    def supports(self, index: int) -> bool:
        """Whether the next option is chosen and needs this one."""
        follower = index + 1
        return follower in self.chosen and self._options[follower].alone < 1


def choose(
    options: Sequence[Option], lead: int, *, sentences: int | None, words: int | None, repeat: bool = True
) -> list[int]:
    """Indices of the chosen options in order; always the `lead`, and with it at most `sentences` and `words`.

    Without `repeat`, what is too like one that was chosen is never chosen, room or not.
    """
    room = len(options) if sentences is None else sentences
    if repeat and len(options) <= room and (words is None or sum(option.words for option in options) <= words):
        return list(range(len(options)))
    selection = Selection(options, lead, repeat=repeat)
    queue = [(-selection.value(index), index) for index in range(len(options)) if index != lead]
    heapq.heapify(queue)
    shortest = min((option.words for option in options), default=0)
    while queue and len(selection.chosen) < room:
        if words is not None and selection.words + shortest > words:
            break
        promised, index = heapq.heappop(queue)
        if index in selection.chosen or (words is not None and selection.words + options[index].words > words):
            continue
        value = selection.value(index)
        if value <= 0:
            # It may come back with its context.
            continue
        if value < -promised:
            # Values mostly fall, so an entry is a promise to be checked when it comes to the top.
            heapq.heappush(queue, (-value, index))
            continue
        selection.add(index)
        if index + 1 < len(options):
            # The next sentence now has its context: the one case in which a value rises.
            heapq.heappush(queue, (-selection.value(index + 1), index + 1))
    if words is not None:
        _improve(selection, options, words)
    return sorted(selection.chosen)


def _improve(selection: Selection, options: Sequence[Option], words: int) -> None:
    """Swap single options while that raises the total value within the limit."""
    for _ in range(_MAX_SWAPS):
        if selection.words >= _FULL * words:
            return
        others = heapq.nlargest(
            _MAX_TRIED,
            (index for index in range(len(options)) if index not in selection.chosen),
            key=lambda index: (options[index].score, -index),
        )
        best = _best_swap(selection, options, others, words)
        if best is None:
            return
        selection.swap(*best)


def _best_swap(
    selection: Selection, options: Sequence[Option], others: Sequence[int], words: int
) -> tuple[int, int] | None:
    best, best_gain = None, 1e-9
    values = {index: selection.value(index) for index in others}
    worths = {index: value * options[index].words for index, value in values.items() if value > 0}
    for old in sorted(selection.chosen):
        if old == selection.lead or selection.supports(old):
            continue
        room = words - selection.words + options[old].words
        worth = options[old].score * options[old].words
        for new, gain in worths.items():
            if options[new].words > room or (options[new].alone < 1 and new - 1 == old):
                continue
            if gain - worth > best_gain:
                best, best_gain = (old, new), gain - worth
    return best
