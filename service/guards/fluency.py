"""Faults that need no understanding: loops, wrong length, untranslated copies, foreign scripts, capitals."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice
from operator import eq

from service import languages
from service.guards.finding import Finding
from service.guards.literals import without_literals
from service.guards.reading import Reading
from service.patterns import lazy
from service.types import Span

_LONGEST_GRAM = 8
# A word that follows itself more often is in a loop, a run of words when it does so often; so is a run of more letters
# than this that follows itself once: "day by day by" is none.
_FEW = 3
_LONG_RUN = 8
_STOPS = ".,;:!?…"
# These follow themselves in good prose: "had had", "bye bye", "die, die die".
_DOUBLED = frozenset(
    (
        *("that", "had", "has", "her", "you", "who", "blah", "bye", "very", "more", "tut", "die", "der", "das", "den"),
        *("dem", "sie", "nous", "vous", "que", "muito", "mais", "muy"),
    )
)
_LONG_WORD = 16
_CHARACTER_LOOP = lazy(r"([^\W\d_]{1,8}?)\1{5,}")
_WORD = lazy(r"[^\W\d_]+")
# Shortest and longest translation of a sentence, in characters of the source; short ones vary more.
_LEAST, _MOST, _SLACK = 0.4, 2.2, 12
_COPIED = 0.8
_COPIED_WORDS = 4
_CAPITAL_WORDS, _CAPITAL_LETTERS, _CAPITAL_SHARE = 4, 16, 0.9
_FOREIGN_LETTERS = 2
_FOREIGN_SHARE = 0.5
# What it is not: the class of what it is takes Python ten times as long to compile.
_BEYOND_LATIN = re.compile(r"[^\0-\u036f\u1e00-\u2bff]")
# Unicode's names of the scripts of ISO 15924; a language without one here is in no danger of being mistaken.
_LETTERS_OF = {
    "Latn": {"LATIN"},
    "Cyrl": {"CYRILLIC"},
    "Arab": {"ARABIC"},
    "Grek": {"GREEK"},
    "Hebr": {"HEBREW"},
    "Deva": {"DEVANAGARI"},
    "Hans": {"CJK"},
    "Hant": {"CJK"},
    "Jpan": {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    "Kore": {"HANGUL", "CJK"},
}
_SCRIPTS = {name for names in _LETTERS_OF.values() for name in names} | {"THAI", "GEORGIAN", "ARMENIAN", "BENGALI"}
_SCRIPTS -= {"LATIN"}
_ALPHABETS = {"LATIN", "CYRILLIC", "GREEK"}


def loop(source: Reading, hypothesis: Reading) -> list[Finding]:
    """Words or syllables that follow themselves more often than in the source: `News News`, `the end the end`."""
    found = _longest_loop(hypothesis)
    if found and _longest_loop(source) < found:
        return [_whole("repetition", f"the translation says the same thing {found} times in a row", source.text)]
    if max(map(len, hypothesis.words), default=0) < _LONG_WORD:
        return []
    long = " ".join(word for word in hypothesis.words if len(word) >= _LONG_WORD)
    if _CHARACTER_LOOP.search(long) is not None and _CHARACTER_LOOP.search(source.lowered) is None:
        return [_whole("repetition", "the translation repeats a syllable over and over", source.text)]
    return []


def _longest_loop(reading: Reading) -> int:
    """How often some run of up to 8 words follows itself, 0 where it does not."""
    if not reading.words:
        return 0
    # The last word of a loop has the stop of the sentence.
    *first, last = reading.words
    last = last.rstrip(_STOPS)
    if len(reading.distinct) == len(reading.words) and last not in first:
        return 0
    words = [*first, last]
    most = 0
    for size in range(1, min(_LONGEST_GRAM, len(words) - len(set(words))) + 1):
        same = bytes(map(eq, words, islice(words, size, None)))
        repeats = 1
        while b"\x01" * (size * repeats) in same:
            repeats += 1
        if repeats > max(most, 1):
            start = same.index(b"\x01" * (size * (repeats - 1)))
            if repeats > (_FEW if size == 1 else _FEW - 1) or _odd(words[start : start + size]):
                most = repeats
    return most


def _odd(run: list[str]) -> bool:
    """Whether a run of words should not follow itself even once or twice."""
    if len(run) == 1:
        return run[0].isalpha() and len(run[0]) > 2 and run[0] not in _DOUBLED
    return sum(map(len, run)) >= _LONG_RUN and any(word.isalpha() for word in run)


def length(source: str, hypothesis: str, source_language: str, target_language: str) -> list[Finding]:
    """A translation far shorter or longer than its source; scripts of unlike width are not compared."""
    if not (_scripts(source_language) <= _ALPHABETS and _scripts(target_language) <= _ALPHABETS):
        return []
    before, after = len(source), len(hypothesis)
    if after < _LEAST * before - _SLACK or (before and not hypothesis.strip()):
        return [_whole("too-short", f"{before} characters became {after}", source)]
    if after > _MOST * before + _SLACK:
        return [_whole("too-long", f"{before} characters became {after}", source)]
    return []


def copied(source: Reading, hypothesis: Reading) -> list[Finding]:
    """A sentence that was left as it is. Names, titles and codes may be: only words in lower case tell."""
    if len(source.distinct & hypothesis.distinct) < _COPIED * _COPIED_WORDS:
        return []
    kept = set(hypothesis.text.split())
    words = {word for word in source.text.split() if word.islower() and len(word) > 1}
    if len(words) < _COPIED_WORDS:
        return []
    share = sum(word in kept for word in words) / len(words)
    if share < _COPIED:
        return []
    return [_whole("source-copied", f"{share:.0%} of the words were not translated", source.text)]


def script(source: str, hypothesis: str, target_language: str) -> list[Finding]:
    """Letters that the target language is not written with and the source does not hold."""
    expected = _scripts(target_language)
    if not expected or ("LATIN" in expected and _BEYOND_LATIN.search(hypothesis) is None):
        return []
    known = set(_WORD.findall(source))
    letters = [letter for word in _WORD.findall(hypothesis) if word not in known for letter in word]
    foreign = [letter for letter in letters if _script(letter) not in expected and letter not in "ªº"]
    strange = [letter for letter in foreign if _script(letter) in _SCRIPTS and letter not in source]
    # One Greek letter is a symbol; names stay as they are everywhere.
    if len(strange) < _FOREIGN_LETTERS and len(foreign) <= _FOREIGN_SHARE * len(letters):
        return []
    counted = strange if len(strange) >= _FOREIGN_LETTERS else foreign
    kind = _script(counted[0]).capitalize()
    return [_whole("wrong-script", f"{len(counted)} letters of the translation are {kind}", source)]


def capitals(source: str) -> list[Finding]:
    """A sentence in capitals, which models have hardly seen. No other hypothesis mends that."""
    # Nearly every sentence begins and ends with small letters; one in capitals may begin or end with a link.
    if len(source) < _CAPITAL_LETTERS or (source[1:4].islower() and source[-3:].islower()):
        return []
    words = _WORD.findall(without_literals(source))
    if 2 * sum(map(str.isupper, words)) < len(words):
        return []
    letters = "".join(words)
    upper = sum(map(str.isupper, letters))
    if len(words) < _CAPITAL_WORDS or len(letters) < _CAPITAL_LETTERS or upper < _CAPITAL_SHARE * len(letters):
        return []
    message = "this is in capitals, which models translate badly; send it in ordinary letters"
    return [Finding("all-capitals", message, Span(0, len(source)), mendable=False)]


@cache
def _scripts(language: str) -> frozenset[str]:
    return frozenset(_LETTERS_OF.get(languages.script(language), set()))


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _whole(code: str, message: str, source: str) -> Finding:
    return Finding(code, message, Span(0, len(source)))
