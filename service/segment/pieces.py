"""Sentences longer than a model takes -> pieces that fit, cut where a reader would pause and about equally long."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil

from service.patterns import lazy
from service.segment.edges import is_prose, trim

CountTokens = Callable[[Sequence[str]], Sequence[int]]

_CONJUNCTIONS = (
    "e|ou|mas|que|porque|quando|enquanto|embora|and|or|but|that|which|who|because|when|while|although|y|o|pero|cuando|aunque"
    "|et|mais|car|quand|und|oder|aber|dass|weil|wenn|che|ma|perché|en|maar"
)
# Where to cut: after a sentence, a semicolon or colon, around dashes and brackets, at commas, before conjunctions, at
# any space. Repetitions are bounded, so that the search takes linear time.
_PAUSES = lazy(
    rf"""(?P<stop>[.!?…]{{1,3}}["”»’')\]]{{0,3}}\s+|[。！？][”」』）]?)"""
    rf"|(?P<clause>[;:]\s+|[；：])"
    rf"|(?P<turn>[,،]\s+(?=(?:{_CONJUNCTIONS})\s))"
    rf"|(?P<dash>\s+(?=[–—-]{{1,2}}\s))"
    rf"|(?P<bracket>[)\]]\s+|\s+(?=[(\[]))"
    rf"|(?P<comma>[,،]\s+|[，、])"
    rf"|(?P<conjunction>\s+(?=(?:{_CONJUNCTIONS})\s))"
    rf"|(?P<space>\s+)"
)
# What a cut costs beside its distance from where the pieces would be equally long, in units of `_REACH`.
_COSTS = {
    "stop": 0.0,
    "clause": 0.2,
    "turn": 0.5,
    "dash": 0.7,
    "bracket": 0.9,
    "comma": 1.0,
    "conjunction": 1.2,
    "space": 2.0,
}
# How far from there a cut is looked for, as a share of a piece.
_REACH = 0.4
# Pieces are made a little smaller than need be, since tokens are not spread evenly.
_FILL = 0.95
_LONGEST_CLUSTER = 64
_JOINER = "\u200d"
_VIRAMA = 9
# Joiner, skin tones, tags.
_EXTENDS = lazy("[\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG_LETTERS = lazy("[\U0001f1e6-\U0001f1ff]")
_FLAG_RUN = lazy("[\U0001f1e6-\U0001f1ff]+\\Z")
# Halves of a surrogate pair; a Hangul syllable spelled as its letters.
_PAIRED = lazy("[\ud800-\udbff][\udc00-\udfff]|[\u1100-\u11ff][\u1160-\u11ff]")


def fit(texts: Sequence[str], *, count_tokens: CountTokens, max_tokens: int) -> list[list[tuple[int, int]]]:
    """For each text, the ranges that hold all of its prose in order, none over `max_tokens` tokens.

    Counts all the texts in one call, then all new pieces in one call a round; there are few rounds, since pieces are
    made to fit. Only a word that is too long is cut between characters, and only what is too long within what a reader
    sees as one character. A single code point that is over the limit is left as it is.
    """
    fitting: list[list[tuple[int, int]]] = [[] for _ in texts]
    pending = [(index, 0, len(text)) for index, text in enumerate(texts)]
    while pending:
        counts = count_tokens([texts[index][start:end] for index, start, end in pending])
        pieces = []
        for (index, start, end), tokens in zip(pending, counts, strict=True):
            if tokens <= max_tokens or end - start == 1:
                fitting[index].append((start, end))
            else:
                longest = max(1, (end - start) * max_tokens // tokens)
                pieces += [(index, *piece) for piece in _cut(texts[index], start, end, longest)]
        pending = [(index, start, end) for index, start, end in pieces if is_prose(texts[index][start:end])]
    return [sorted(ranges) for ranges in fitting]


def _cut(text: str, start: int, end: int, longest: int) -> list[tuple[int, int]]:
    """Two or more pieces of the range of about `longest` characters or less, without the white space between them."""
    cuts = [start]
    while end - cuts[-1] > longest:
        rest = end - cuts[-1]
        ideal = rest / ceil(rest / (longest * _FILL))
        low = cuts[-1] + max(1, int(ideal * (1 - _REACH)))
        high = cuts[-1] + max(1, min(longest, int(ideal * (1 + _REACH))))
        cuts.append(_best_cut(text, low, max(low, high), cuts[-1] + round(ideal)))
    return [trim(text, left, right) for left, right in pairwise([*cuts, end])]


def _best_cut(text: str, low: int, high: int, target: int) -> int:
    """Where to cut in `[low, high]`: the cheapest pause, else the character boundary nearest to `target`."""
    best, lowest = None, 0.0
    reach = max(target - low, high - target, 1)
    for pause in _PAUSES.finditer(text, low - 1, high):
        at = pause.end()
        cost = _COSTS[pause.lastgroup or "space"] + abs(at - target) / reach
        if at >= low and (best is None or cost < lowest):
            best, lowest = at, cost
    if best is not None:
        return best
    nearby = range(max(low, target - _LONGEST_CLUSTER), min(high, target + _LONGEST_CLUSTER) + 1)
    boundaries = [at for at in nearby if _is_character_boundary(text, at)]
    return min(boundaries or nearby, key=lambda at: abs(at - target))


def _is_character_boundary(text: str, at: int) -> bool:
    """Whether what a reader sees as characters is whole on both sides of `at` (the rules of UAX 29 that news needs)."""
    before, after = text[at - 1], text[at]
    if before == _JOINER or _EXTENDS.match(after) or unicodedata.category(after).startswith("M"):
        return False
    # A virama joins the consonants of a cluster.
    if unicodedata.combining(before) == _VIRAMA:
        return False
    if _FLAG_LETTERS.match(after):
        flags = _FLAG_RUN.search(text, max(0, at - _LONGEST_CLUSTER), at)
        return flags is None or len(flags[0]) % 2 == 0
    return not _PAIRED.match(before + after)
