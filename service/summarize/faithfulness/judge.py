"""Whether one sentence of a source supports a sentence, or a clause of one, and if not, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from service.summarize.faithfulness.alignment import align, equal
from service.summarize.faithfulness.polarity import comparison_problem, doubt_dropped, negation_changed
from service.summarize.faithfulness.speech import DENIAL, NEWS, Speech, speeches
from service.summarize.faithfulness.tokens import DAY, NAME, NUMBER, WORD, Token
from service.summarize.faithfulness.vocabulary import Vocabulary

# One word of so many may be the writer's own.
_WORDS_PER_NOVEL = 9
_CONTRASTED = frozenset({"before", "after", "against", "for", "contra", "para", "gegen", "für", "contre", "pour"})
_PLACES = frozenset({"in", "at", "on", "from", "em", "no", "na", "nos", "nas", "en", "à", "dans", "aus", "im"})
# "to buy the theater" has an article that ends the phrase, "to buy Theater" in a headline has not.
_OBJECTS = frozenset({"", "to", "para", "a", "zu", "à", "pour"})
# "after Ana was sent off": they open a clause too, and then belong to its verb.
_CLAUSES = frozenset({"", "before", "after"})
_AND = frozenset(
    {"and", "while", "but", "whereas", "e", "enquanto", "mas", "y", "mientras", "et", "und", "that", "que"}
)


class Sentence(msgspec.Struct):
    """A sentence read once: its tokens and who says what in it."""

    tokens: list[Token]
    speeches: list[Speech]


class Judgement(msgspec.Struct, frozen=True):
    """`problem` is None where the source supports what is said; `covered` is the share of its words found there."""

    problem: str | None
    covered: float


class Context(msgspec.Struct, frozen=True):
    """What a source sentence stands in: `before` are the sentences before it, nearest first, that its pronouns may
    point into, `article` the stems of the whole article: a word that it has elsewhere is no paraphrase.
    """

    before: Sequence[Sentence]
    words: Vocabulary
    article: frozenset[str]


class _Pairing(msgspec.Struct):
    """What is said beside its source: content tokens of both, and which stand for which."""

    said: list[int]
    source: list[int]
    pairs: Mapping[int, int]
    moved: set[int]


def sentence(tokens: list[Token], words: Vocabulary) -> Sentence:
    """Read who says what."""
    return Sentence(tokens, speeches(tokens, words))


def judge(said: Sentence, source: Sentence, context: Context) -> Judgement:
    """Compare what is said with one sentence of the source."""
    said_by, own_by = _speech_tokens(said), _speech_tokens(source)
    said_index = [n for n, one in enumerate(said.tokens) if one.content and n not in said_by]
    hidden = own_by if said_by else _verbs(source)
    source_index = [n for n, one in enumerate(source.tokens) if one.content and n not in hidden]
    if said_by:
        source_index = sorted({*source_index, *(n for n in own_by if _plain(source.tokens[n]))} - _verbs(source))
    mine, theirs = [said.tokens[n] for n in said_index], [source.tokens[n] for n in source_index]
    found, moved = align(mine, theirs, context.words)
    pairs = {said_index[a]: source_index[b] for a, b in found.items()}
    pairing = _Pairing(said_index, source_index, pairs, {said_index[a] for a in moved})
    lacking = [n for n in said_index if n not in pairs]
    covered = 1 - len(lacking) / max(1, len(said_index))
    lacking = _without_references(said, source, lacking, context)
    return Judgement(next(_problems(said, source, pairing, lacking, context), None), covered)


def _problems(
    said: Sentence, source: Sentence, pairing: _Pairing, lacking: list[int], context: Context
) -> Iterator[str]:
    words = context.words
    kinds = {said.tokens[n].kind for n in lacking}
    yield from (kind for kind in (NUMBER, DAY, NAME) if kind in kinds)
    if _too_novel(said, source, pairing, lacking, context):
        yield "unsupported"
    if negation_changed(said.tokens, source.tokens, pairing.pairs, words):
        yield "negation"
    if _attribution_changed(said, source, pairing, context):
        yield "attribution"
    if doubt_dropped(said.tokens, source.tokens, pairing.pairs, words):
        yield "doubt"
    if comparison_problem(said.tokens, source.tokens, pairing.pairs, words):
        yield NUMBER
    if _displaced(said.tokens, source.tokens, pairing) or _other_subject(said, source, pairing):
        yield "order"


def _speech_tokens(one: Sentence) -> set[int]:
    return set().union(*(speech.speaker | speech.verb for speech in one.speeches))


def _verbs(one: Sentence) -> set[int]:
    return set().union(*(speech.verb for speech in one.speeches if speech.kind != DENIAL))


def _plain(token: Token) -> bool:
    return not token.strict or token.preposition == "of"


def _without_references(said: Sentence, source: Sentence, lacking: list[int], context: Context) -> list[int]:
    """Leave out who a pronoun of the source, or "the company", stands for: a name of the sentences before."""
    opening = source.tokens[:4]
    pointing = any(one.kind != NAME and one.text in context.words.pronouns | context.words.generic for one in opening)
    if not pointing or not context.before:
        return lacking
    nearby = [token for one in context.before[:2] for token in one.tokens if token.kind == NAME]
    return [
        n
        for n in lacking
        if not (said.tokens[n].kind == NAME and any(equal(said.tokens[n], one, context.words) for one in nearby))
    ]


def _too_novel(said: Sentence, source: Sentence, pairing: _Pairing, lacking: Sequence[int], context: Context) -> bool:
    novel = [n for n in lacking if said.tokens[n].kind not in (NUMBER, DAY, NAME)]
    if not novel:
        return not pairing.pairs and not said.speeches
    used = set(pairing.pairs.values())
    unused = {source.tokens[n].stem for n in pairing.source if n not in used}
    opposite = any(frozenset({said.tokens[n].stem, stem}) in context.words.opposite for n in novel for stem in unused)
    elsewhere = any(said.tokens[n].stem in context.article for n in novel)
    return opposite or elsewhere or novel[0] == pairing.said[0] or len(novel) > len(pairing.said) // _WORDS_PER_NOVEL


def _attribution_changed(said: Sentence, source: Sentence, pairing: _Pairing, context: Context) -> bool:
    if not said.speeches:
        used = set(pairing.pairs.values())
        for speech in source.speeches:
            inside = len(used & speech.scope)
            named = 2 * len(used & speech.speaker) > len(speech.speaker)
            if speech.kind != NEWS and 2 * inside > len(used) and not named:
                return True
        return False
    for speech in said.speeches:
        candidates = [one for one in source.speeches if (one.kind == DENIAL) == (speech.kind == DENIAL)]
        if not any(_same_speaker(said, speech, source, one, context) for one in candidates):
            return True
    return False


def _same_speaker(said: Sentence, mine: Speech, source: Sentence, theirs: Speech, context: Context) -> bool:
    """Whether all that names the speaker names the source's; a pronoun there stands for a name of what comes before."""
    wanted = [said.tokens[n] for n in sorted(mine.speaker)]
    known = [source.tokens[n] for n in theirs.speaker]
    owned = {one.text for one in known if one.preposition == "of"}
    if any(one.kind == NAME and not one.preposition and one.text in owned for one in wanted):
        return False
    if not any(one.kind == NAME for one in known):
        known += [
            token for one in context.before[:2] for token in one.tokens if token.content and token.mention is None
        ]
    return all(any(equal(one, other, context.words) for other in known) for one in wanted)


def _displaced(said: Sequence[Token], source: Sequence[Token], pairing: _Pairing) -> bool:
    """Whether something out of order is more than a phrase in another place, or a name hangs on another word."""
    passive = _agents(said) != _agents(source)
    counted = sum(said[mine].kind == NUMBER for mine in pairing.pairs)
    for mine, theirs in pairing.pairs.items():
        here, there = said[mine], source[theirs]
        if (
            here.strict
            and {here.preposition, there.preposition} <= _CONTRASTED
            and here.preposition != there.preposition
        ):
            return True
        if here.kind == NAME and not passive and not _same_place(said, source, pairing, mine, theirs):
            return True
        if mine in pairing.moved and not passive and not _may_move(here, there, counted):
            return True
    return not passive and _swapped(said, source, pairing)


def _swapped(said: Sequence[Token], source: Sequence[Token], pairing: _Pairing) -> bool:
    """Whether two plain words without a preposition have left their places: whoever did it and to whom it was done.

    One alone is a verb before its subject, or an amount before its noun; what was put in front ends at a comma.
    """
    comma = next((n for n, one in enumerate(said) if one.text == ","), -1)
    bare = [n for n in pairing.moved if said[n].kind == WORD and not said[n].preposition and n > comma]
    return sum(not source[pairing.pairs[n]].preposition for n in bare) > 1


def _same_place(said: Sequence[Token], source: Sequence[Token], pairing: _Pairing, mine: int, theirs: int) -> bool:
    """Whether a name hangs on the same kind of word: "shares of Delmar Bank" are not Delmar Bank."""
    here, there = said[mine].preposition, source[theirs].preposition
    if here == there:
        return here != "of" or _same_head(said, source, pairing, mine, theirs)
    if "of" not in (here, there):
        return any({here, there} <= alike for alike in (_PLACES, _OBJECTS, _CLAUSES))
    if here and there:
        return False
    head = _head(source, theirs) if there else _head(said, mine)
    if head is None:
        return True
    where = {place: n for n, place in pairing.pairs.items()} if there else dict(pairing.pairs)
    beside, tokens, at = where.get(head), (said if there else source), (mine if there else theirs)
    return beside is not None and all(one.kind == NAME for one in tokens[min(at, beside) + 1 : max(at, beside)])


def _same_head(said: Sequence[Token], source: Sequence[Token], pairing: _Pairing, mine: int, theirs: int) -> bool:
    """Whether what a phrase with "of" belongs to is the same in both, where both have it."""
    head, other = _head(said, mine), _head(source, theirs)
    return head is None or other is None or head not in pairing.pairs or pairing.pairs[head] == other


def _head(tokens: Sequence[Token], at: int) -> int | None:
    """What the phrase with "of" around `at` belongs to: the content word before it."""
    for n in range(at - 1, -1, -1):
        if tokens[n].content and tokens[n].preposition != "of":
            return n
    return None


def _may_move(here: Token, there: Token, counted: int) -> bool:
    if here.kind == NUMBER:
        # "a 17-day strike" and "a strike of 17 days"; of several numbers, each has its own place.
        return counted < 2
    if here.preposition and there.preposition:
        return here.preposition == there.preposition or here.kind == DAY
    if NAME in (here.kind, there.kind):
        return "of" in (here.preposition, there.preposition)
    return True


def _agents(tokens: Sequence[Token]) -> bool:
    return any(token.preposition == "by" and token.kind not in (NUMBER, DAY) for token in tokens)


def _other_subject(said: Sentence, source: Sentence, pairing: _Pairing) -> bool:
    """Whether between two neighbours of what is said the source has a clause with a subject of its own."""
    last = -1
    for mine in pairing.said:
        place = pairing.pairs.get(mine, -1)
        if mine in pairing.moved or place < 0:
            continue
        if last >= 0 and _clause_opens(source.tokens, last + 1, place, set(pairing.pairs.values())):
            joined = any(token.text in _AND or token.mark for token in said.tokens[max(0, mine - 4) : mine])
            if not joined:
                return True
        last = place
    return False


def _clause_opens(tokens: Sequence[Token], start: int, end: int, used: set[int]) -> bool:
    joins = [n for n in range(start, end) if tokens[n].text in _AND]
    if not joins:
        return False
    between = [n for n in range(joins[-1] + 1, end) if tokens[n].content or tokens[n].mark]
    names = [n for n in between if tokens[n].kind == NAME and not tokens[n].preposition and n not in used]
    return bool(names) and not any(tokens[n].text == "," for n in between) and names[0] == between[0]
