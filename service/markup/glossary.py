"""A user's own renderings of terms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from service.errors import InvalidInput, TooLarge
from service.types import Span

MAX_TERMS = 1000
MAX_CHARACTERS = 200
_WORD = re.compile(r"\w+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
# Scripts written without spaces: a term may stand between letters there.
_UNSPACED_FROM, _UNSPACED_TO = "\u0e00", "\uffff"

Terms = tuple[tuple[str, str], ...]


def checked(terms: Mapping[str, str], name: str = "glossary") -> Terms:
    """The entries, once they are known to be usable; raises InvalidInput or TooLarge naming the entry and the limit.

    A term and its rendering have 1 to 200 characters on one line, and there are at most 1,000 of them.
    """
    if len(terms) > MAX_TERMS:
        raise TooLarge(f"{name}: {len(terms)} terms are over the limit of {MAX_TERMS}", field=name)
    for term, rendering in terms.items():
        entry = f"{name}.{_CONTROL.sub(' ', term[:40])}"
        for what, value in (("the term", term), ("its rendering", rendering)):
            if not value.strip():
                raise InvalidInput(f"{entry}: {what} must not be empty", field=name)
            if len(value) > MAX_CHARACTERS:
                message = f"{entry}: {len(value)} characters of {what} are over the limit of {MAX_CHARACTERS}"
                raise TooLarge(message, field=name)
            if _CONTROL.search(value):
                raise InvalidInput(f"{entry}: {what} must be one line without control characters", field=name)
    return tuple((term.strip(), rendering.strip()) for term, rendering in terms.items())


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms of the source language and how they are to read in the translation.

    A term is found as a whole word: as it is written, else without regard to capitals; of terms that overlap, the
    longest. `exact` finds only what is written alike.
    """

    terms: Terms
    exact: bool = False
    _by_word: dict[str, list[str]] = field(init=False, repr=False, compare=False)
    _renderings: dict[str, str] = field(init=False, repr=False, compare=False)
    _folded: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_word: dict[str, list[str]] = {}
        for term, _ in self.terms:
            by_word.setdefault(_first_word(term), []).append(term)
        object.__setattr__(self, "_by_word", by_word)
        object.__setattr__(self, "_renderings", {" ".join(term.split()): text for term, text in reversed(self.terms)})
        folded = {" ".join(term.split()).casefold(): text for term, text in reversed(self.terms)}
        object.__setattr__(self, "_folded", folded)

    @property
    def signature(self) -> str:
        """What tells this glossary from others: the number of its terms and a digest of them."""
        # Imported here, for few requests have a glossary.
        import hashlib
        import json

        digest = hashlib.sha256(json.dumps(sorted(self.terms)).encode()).hexdigest()
        return f"{len(self.terms)} terms/{digest[:12]}"

    def renderings(self) -> Glossary:
        """The glossary that keeps this one's renderings, for a model that reads what another one wrote."""
        return Glossary(tuple(dict.fromkeys((text, text) for _, text in self.terms)), exact=True)

    def find(self, text: str, taken: bytearray) -> list[tuple[Span, str]]:
        """The terms in `text` and their renderings, in order, outside of what `taken` marks; marks what it finds."""
        # Only terms whose first word is in the text are looked for: a glossary may be large.
        candidates = list(self._by_word.get("", ()))
        for word in set(_WORD.findall(text.casefold())):
            candidates += self._by_word.get(word, ())
        found = []
        for term in sorted(candidates, key=len, reverse=True):
            for match in _pattern(term, self.exact).finditer(text):
                start, end = match.span()
                rendering = self.rendering(match[0])
                if rendering is not None and not any(taken[start:end]):
                    taken[start:end] = b"\1" * (end - start)
                    found.append((Span(start, end), rendering))
        return sorted(found, key=lambda one: one[0].start)

    def rendering(self, term: str) -> str | None:
        """How a term as it stands in a text is to read; None for what is no term."""
        words = " ".join(term.split())
        exact = self._renderings.get(words)
        return exact if exact is not None or self.exact else self._folded.get(words.casefold())


@lru_cache(maxsize=32)
def compiled(terms: Terms) -> Glossary:
    """The glossary of a request's terms; the lines and texts of one request share it."""
    return Glossary(terms)


def _first_word(term: str) -> str:
    """The first word, folded; empty for a term that need not begin where a word does."""
    words = _WORD.findall(term.casefold())
    return words[0] if words and all(map(_is_spaced, term[0] + words[0])) else ""


@lru_cache(maxsize=4096)
def _pattern(term: str, exact: bool) -> re.Pattern[str]:
    before = r"(?<!\w)" if _is_spaced(term[0]) else ""
    after = r"(?!\w)" if _is_spaced(term[-1]) else ""
    words = r"\s+".join(map(re.escape, term.split()))
    return re.compile(before + words + after, re.NOFLAG if exact else re.IGNORECASE)


def _is_spaced(character: str) -> bool:
    return character.isalnum() and not _UNSPACED_FROM <= character <= _UNSPACED_TO
