"""Whether a text may have a fact at all: most sentences do not, and are not read further."""

from __future__ import annotations

import re

_DIGIT = re.compile(r"[0-9½¼¾⅓⅔%]")
_HINTS = (
    *("mil", "bili", "bilh", "bill", "tril", "thousand", "tausend", "percent", "per cent", "por cento", "por ciento"),
    *("pour cent", "prozent", "século", "siglo", "siècle"),
)


def may_have_facts(source: str) -> bool:
    """False where `source` has neither digits nor any word that goes with a number spelled out."""
    if _DIGIT.search(source) is not None:
        return True
    lowered = source.lower()
    return any(hint in lowered for hint in _HINTS)
