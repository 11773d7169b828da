"""Sentences as tokens that can be compared: words by stem, numbers by what they may mean, names as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from service.guards.digits import Moment
from service.guards.lexicon import LANGUAGES
from service.guards.mention import Mention
from service.guards.numbers import numbers
from service.summarize.faithfulness.vocabulary import Vocabulary, load_vocabulary, stems

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,:]\d+)*|[^\w\s]")
_CLITIC = re.compile(r"(n['’]t|['’](?:s|ll|ve|re|d|m))$", re.IGNORECASE)
_ELIDED = re.compile(r"^([ldnsjmtc]|qu|jusqu)['’](?=\w)", re.IGNORECASE)
_SMALL = 1
WORD, NAME, NUMBER, DAY = "word", "name", "number", "day"


class Token(msgspec.Struct):
    """One word, number or mark of a sentence.

    `content` says whether it has to be supported; `preposition` is the class of the one before its phrase, empty where
    none is. `opens` says that it stands first after punctuation or a word that joins clauses.
    """

    text: str
    stem: str
    kind: str
    content: bool
    mention: Mention | None = None
    preposition: str = ""

    @property
    def strict(self) -> bool:
        """Whether only the very same will do: names, numbers, days."""
        return self.kind != WORD

    @property
    def mark(self) -> bool:
        """Whether it is punctuation."""
        return not self.text[0].isalnum()


def capitalised_words(texts: Iterable[str]) -> frozenset[str]:
    """Words, in lower case, that stand with a capital inside a sentence: names, by the customs of most languages."""
    found: set[str] = set()
    for text in texts:
        words = _words(text)
        found.update(
            word.casefold() for at, (_, _, word) in enumerate(words) if word[:1].isupper() and not _opens(words, at)
        )
        if len(words) > 1 and words[0][2][:1].isupper() and words[1][2][:1].isupper():
            found.add(words[0][2].casefold())
    return frozenset(found)


def read(text: str, language: str, names: frozenset[str]) -> list[Token]:
    """The tokens of a sentence; `language` is a primary subtag, `names` what to take for a name at its start too."""
    vocabulary = load_vocabulary(language)
    mentions = _mentions(text, language)
    words = _words(text)
    tokens: list[Token] = []
    taken: set[int] = set()
    folded = [word.casefold() for _, _, word in words]
    for at, ((start, end, word), lowered, stem) in enumerate(zip(words, folded, stems(folded, language), strict=True)):
        index = next((n for n, one in enumerate(mentions) if one.start < end and start < one.end), None)
        if (lowered,) in vocabulary.source and (not tokens or tokens[-1].mark):
            # "segundo" is "according to" there, and no ordinal.
            index = None
        if lowered in vocabulary.weekdays and "-" in lowered:
            # "segunda-feira" is Monday, and no ordinal either.
            index = None
        if index is not None:
            if index not in taken:
                taken.add(index)
                tokens.append(_number(text, mentions[index]))
            continue
        tokens.append(_token(word, stem, vocabulary, named=_is_name(word, at, words, names, vocabulary)))
    _govern(tokens, vocabulary)
    return tokens


def _words(text: str) -> list[tuple[int, int, str]]:
    found = []
    for match in _TOKEN.finditer(text):
        start, end, word = match.start(), match.end(), match[0]
        elided = _ELIDED.match(word)
        if elided:
            found.append((start, start + elided.end() - 1, elided[1]))
            start, word = start + elided.end(), word[elided.end() :]
        clitic = _CLITIC.search(word)
        if clitic and clitic.start():
            cut = clitic.start()
            found += [(start, start + cut, word[:cut]), (start + cut, end, word[cut:].replace("’", "'"))]
        else:
            found.append((start, end, word))
    return found


def _opens(words: Sequence[tuple[int, int, str]], at: int) -> bool:
    return at == 0 or words[at - 1][2] in {".", "!", "?", ":", '"', "“", "«", "—"}


def _is_name(
    word: str, at: int, words: Sequence[tuple[int, int, str]], names: frozenset[str], vocabulary: Vocabulary
) -> bool:
    lowered = word.casefold()
    if not word[:1].isupper() or lowered in vocabulary.weekdays:
        return False
    if not _opens(words, at):
        return lowered not in vocabulary.pronouns or len(word) > 1
    known = lowered in vocabulary.functions | vocabulary.determiners | vocabulary.pronouns
    return lowered in names and not known


def _token(word: str, stem: str, vocabulary: Vocabulary, *, named: bool) -> Token:
    lowered = word.casefold()
    if word in vocabulary.months:
        return Token(lowered, lowered, DAY, True)
    if lowered in vocabulary.weekdays:
        return Token(lowered, lowered.removesuffix("-feira"), DAY, True)
    if not word[0].isalnum():
        return Token(word, word, WORD, False)
    function = (
        lowered in vocabulary.functions
        or lowered in vocabulary.determiners
        or lowered in vocabulary.prepositions
        or lowered in vocabulary.coordinators
        or lowered in vocabulary.pronouns
        or lowered in vocabulary.negations
        or lowered in vocabulary.hedges
    )
    if named:
        return Token(lowered, lowered, NAME, not function)
    return Token(lowered, stem, WORD, not function and lowered not in vocabulary.neutral)


def _number(text: str, mention: Mention) -> Token:
    kind = NUMBER if mention.kind == "number" else DAY
    return Token(text[mention.start : mention.end].casefold(), "", kind, True, mention)


def _mentions(text: str, language: str) -> list[Mention]:
    """The numbers of the text from two on, none inside another; empty for languages whose numbers are not read."""
    if language not in LANGUAGES:
        return [Mention(match.start(), match.end(), frozenset()) for match in re.finditer(r"\d[\d.,:]*\b", text)]
    kept: list[Mention] = []
    # Months are read as words: guards tell them only beside a number.
    found = [one for one in numbers(text, language) if one.kind != "month" or text[one.start].isdigit()]
    for mention in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        small = not mention.required and all(isinstance(v, Moment) or v <= _SMALL for v in mention.values)
        if not (small and not any(one.isdigit() for one in text[mention.start : mention.end])) and all(
            one.end <= mention.start or mention.end <= one.start for one in kept
        ):
            kept.append(mention)
    return kept


def _govern(tokens: Sequence[Token], vocabulary: Vocabulary) -> None:
    """Note before each content token the preposition that its phrase opens with."""
    current, since = "", 0
    for at, token in enumerate(tokens):
        if token.text == "'s":
            _own(tokens[max(0, at - 3) : at])
            current, since = "", 0
        elif token.text in vocabulary.prepositions and token.kind == WORD:
            current, since = vocabulary.prepositions[token.text], 0
        elif token.mark and token.text not in "'’\"“”%$€£":
            current = ""
        elif token.text in vocabulary.coordinators:
            current = current if token.text in {"and", "e", "y", "et", "und"} else ""
            # "by Ana and the mayor": the determiner after it ends no phrase.
            since = 0
        elif token.text in vocabulary.determiners and since:
            current = ""
        elif token.content:
            if since and token.kind == WORD and tokens[at - 1].kind == NAME:
                # "A court in Brightwater ordered ...": a verb ends the phrase.
                current = ""
            token.preposition = current
            since += 1


def _own(owners: Sequence[Token]) -> None:
    """Whoever stands before a possessive mark owns what follows, as if "of" stood before them."""
    for owner in reversed(owners):
        if not owner.content:
            return
        owner.preposition = "of"
