"""Sentences of one paragraph: what sentencex finds, mended where it is known to err.

sentencex (Wikimedia, MIT) knows terminal punctuation, abbreviations and quotation of some 30 languages and falls back
to a related one for the rest. Measured on UD Portuguese-PUD, -Bosque and the golden rules, four things were worth
rules of our own: Portuguese abbreviations it lacks, periods inside tokens (`a.C.`, `n.º`), a dialogue tag after `?` or
`!`, and quotations so long that no engine would translate them well as one sentence. For Chinese and Japanese, where
sentences touch, three more: the decimal point of full-width digits, a quotation that ends with `？」`, and the
particle that says a quotation was said.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

import sentencex  # type: ignore[import-untyped]

from service.patterns import lazy
from service.segment.edges import trim
from service.segment.wrapping import UNSPACED

# An opening quotation mark without its closing one costs sentencex time that is quadratic in what it is given.
_WINDOW = 4_000
_LONG_QUOTATION = 200
_DOUBLE_QUOTES = re.compile('["“”„«»‟]')
_SURROGATES = re.compile("[\ud800-\udfff]")
# Within a Hebrew word the straight quotation mark is gershayim, the sign of an acronym.
_GERSHAYIM = re.compile('(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])')
_TOKEN_BEFORE_PERIOD = lazy(r"([^\s(\[«“\"]{0,30})\.$")
_DIALOGUE_TAG = lazy(r"[–—―-]+\s*[^\W\d_]")
_WIDE_POINT = lazy("[０-９]．[０-９]")
_ROMAN = lazy(r"[IVXLC]+\b|[ivxlc]+\b")
# `Pedro II. Depois`: sentencex takes every Roman numeral for the number of a list.
_ROMAN_AT_END = re.compile(r"(?<=[^\W\d_] )[IVXL]{2,}\.\s+(?=[A-ZÀ-Ý])")
_ROMAN_ENDS = ("I.", "V.", "X.", "L.")

# Portuguese abbreviations that never end a sentence: those before a name, and those before a number.
_NAME_ABBREVIATIONS = """
Alm Av Brig Cel Cia D Dep Des Dom Exma Exmas Ft Gal Gov Ilma Ilmo Min Mons Pe Pres Profa Profas Sen Sp St Sta Srta Srtas
Ten Trav Ver adv alm av brig cel dep des exma gal gov ilma ilmo min mons pres profa profas sen srta
"""
_NUMBER_ABBREVIATIONS = """
al art arts Art Arts cap Cap fig Fig fl fls fone Fone inc n nr nº nos núm p pp pág págs ref Ref séc tel Tel vol Vol
"""
_BEFORE_NAME = frozenset(_NAME_ABBREVIATIONS.split())
_BEFORE_NUMBER = frozenset(_NUMBER_ABBREVIATIONS.split())
_INITIAL = lazy(r"(?:^|[A-ZÀ-Ý][\w.-]*\s|,\s)[A-ZÀ-Ý]\.$")


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The sentences of a paragraph without line breaks, in order: ranges without the white space around them.

    `language` is a BCP-47 tag; one that sentencex does not know is treated as English.
    """
    primary = language.partition("-")[0]
    cuts = _quotation_cuts(text, _cuts(text, primary), primary)
    merged: list[tuple[int, int]] = []
    for before, cut in pairwise([0, *cuts]):
        start, end = trim(text, before, cut)
        if start == end:
            continue
        if merged and not _is_boundary(text, merged[-1][1], start, primary):
            start = merged.pop()[0]
        merged.append((start, end))
    return merged


def _cuts(text: str, primary: str) -> list[int]:
    """Where sentencex ends sentences, the end of the text included."""
    # Most texts have none of what the expressions look for, which is quicker told without them.
    if not text.isprintable():
        text = _SURROGATES.sub("\ufffd", text)
    if '"' in text:
        text = _GERSHAYIM.sub("\u05f4", text)
    cuts: list[int] = []
    start = 0
    while len(text) - start > _WINDOW:
        window = text[start : start + _WINDOW]
        ends = list(accumulate(map(len, sentencex.segment(primary, window))))[:-1]
        cuts += [start + end for end in ends]
        # What follows the last boundary may go on beyond the window.
        start += ends[-1] if ends else window.rfind(" ") + 1 or _WINDOW
    cuts += [start + end for end in accumulate(map(len, sentencex.segment(primary, text[start:])))]
    if primary == "pt" and any(end in text for end in _ROMAN_ENDS):
        cuts += [match.end() for match in _ROMAN_AT_END.finditer(text)]
    return sorted(set(cuts))


def _quotation_cuts(text: str, cuts: list[int], primary: str) -> list[int]:
    """`cuts`, and those in sentences that are long because a quotation or a stray mark of one holds them together."""
    more = []
    for start, end in pairwise([0, *cuts]):
        if end - start <= _LONG_QUOTATION:
            continue
        unquoted = _DOUBLE_QUOTES.sub(" ", text[start:end])
        if unquoted != text[start:end]:
            for cut in _cuts(unquoted, primary):
                # A closing mark stays with the sentence before it, an opening one goes with the sentence after it.
                closed = start + len(unquoted[:cut].rstrip())
                while closed < start + cut and not text[closed].isspace():
                    closed += 1
                more.append(closed)
    return sorted({*cuts, *more})


def _is_boundary(text: str, end: int, start: int, primary: str) -> bool:
    """Whether a sentence that ends at `end` and one that begins at `start` are two."""
    following = text[start]
    if following in ",;:)]}%」』）】" or _goes_on(text, end, start, primary):
        return False
    if text[end - 1] in "?!…":
        tag = _DIALOGUE_TAG.match(text, start)
        return tag is None or not text[tag.end() - 1].islower()
    token = _TOKEN_BEFORE_PERIOD.search(text, max(0, end - 40), end)
    if token is None:
        return True
    word = token[1]
    within = "." in word or len(word) == 1
    if start == end and (within or not (following.isupper() or following in "\"“«‘'([" or UNSPACED.match(following))):
        return False
    if following.islower():
        return not (within or word in _BEFORE_NAME or word in _BEFORE_NUMBER)
    return primary != "pt" or not _is_portuguese_abbreviation(text, word, end, start)


def _goes_on(text: str, end: int, start: int, primary: str) -> bool:
    """Whether a full-width decimal point, or a Japanese quotation before the particle of saying, ends at `end`."""
    if _WIDE_POINT.fullmatch(text, end - 2, start + 1):
        return True
    return primary == "ja" and text[end - 1] in "」』" and text.startswith(("と", "って"), start)


def _is_portuguese_abbreviation(text: str, word: str, end: int, start: int) -> bool:
    following = text[start]
    if word in _BEFORE_NUMBER:
        return following.isdigit() or following == "(" or _ROMAN.match(text, start) is not None
    if word in _BEFORE_NAME:
        return True
    return following.isupper() and _INITIAL.search(text[max(0, end - 40) : end]) is not None
