"""The same sentence in characters that models have seen more of, for a second try."""

from __future__ import annotations

import re

from service import languages
from service.guards.digits import VULGAR

# SentencePiece normalises by NFKC, which makes 293⁄4 of 29¾.
_FRACTION = re.compile(rf"(?P<whole>[0-9]*)[\u0020\u00a0]?(?P<sign>[{''.join(VULGAR)}])")
_YEN = re.compile(r"¥[\u0020\u00a0]?(?P<amount>[0-9][0-9.,]*[0-9]|[0-9])")
_YEN_NAMES = {"de": "Yen", "en": "yen", "es": "yenes", "fr": "yens", "pt": "ienes"}
_AFTERNOON = re.compile(
    r"\b(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s?(?P<half>[ap])\.?m\b(?:\.(?!\s*$))?", re.IGNORECASE
)
_RANGE = re.compile(
    rf"\b(?P<first>[0-9]{{1,2}}:[0-9]{{2}})(?P<dash>\s?[-–]\s?)(?P<second>{_AFTERNOON.pattern[2:]})", re.IGNORECASE
)
# Letters beside a digit are a code or a licence plate: they stay as they are.
_WORD = re.compile(r"(?<![\w])[^\W\d_]+(?:['’][^\W\d_]+)?(?![\w])")
_VOWELS = frozenset("aeiouyáàâãäéèêëíìîïóòôõöúùûü")


def in_sentence_case(text: str) -> str:
    """A text in capitals as a sentence: small letters but for its first and for what can only be an abbreviation."""
    lowered = _WORD.sub(
        lambda match: match[0] if _VOWELS.isdisjoint(match[0].lower()) and len(match[0]) > 2 else match[0].lower(), text
    )
    first = next((index for index, letter in enumerate(lowered) if letter.isalpha()), 0)
    return lowered[:first] + lowered[first : first + 1].upper() + lowered[first + 1 :]


def reworded(source: str, language: str) -> str:
    """`source` with fractions written as `29 3/4`, yen named behind their amount and English times of day on 24 hours.

    Mostly `source` itself.
    """
    text = _FRACTION.sub(_in_digits, source)
    if languages.primary(language) == "en":
        text = _AFTERNOON.sub(_on_24_hours, _RANGE.sub(_both_named, text))
    name = _YEN_NAMES.get(languages.primary(language))
    return text if name is None else _YEN.sub(rf"\g<amount> {name}", text)


def _both_named(match: re.Match[str]) -> str:
    return f"{match['first']} {match['half']}m{match['dash']}{match['second']}"


def _on_24_hours(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), match["minute"]
    if not 1 <= hour <= 12 or (minute is not None and int(minute) > 59):
        return match[0]
    return f"{hour % 12 + (12 if match['half'] in 'pP' else 0)}:{minute or '00'}"


def _in_digits(match: re.Match[str]) -> str:
    above, below = VULGAR[match["sign"]]
    return f"{match['whole']} {above}/{below}".lstrip()
