"""The same sentence in characters that models have seen more of, for a second try."""

from __future__ import annotations

import re

from service import languages
from service.guards.digits import VULGAR

# SentencePiece normalises by NFKC, which makes 293⁄4 of 29¾.
_FRACTION = re.compile(rf"(?P<whole>[0-9]*)[\u0020\u00a0]?(?P<sign>[{''.join(VULGAR)}])")
_YEN = re.compile(r"¥[\u0020\u00a0]?(?P<amount>[0-9][0-9.,]*[0-9]|[0-9])")
_YEN_NAMES = {"de": "Yen", "en": "yen", "es": "yenes", "fr": "yens", "pt": "ienes"}


def reworded(source: str, language: str) -> str:
    """`source` with fractions written as `29 3/4` and yen named behind their amount; mostly `source` itself."""
    text = _FRACTION.sub(_in_digits, source)
    name = _YEN_NAMES.get(languages.primary(language))
    return text if name is None else _YEN.sub(rf"\g<amount> {name}", text)


def _in_digits(match: re.Match[str]) -> str:
    above, below = VULGAR[match["sign"]]
    return f"{match['whole']} {above}/{below}".lstrip()
