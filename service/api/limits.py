"""What every text that enters must satisfy, whether it comes over HTTP or from the command line."""

from __future__ import annotations

from service.errors import InvalidInput, TooLarge
from service.types import SummaryLength

MIN_SENTENCES, MAX_SENTENCES = 1, 50
MIN_WORDS, MAX_WORDS = 10, 2000
MIN_RATIO, MAX_RATIO = 0.01, 1.0
MAX_TEXTS = 50
_COUNTS = {2: "two, not both", 3: "three"}


def check_text(text: str, field: str, char_limit: int) -> str:
    """Return `text` if the pipeline can take it.

    Raises TooLarge when it has more than `char_limit` characters, InvalidInput when it holds a NUL character.
    """
    if len(text) > char_limit:
        raise TooLarge(f"{field}: {len(text)} characters are over the limit of {char_limit}", field=field)
    if "\0" in text:
        raise InvalidInput(f"{field}: must not contain NUL characters, found one at {text.index(chr(0))}", field=field)
    return text


def check_filled(text: str, field: str, char_limit: int) -> str:
    """Return `text` if the pipeline can take it and it is more than white space; raises as `check_text` does."""
    if not text or text.isspace():
        raise InvalidInput(f"{field}: must not be empty", field=field)
    return check_text(text, field, char_limit)


def summary_length(
    sentences: int | None, words: int | None, ratio: float | None = None, *, prefix: str = ""
) -> SummaryLength:
    """Turn the three ways of asking for a length into one.

    Raises InvalidInput when several are given; `prefix` stands before the names in its message (`--` for options).
    """
    asked = {"sentences": sentences, "words": words, "ratio": ratio}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        listed = " and ".join(f"{prefix}{name}" for name in given)
        raise InvalidInput(f"{listed}: give one of the {_COUNTS[len(given)]}", field=given[0])
    if words is not None:
        return SummaryLength(sentences=None, words=words)
    if ratio is not None:
        return SummaryLength(sentences=None, ratio=ratio)
    return SummaryLength() if sentences is None else SummaryLength(sentences=sentences)
