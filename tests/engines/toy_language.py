"""A made-up pair of languages that a tiny model can learn: word for word, but an adjective goes after its noun."""

from __future__ import annotations

import random
import re
from itertools import product

_NOUNS = 20
_ADJECTIVES = 15
_VERBS = 15
_SOURCE_SYLLABLES = [first + second for first, second in product("bdfgklm", "aeiou")]
_TARGET_SYLLABLES = [first + second for first, second in product("nprstvz", "aeiou")]


def _words(syllables: list[str], count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    words: set[str] = set()
    while len(words) < count:
        words.add("".join(chance.choices(syllables, k=chance.randint(2, 3))))
    shuffled = sorted(words)
    chance.shuffle(shuffled)
    return shuffled


_COUNT = _NOUNS + _ADJECTIVES + _VERBS
_SOURCE = _words(_SOURCE_SYLLABLES, _COUNT, 1)
_TARGET = _words(_TARGET_SYLLABLES, _COUNT, 2)
_NOUN_PLACES = range(_NOUNS)
_ADJECTIVE_PLACES = range(_NOUNS, _NOUNS + _ADJECTIVES)
_VERB_PLACES = range(_NOUNS + _ADJECTIVES, _COUNT)


# As many characters as there are target syllables.
_CHARACTERS = "春夏秋冬山川海河日月星云风雨雪花草木鸟鱼马牛羊门车船书画米茶金石土火水"


def in_characters(target: str) -> str:
    """A target sentence as a script without spaces writes it: a character a syllable, nothing between words."""
    return re.sub("..", lambda syllable: _CHARACTERS[_TARGET_SYLLABLES.index(syllable[0])], target.replace(" ", ""))


def held_out() -> list[tuple[str, str]]:
    """200 pairs that no model is trained on."""
    return sentence_pairs(2200)[2000:]


def sentence_pairs(count: int, seed: int = 3) -> list[tuple[str, str]]:
    """Different sentences and their only right translations: subject, verb, object, with up to one adjective a noun."""
    chance = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < count:
        source, target = [], []
        for places in (_NOUN_PLACES, _VERB_PLACES, _NOUN_PLACES):
            word = chance.choice(places)
            if places is _NOUN_PLACES and chance.random() < 0.5:
                adjective = chance.choice(_ADJECTIVE_PLACES)
                source += [_SOURCE[adjective], _SOURCE[word]]
                target += [_TARGET[word], _TARGET[adjective]]
            else:
                source.append(_SOURCE[word])
                target.append(_TARGET[word])
        pairs[" ".join(source)] = " ".join(target)
    return list(pairs.items())
