"""What is sent to an engine and what is not: the edges of a range of text, and ranges with nothing to translate."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from service.patterns import lazy

# Emoji, dingbats, icons of private use, invisible format characters; Cn are symbols newer than Python's database.
_OUTER_CATEGORIES = {"So", "Cf", "Cc", "Cs", "Co", "Cn"}
# Repetitions are bounded, so that a long run without the character that ends a match costs linear time.
_ADDRESS = lazy(r"(?:https?|ftp)://\S+|www\.\S+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|[@#]\w+", re.IGNORECASE)


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a range by the white space, emoji and invisible characters at its edges; empty where nothing is left.

    A combining mark keeps the symbol that carries it.
    """
    first = start
    while start < end and _is_outer(text[start]):
        start += 1
    if first < start < end and unicodedata.combining(text[start]) and not text[start - 1].isspace():
        start -= 1
    while end > start and _is_outer(text[end - 1]):
        end -= 1
    return start, end


def is_prose(text: str) -> bool:
    """Whether there is anything to translate: a letter that is not part of an address, a handle or a hashtag."""
    if not any(map(str.isalpha, text)):
        return False
    if "@" in text or "#" in text or "/" in text or "www." in text.lower():
        return any(map(str.isalpha, _ADDRESS.sub("", text)))
    return True


@lru_cache(maxsize=4096)
def _is_outer(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in _OUTER_CATEGORIES
        # Variation selectors and skin tones, which belong to the emoji before them.
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
