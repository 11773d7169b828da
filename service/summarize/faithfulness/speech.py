"""Who is said to have said what: the speakers of a sentence and the words that are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from service.summarize.faithfulness.tokens import NAME, NUMBER, Token
from service.summarize.faithfulness.vocabulary import Vocabulary

CLAIM, NEWS, DENIAL = "claim", "news", "denial"
_ENDS = {",", ";", ":", ".", "—", "–", "(", ")"}
_TRAILING = 3
# Tokens that name a speaker before an apposition, and those of an abbreviation in brackets.
_SPEAKER, _ABBREVIATION = 5, 3


class Speech(msgspec.Struct, frozen=True):
    """An attribution: its kind, and the indices of the tokens that name the speaker, are said, and are the verb."""

    kind: str
    speaker: frozenset[int]
    scope: frozenset[int]
    verb: frozenset[int]


def speeches(tokens: Sequence[Token], words: Vocabulary) -> list[Speech]:
    """The attributions of a sentence in order."""
    found = list(_sources(tokens, words))
    taken = set().union(*(one.verb | one.speaker for one in found))
    for index, token in enumerate(tokens):
        if index in taken or token.kind == NAME or hearsay(tokens, index, words):
            continue
        if token.text in words.reporting:
            speech = _by_verb(tokens, index, words)
            if speech.speaker or speech.scope:
                found.append(speech)
    return found


def _sources(tokens: Sequence[Token], words: Vocabulary) -> Iterator[Speech]:
    """`according to X`: X runs to the next mark; what it said is the rest, or the clause before."""
    for phrase in words.source:
        size = len(phrase)
        for at in range(len(tokens) - size):
            if tuple(one.text for one in tokens[at : at + size]) != phrase:
                continue
            opens = at == 0
            if phrase == ("para",) and not (opens and _end(tokens, at + size) < len(tokens) - 1):
                continue
            end = _end(tokens, at + size)
            scope = range(end, len(tokens)) if opens else range(_start(tokens, at, words), at)
            speaker = frozenset(n for n in range(at + size, end) if tokens[n].content)
            yield Speech(CLAIM, speaker, frozenset(scope), frozenset(range(at, at + size)))


def _by_verb(tokens: Sequence[Token], at: int, words: Vocabulary) -> Speech:
    verb = tokens[at].text
    kind = CLAIM if verb in words.said else NEWS if verb in words.told else DENIAL
    start, end = _start(tokens, at, words), len(tokens)
    before, after = tokens[at - 1].text if at else "", _end(tokens, at + 1)
    rest = [n for n in range(at + 1, end) if tokens[n].content]
    reported = at + 1 < end and tokens[at + 1].text in words.coordinators
    inverted = (
        before in {",", '"', "”", "»", "—"}
        and not reported
        and bool(rest)
        and rest[0] < after
        and not _subject(tokens, at, start)
    )
    if inverted:
        return _speech(kind, range(at + 1, after), range(start, at), at, tokens)
    comma = max((n for n in range(start, at) if tokens[n].text in {",", '"', "”", "»"}), default=-1)
    if (
        start < comma < at - 1
        and not reported
        and len(rest) <= _TRAILING
        and not any(tokens[n].kind == NUMBER for n in rest[1:])
    ):
        first = _apposition(tokens, start, comma, words)
        return _speech(kind, range(first + 1, at), range(start, first), at, tokens)
    return _speech(kind, range(start, at), range(at + 1, end), at, tokens)


def _speech(kind: str, speaker: range, scope: range, verb: int, tokens: Sequence[Token]) -> Speech:
    return Speech(kind, frozenset(n for n in speaker if tokens[n].content), frozenset(scope), frozenset({verb}))


def _subject(tokens: Sequence[Token], at: int, start: int) -> bool:
    """Whether a speaker already stands before the comma before the verb: "Ana, the mayor, said that"."""
    marks = [n for n in range(start, at) if tokens[n].text == ","]
    return len(marks) > 1 and marks[-1] == at - 1 and marks[-2] - start <= _SPEAKER


def _apposition(tokens: Sequence[Token], start: int, comma: int, words: Vocabulary) -> int:
    """The comma before the speaker: an earlier one where two short parts name them ("the operator, NorRail, said")."""
    if tokens[comma].text != "," or comma - start < 2:
        return comma
    earlier = max((n for n in range(start, comma) if tokens[n].text in {",", '"', "”"}), default=-1)
    between = [n for n in range(earlier + 1, comma) if tokens[n].content]
    named = bool(between) and (tokens[earlier + 1].kind == NAME or tokens[earlier + 1].text in words.determiners)
    return earlier if earlier > start and named and len(between) <= _TRAILING else comma


def hearsay(tokens: Sequence[Token], at: int, words: Vocabulary) -> bool:
    """Whether there is the verb of "thought to be stolen", "is said to have left": nobody's words, but a doubt."""
    return tokens[at].text in words.reporting and at + 1 < len(tokens) and tokens[at + 1].text == "to"


def _end(tokens: Sequence[Token], at: int) -> int:
    """Where a phrase ends: at the next mark, but for an abbreviation in brackets, "the Institute (IEG)"."""
    n = at
    while n < len(tokens):
        if tokens[n].text == "(":
            closing = next((k for k in range(n, min(len(tokens), n + _ABBREVIATION)) if tokens[k].text == ")"), None)
            if closing is None:
                return n
            n = closing
        elif tokens[n].text in _ENDS:
            return n
        n += 1
    return len(tokens)


def _start(tokens: Sequence[Token], at: int, words: Vocabulary) -> int:
    """Where the clause with the verb at `at` begins: after a semicolon, or a comma with a word that joins clauses."""
    for n in range(at - 1, 0, -1):
        if tokens[n].text in {";", ":"}:
            return n + 1
        if tokens[n].text in words.coordinators and tokens[n - 1].text == ",":
            relative = n + 1 < at and tokens[n].text in {"who", "which", "que", "quien", "qui", "whose"}
            if not relative:
                return n + 1
    return 0
