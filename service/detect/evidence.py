"""What of a text tells its language: words, sorted by script, in the spelling that langdetect's profiles count.

Addresses, handles, digits, punctuation and symbols tell nothing and are left out. The work is bounded: of a long text,
evenly spaced stretches are read, always the same ones.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from service.detect.library import spell
from service.patterns import lazy

# Repetitions are bounded, so that a long run without the character that ends a match costs linear time.
_ADDRESSES = lazy(
    r"(?:https?|ftp)://[!-~]*"
    r"|\bwww\.[!-~]+"
    r"|[!-?A-~]{1,64}@[!-~]{1,255}"
    r"|@\w{1,64}"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|gov|edu|info|io|app|dev|eu|br|pt|uk|es|fr|de|it)\b(?:/[!-~]*)?",
    re.IGNORECASE,
)
_CHARACTERS_READ = 200_000
_WORDS_KEPT = 1_000
_STRETCHES = 5
# Scripts that are written without spaces come as long words; the start of each will do.
_WORD_LENGTH = 200

_SCRIPT_NAMES = {"IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "KATAKANA"}


class _Letters(dict[int, str]):
    """A `str.translate` table that fills itself: letters as langdetect spells them, all else a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        counts = character.isalpha() or unicodedata.category(character).startswith("M")
        self[code] = spell(character) if counts else " "
        return self[code]


_LETTERS = _Letters()


def words_by_script(text: str) -> dict[str, list[str]]:
    """The distinct words of `text` by script, in order; a word of two scripts is cut where the script changes.

    A script is the first word of its letters' Unicode names (`LATIN`, `CYRILLIC`, `CJK`, ...).
    """
    text = " ".join(text[part] for part in _stretches(len(text), _CHARACTERS_READ))
    spelled = unicodedata.normalize("NFKC", _ADDRESSES.sub(" ", text).lower()).translate(_LETTERS)
    tokens = spelled.split()
    words: dict[str, dict[str, None]] = {}
    for part in _stretches(len(tokens), _WORDS_KEPT):
        for token in tokens[part]:
            for script, word in _cut_by_script(token[:_WORD_LENGTH]):
                words.setdefault(script, {})[word] = None
    return {script: list(found) for script, found in words.items()}


def _stretches(length: int, limit: int) -> list[slice]:
    """Where to read of something `length` long to read no more than `limit`: all of it, or evenly spaced parts."""
    if length <= limit:
        return [slice(0, length)]
    size = limit // _STRETCHES
    starts = (index * (length - size) // (_STRETCHES - 1) for index in range(_STRETCHES))
    return [slice(start, start + size) for start in starts]


# One article has many of the words of the last.
@lru_cache(maxsize=8_192)
def _cut_by_script(token: str) -> tuple[tuple[str, str], ...]:
    runs: list[tuple[str, str]] = []
    for letter in token:
        before = runs[-1][0] if runs else ""
        script = script_of(letter) or before
        if runs and script == before:
            runs[-1] = (script, runs[-1][1] + letter)
        elif script:
            runs.append((script, letter))
    return tuple(runs)


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """The script of a letter, empty for a combining mark, which belongs to the letter before it."""
    if not letter.isalpha():
        return ""
    first = unicodedata.name(letter, "UNKNOWN").split()[0]
    return _SCRIPT_NAMES.get(first, first)
