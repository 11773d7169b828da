"""What turns a statement into another one without a content word: negation, doubt, more and less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.summarize.faithfulness.speech import hearsay
from service.summarize.faithfulness.tokens import NUMBER, Token
from service.summarize.faithfulness.vocabulary import Vocabulary

_SCOPE, _NEAR = 4, 2
_LACKING = frozenset({"without", "sem", "sin", "sans", "ohne"})


def negation_changed(
    said: Sequence[Token], source: Sequence[Token], pairs: Mapping[int, int], words: Vocabulary
) -> bool:
    """Whether one sentence denies what the other says; "without" is no "not", both together undo each other."""
    lacking = words.negations & _LACKING
    return any(_turned(said, source, pairs, cues, words) for cues in (words.negations - lacking, lacking))


def _turned(
    said: Sequence[Token], source: Sequence[Token], pairs: Mapping[int, int], cues: frozenset[str], words: Vocabulary
) -> bool:
    mine = _scopes(said, cues, words, _SCOPE)
    theirs = _scopes(source, cues, words, _SCOPE)
    reached = {place for scope in mine for n in scope if (place := pairs.get(n)) is not None}
    for scope in mine:
        aligned = {pairs[n] for n in scope if n in pairs}
        if not any(aligned & set(other) for other in theirs) and (aligned or not theirs):
            return True
    used = set(pairs.values())
    return any(set(scope[:_NEAR]) & used and not set(scope) & reached for scope in theirs)


def doubt_dropped(said: Sequence[Token], source: Sequence[Token], pairs: Mapping[int, int], words: Vocabulary) -> bool:
    """Whether what may be in the source is so in what is said."""
    mine = {pairs.get(n, -1) for scope in _doubts(said, words) for n in scope}
    used = set(pairs.values())
    return any(set(scope[:1]) & used and not set(scope) & mine for scope in _doubts(source, words))


def _doubts(tokens: Sequence[Token], words: Vocabulary) -> list[list[int]]:
    """For each hedge, and each verb of hearsay, the next content tokens of its clause."""
    heard = [_scope(tokens, at, words, _SCOPE) for at in range(len(tokens)) if hearsay(tokens, at, words)]
    return [*_scopes(tokens, words.hedges, words, _SCOPE), *(scope for scope in heard if scope)]


def comparison_problem(
    said: Sequence[Token], source: Sequence[Token], pairs: Mapping[int, int], words: Vocabulary
) -> bool:
    """Whether "more than 200" has become less than that, or 200."""
    for mine, theirs in pairs.items():
        if said[mine].kind == NUMBER:
            there = _bound(source, theirs, words)
            if there and _bound(said, mine, words) != there:
                return True
    return False


def _bound(tokens: Sequence[Token], at: int, words: Vocabulary) -> str:
    near = [token.text for token in tokens[max(0, at - 3) : at]]
    comparing = {"than", "de", "que", "als", "least", "most", "menos", "to", "as"} & set(near)
    for word in reversed(near):
        if comparing and word in words.more:
            return "more"
        if comparing and word in words.fewer and word not in {"almost", "nearly", "quase", "casi", "presque", "fast"}:
            return "fewer"
    return ""


def _scopes(tokens: Sequence[Token], cues: frozenset[str], words: Vocabulary, size: int) -> list[list[int]]:
    """For each cue, the next content tokens of its clause."""
    places = [at for at, token in enumerate(tokens) if token.mention is None and token.text in cues]
    return [scope for at in places if (scope := _scope(tokens, at, words, size))]


def _scope(tokens: Sequence[Token], at: int, words: Vocabulary, size: int) -> list[int]:
    """The next content tokens after `at`, at most `size`, in the same clause."""
    scope: list[int] = []
    for n in range(at + 1, len(tokens)):
        ended = tokens[n].text in {",", ";", ":"} or (tokens[n].text in words.coordinators and scope)
        if ended or len(scope) == size:
            break
        if tokens[n].content:
            scope.append(n)
    return scope
