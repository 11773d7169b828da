"""Links, e-mail addresses, code, placeholders, handles and emoji in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from service.markup.hint import PICTURE, STAND_IN
from service.types import Span

_LINK_END = r"[^\s<>\"“”«»`]"
# Variation selectors, skin tones, tags of regional flags, the key of a keycap.
_MODIFIERS = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u20e3]{0,16}"
# Unicode Technical Standard 51, section 1.4.9, without telling which sequences exist.
_EMOJI = rf"(?:(?:{PICTURE}|[0-9#*](?=\ufe0f?\u20e3)|[©®™‼⁉ℹ](?=\ufe0f)){_MODIFIERS}\u200d?){{1,64}}"
# Case matters only in a bare domain: `disse.Eu` lacks a space, it is no address. Repetitions are bounded, so that a
# long run without the character that ends a match costs linear time.
_LITERAL = re.compile(
    r"(?P<code>``[^\n]{1,500}?``|`[^`\n]{1,500}`)"
    rf"|(?P<link>(?:https?|ftp)://{_LINK_END}{{1,4000}}|\bwww\.{_LINK_END}{{1,4000}}"
    r"|(?<![\w@.])(?:(?-i:[A-Za-z0-9-]{1,63}\.){1,4}(?-i:com|org|net|gov|edu|info|io|app|dev|eu|br|pt|uk|es|fr|de))\b"
    rf"(?:/{_LINK_END}{{0,4000}})?(?!@))"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
    r"|(?P<placeholder>\{\{[^{}\n]{1,64}\}\}|\$?\{[^{}\s]{0,64}\}"
    r"|</?[a-z][\w:.-]{0,63}(?:\s+[\w:-]{1,32}=\"[^\"<>\n]{0,200}\"){0,8}\s?/?>"
    r"|%(?:\([\w.]{1,64}\))?[-+0]{0,2}(?:[0-9]{1,3})?(?:\.[0-9]{1,2})?[sdifux](?![\w%])|%[0-9]{1,2}\$[sd@])"
    r"|(?P<handle>(?<![\w@.])@\w{1,64}(?:\.\w{1,64}){0,4}(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})?"
    r"|(?<![\w&#])\#[^\W\d]\w{0,63})",
    re.IGNORECASE,
)
_PICTURES = re.compile(_EMOJI)
_CLOSING = ".,;:!?)]}'’*…"


class ProtectedSpan(msgspec.Struct, frozen=True):
    """A range of a text that has to be in the translation as it is; `kind` is `link`, `email`, `code`, `placeholder`,
    `handle`, `emoji`, or `glossary`."""

    span: Span
    kind: str


def literals(text: str) -> list[ProtectedSpan]:
    """Everything but emoji, in order, without overlap; where two touch, they are one of the first one's kind."""
    found: list[ProtectedSpan] = []
    for start, end, kind in _literals(text):
        if found and found[-1].span.end == start:
            found[-1] = ProtectedSpan(Span(found[-1].span.start, end), found[-1].kind)
        else:
            found.append(ProtectedSpan(Span(start, end), kind))
    return found


def _literals(text: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    while (match := _LITERAL.search(text, at)) is not None:
        kind = match.lastgroup or "link"
        end = match.start() + len(_trimmed(match[0])) if kind == "link" else match.end()
        yield from _stand_ins(text, at, match.start())
        yield match.start(), end, kind
        at = end
    yield from _stand_ins(text, at, len(text))


def _stand_ins(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    at = text.find(STAND_IN, start, end)
    while at >= 0:
        yield at, at + 1, "emoji"
        at = text.find(STAND_IN, at + 1, end)


def emoji(text: str) -> list[ProtectedSpan]:
    """Runs of emoji, arrows and other pictures, in order."""
    return [ProtectedSpan(Span(*match.span()), "emoji") for match in _PICTURES.finditer(text)]


def _trimmed(link: str) -> str:
    """The link without the punctuation of the sentence around it; a bracket that it opens itself stays closed."""
    while link and link[-1] in _CLOSING:
        if link[-1] == ")" and link.count("(") >= link.count(")"):
            break
        link = link[:-1]
    return link
