"""What must come through letter by letter: links, e-mail addresses, handles, placeholders."""

from __future__ import annotations

import re
from collections import Counter

from service.guards.finding import Finding
from service.patterns import lazy
from service.types import Span

# Repetitions are bounded, so that a long run without the character that ends a match costs linear time.
_LITERAL = lazy(
    r"(?P<link>(?:https?|ftp)://[^\s<>\"“”«»]{1,2000}|\bwww\.[^\s<>\"“”«»]{1,2000}"
    r"|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|gov|edu|info|io|app|dev|eu|br|pt|uk|es|fr|de)\b(?:/[^\s<>\"“”«»]{0,2000})?)"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
    r"|(?P<placeholder>\{\{[^{}\n]{1,64}\}\}|\$?\{[^{}\s]{0,64}\}|%(?:\([\w.]{1,64}\))?[sdifu](?![\w%])|%[0-9]\$[sd])"
    r"|(?P<handle>(?<![\w@.])@\w{1,64}|(?<![\w&#])\#[^\W\d]\w{0,63})",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[@{%#]|\.[a-z]|://", re.IGNORECASE)
_CODES = {"link": "link-lost", "email": "email-lost", "placeholder": "placeholder-lost", "handle": "handle-lost"}
_NAMES = {"link": "the link", "email": "the address", "placeholder": "the placeholder", "handle": "the handle"}
_CLOSING = ".,;:!?)]}'’*…"


def without_literals(text: str) -> str:
    """The text with each literal blanked out; every other character keeps its place."""
    if _SIGNS.search(text) is None:
        return text
    return _LITERAL.sub(lambda match: " " * len(match[0]), text)


def lost_literals(source: str, hypothesis: str) -> list[Finding]:
    """A finding for each literal of the source that the hypothesis has fewer times than the source."""
    if _SIGNS.search(source) is None:
        return []
    seen: Counter[str] = Counter()
    findings = []
    for match in _LITERAL.finditer(source):
        kind = match.lastgroup or "link"
        literal = match[0].rstrip(_CLOSING) if kind == "link" else match[0]
        seen[literal] += 1
        if hypothesis.count(literal) < seen[literal]:
            span = Span(match.start(), match.start() + len(literal))
            findings.append(Finding(_CODES[kind], f"{_NAMES[kind]} {literal} is not in the translation", span))
    return findings
