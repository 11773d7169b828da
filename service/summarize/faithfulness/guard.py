"""The faithfulness guard: a sentence passes when sentences of the article say the same, and it knows which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from service.summarize.document import SourceSentence
from service.summarize.faithfulness.judge import Context, Judgement, Sentence, judge, sentence
from service.summarize.faithfulness.tokens import Token, capitalised_words, read
from service.summarize.faithfulness.vocabulary import load_vocabulary
from service.types import Span

_CANDIDATES = 6
_PARTS = 3
_LEAST_PART = 3
# What is written comes from anywhere, and so may the text: neither may cost more than a moment.
_MOST_CHARACTERS = 3_000
_MOST_TOKENS, _MOST_SOURCE_TOKENS, _MOST_JOINTS = 120, 300, 6
_BRACKETS = (("(", ")"), ("[", "]"), ("“", "”"))
_JOINTS = frozenset(
    {",", ";", "and", "but", "while", "e", "mas", "enquanto", "y", "pero", "et", "mais", "und", "aber", "with", "com"}
)


class Verdict(msgspec.Struct, frozen=True):
    """`problem` is None for a sentence that the article supports, in the sentences `sources`; else what is wrong:

    `number`, `name`, `day`, `negation`, `attribution`, `doubt`, `order`, `malformed` or `unsupported`.
    """

    problem: str | None
    sources: tuple[Span, ...] = ()


class Guard:
    """Judges sentences by one article in the same language.

    Compared are words, numbers, names and their order, by lists for pt, en, es, fr and de. It refuses what it cannot
    follow: a true sentence in quite other words is refused too.
    """

    def __init__(self, sentences: Sequence[SourceSentence], language: str) -> None:
        self._language = language.partition("-")[0].casefold()
        self._words = load_vocabulary(self._language)
        self._names = capitalised_words(one.text for one in sentences)
        read = [(one, self._read(one.text)) for one in sentences if len(one.text) < _MOST_CHARACTERS]
        read = [(one, tokens) for one, tokens in read if len(tokens.tokens) <= _MOST_SOURCE_TOKENS]
        self._spans = [Span(one.start, one.end) for one, _ in read]
        self._source = [tokens for _, tokens in read]
        self._own = [{token.stem for token in one.tokens} for one in self._source]
        self._stems = frozenset(token.stem for one in self._source for token in one.tokens if token.content)

    def check(self, text: str) -> Verdict:
        """Judge one sentence."""
        if len(text) >= _MOST_CHARACTERS:
            return Verdict("unsupported")
        said = self._read(text)
        if len(said.tokens) > _MOST_TOKENS or not any(token.content for token in said.tokens):
            return Verdict("unsupported")
        if any(text.count(opening) != text.count(closing) for opening, closing in _BRACKETS):
            return Verdict("malformed")
        found, problem = self._single(said)
        if found is not None:
            return Verdict(None, (self._spans[found],))
        for parts in _divisions(said.tokens, self._words.reporting):
            places = [self._single(sentence(part, self._words))[0] for part in parts]
            if all(place is not None for place in places):
                chosen = sorted({place for place in places if place is not None})
                return Verdict(None, tuple(self._spans[place] for place in chosen))
        return Verdict(problem)

    def _read(self, text: str) -> Sentence:
        return sentence(read(text, self._language, self._names), self._words)

    def _single(self, said: Sentence) -> tuple[int | None, str]:
        """The sentence that supports all of it, or what is wrong beside the one that comes closest."""
        wanted = {token.stem for token in said.tokens if token.content}
        likeness = [len(wanted & stems) for stems in self._own]
        order = sorted(range(len(self._source)), key=lambda n: (-likeness[n], n))[:_CANDIDATES]
        closest = Judgement("unsupported", -1.0)
        for place in order:
            before = [self._source[n] for n in range(place - 1, max(-1, place - 3), -1)]
            judgement = judge(said, self._source[place], Context(before, self._words, self._stems))
            if judgement.problem is None:
                return place, ""
            if judgement.covered > closest.covered:
                closest = judgement
        return None, closest.problem or "unsupported"


def _divisions(tokens: Sequence[Token], verbs: frozenset[str]) -> Iterator[list[list[Token]]]:
    """The sentence cut at one joint, then at two, into parts that can stand for themselves; none opens with "said"."""
    joints = [n for n, token in enumerate(tokens[:-1]) if token.text in _JOINTS and tokens[n + 1].text not in verbs]
    joints = joints[:_MOST_JOINTS]
    cuts = [(one,) for one in joints] + [(one, other) for one in joints for other in joints if one < other]
    for cut in cuts:
        edges = [0, *cut, len(tokens)]
        parts = [list(tokens[start:end]) for start, end in pairwise(edges)]
        if len(parts) <= _PARTS and all(sum(token.content for token in part) >= _LEAST_PART for part in parts):
            yield parts
