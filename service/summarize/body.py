"""Which sentences of an article are its body: captions, bylines, datelines, credits and pointers are not.

Every sentence becomes a `Piece`, narrowed to what a summary may print (a dateline or a trailing agency credit is left
out of its span), with a tier: body, weak (a heading, a list item, a fragment) or boilerplate. A heading that stands
above the body is the title when the caller gave none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

import msgspec

from service.summarize.cues import Cues
from service.summarize.document import Line, SourceSentence, count_words, ends_sentence, lines_of
from service.summarize.quotes import quoted_shares

# Longer lines and sentences are prose, and expressions stay cheap on what is shorter.
_MAX_CUE_CHARACTERS = 400
_MAX_CUE_WORDS = 60
_HEADING_WORDS = 12
_TITLE_WORDS = 30
_HEADER_LINES = 8
_HEADER_HEADINGS = 3
_SAME_TITLE = 0.7
_REPEATED_WITHIN = 3
_FRAGMENT_WORDS = 5
_LEAST_WORDS = 4
_SHORT_WORDS = 8
_BULLET = re.compile(r"\s*(?:[•▪●◦‣·∙■□➤*+-]|[–—](?=\s)|\(?\d{1,2}[.)º]|[a-zA-Z]\))\s*$")
_OWN_BULLET = re.compile(r"[•▪●◦‣·∙■□➤*]\s*|[-+]\s+")
_WORD = re.compile(r"[^\W_]+")
_CONTINUED = (":", ";", ",", "：", "；")
_QUESTION_MARKS = ("?", "？", "؟")

_QUESTION, _QUOTED, _PARTLY_QUOTED, _ITEM, _SHORT, _UNFINISHED = 0.5, 0.36, 0.51, 0.6, 0.8, 0.5
_LEANING = 0.6
_WHOLLY, _MOSTLY, _PARTLY = 0.9, 0.5, 0.25


class Tier(IntEnum):
    """How fit a sentence is to be printed in a summary; lower is better."""

    BODY = 0
    WEAK = 1
    BOILERPLATE = 2


class Piece(msgspec.Struct):
    """A sentence as a summary may print it: `[start, end)` of the document, its `words`, and what it costs in words.

    `finished` says whether the sentence had final punctuation. `weight` in (0, 1] scales its score; `alone` in [0, 1]
    scales it again where the sentence before is not printed: it is 1 for a sentence that can be understood without.
    `opens` says whether it is the first of its line.
    """

    start: int
    end: int
    text: str
    words: int = 0
    cost: int = 0
    finished: bool = True
    tier: Tier = Tier.BODY
    weight: float = 1.0
    alone: float = 1.0
    opens: bool = False


class Article(msgspec.Struct, frozen=True):
    """The pieces of a document, in order, and its title: as given, or the heading above the body, or empty."""

    pieces: tuple[Piece, ...]
    title: str


def read_article(text: str, sentences: Sequence[SourceSentence], cues: Cues, title: str | None) -> Article:
    """Judge every sentence of `text`; `title` is left out of the body where the text repeats it."""
    pieces = [_narrow(sentence, cues) for sentence in sentences]
    lines = lines_of(text, sentences)
    punctuated = _is_punctuated(pieces)
    for line in lines:
        _judge_line(pieces, line, cues, punctuated=punctuated)
    body_from = _end_of_header(pieces, lines, cues, punctuated=punctuated)
    heading = _judge_header(pieces[:body_from], title or "")
    _drop_repeats(pieces, title or heading)
    _strip_opening_dateline(pieces, cues)
    for piece, share in zip(pieces, quoted_shares(text, pieces), strict=True):
        _weigh(piece, share, cues)
    return Article(tuple(pieces), title or heading)


def _narrow(sentence: SourceSentence, cues: Cues) -> Piece:
    text = sentence.text.strip()
    start = sentence.start + len(sentence.text) - len(sentence.text.lstrip())
    piece = Piece(start, start + len(text), text, finished=ends_sentence(text))
    if bullet := _OWN_BULLET.match(piece.text):
        _trim(piece, bullet.end(), len(piece.text))
        piece.weight = _ITEM
    _strip_dateline(piece, cues.placed)
    offset = max(0, len(piece.text) - _MAX_CUE_CHARACTERS)
    if trailing := cues.trailing.search(piece.text, offset):
        _trim(piece, 0, trailing.start("credit") if trailing["credit"] else trailing.start("pointer"))
        piece.weight *= _UNFINISHED if trailing["pointer"] else 1.0
    piece.words = count_words(piece.text)
    piece.cost = piece.words if sentence.words is None else sentence.words
    return piece


def _trim(piece: Piece, start: int, end: int) -> None:
    """Narrow to `[start, end)` of the piece's own text, unless that leaves no words."""
    kept = piece.text[start:end].strip()
    if not _WORD.search(kept):
        return
    start = piece.text.index(kept, start)
    piece.end = piece.start + start + len(kept)
    piece.start += start
    piece.text = kept


def _is_punctuated(pieces: Sequence[Piece]) -> bool:
    """Whether the document ends its sentences with punctuation, so that a line without any is no sentence."""
    long = [piece for piece in pieces if piece.words >= _SHORT_WORDS]
    return 2 * sum(piece.finished for piece in long) >= len(long)


def _judge_line(pieces: list[Piece], line: Line, cues: Cues, *, punctuated: bool) -> None:
    members = pieces[line.first : line.last + 1]
    members[0].opens = True
    tier = Tier.BODY
    if len(members) > 1 or line.marker:
        # A credit may be split at its abbreviations; the line as a whole still shows what it is. So does its end: what
        # stands before the credit of a picture is the picture's caption.
        whole = f"{line.marker} {line.text}".strip()
        short = len(whole) <= _MAX_CUE_CHARACTERS and count_words(whole) <= _MAX_CUE_WORDS
        if short and (cues.kind_of(whole) or cues.kind_of(members[-1].text) == "caption"):
            tier = Tier.BOILERPLATE
    item = bool(line.marker) and _BULLET.match(line.marker) is not None
    for piece in members:
        piece.tier = max(tier, _tier_of(piece, cues, alone=len(members) == 1, item=item, punctuated=punctuated))
        if item:
            piece.weight = min(piece.weight, _ITEM)


def _tier_of(piece: Piece, cues: Cues, *, alone: bool, item: bool, punctuated: bool) -> Tier:
    if _is_boilerplate(piece.text, cues):
        return Tier.BOILERPLATE
    shortest = _SHORT_WORDS if item or piece.weight < 1 else _FRAGMENT_WORDS
    if piece.finished and not (alone or item):
        # Few words are a sentence all the same where they stand among others and end like one.
        shortest = _LEAST_WORDS
    if piece.words < shortest or piece.text.endswith(_CONTINUED):
        return Tier.WEAK
    finished = piece.finished or not punctuated
    if not finished:
        piece.weight = min(piece.weight, _UNFINISHED)
    heading = piece.words <= _HEADING_WORDS and (not finished or piece.text.endswith(_QUESTION_MARKS))
    return Tier.WEAK if (alone and heading) or (item and not finished) else Tier.BODY


def _is_boilerplate(text: str, cues: Cues) -> bool:
    if not _WORD.search(text):
        return True
    return len(text) <= _MAX_CUE_CHARACTERS and (cues.kind_of(text) is not None or _is_dateline(text, cues))


def _is_dateline(text: str, cues: Cues) -> bool:
    match = cues.placed.match(text + " ")
    return match is not None and not _WORD.search(text, match.end())


def _end_of_header(pieces: Sequence[Piece], lines: Sequence[Line], cues: Cues, *, punctuated: bool) -> int:
    """The index of the first piece below the header: titles, subtitle, byline and time above the body.

    Long lines without final punctuation belong to it. So do up to three lines above a byline or a time, if the first
    one has no final punctuation either: else it may be the lead that stands above them.
    """
    end = headings = 0
    for line in lines[:_HEADER_LINES]:
        members = pieces[line.first : line.last + 1]
        lead = headings == 0 and any(piece.tier is Tier.BODY and piece.finished for piece in members)
        if lead or len(line.text) > _MAX_CUE_CHARACTERS or headings > _HEADER_HEADINGS:
            break
        if cues.kind_of(line.text.strip()) in {"byline", "timestamp"}:
            end = line.last + 1
        headings += members[0].tier is not Tier.BOILERPLATE
    for line in lines[:_HEADER_LINES]:
        members = pieces[line.first : line.last + 1]
        unfinished = punctuated and not members[0].finished and members[0].words <= _TITLE_WORDS
        body = any(piece.tier is Tier.BODY for piece in members) and not (unfinished and len(members) == 1)
        if body and line.first >= end:
            break
        end = max(end, line.last + 1)
    return end if any(piece.tier is Tier.BODY for piece in pieces[end:]) else 0


def _judge_header(header: Sequence[Piece], title: str) -> str:
    """Demote what stands above the body, and find the heading to use as the title where none is given."""
    headings = [piece for piece in header if piece.tier is not Tier.BOILERPLATE]
    for piece in headings:
        piece.tier = Tier.WEAK
    return title or " ".join(piece.text for piece in headings)


def _drop_repeats(pieces: Sequence[Piece], title: str) -> None:
    """The title said again is not the lead, and no sentence is printed twice."""
    said = _words(title)
    seen = {said} if said else set()
    body = 0
    for piece in pieces:
        if piece.tier is not Tier.BODY:
            continue
        body += 1
        words = _words(piece.text)
        if words in seen or (body <= _REPEATED_WITHIN and _overlap(set(words), set(said)) >= _SAME_TITLE):
            piece.tier = Tier.WEAK
        seen.add(words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _strip_opening_dateline(pieces: Sequence[Piece], cues: Cues) -> None:
    lead = next((piece for piece in pieces if piece.tier is Tier.BODY), None)
    if lead is not None:
        _strip_dateline(lead, cues.opening)


def _strip_dateline(piece: Piece, pattern: re.Pattern[str]) -> None:
    match = pattern.match(piece.text[:_MAX_CUE_CHARACTERS])
    if match and count_words(piece.text[match.end() :]) >= _FRAGMENT_WORDS:
        _trim(piece, match.end(), len(piece.text))


def _weigh(piece: Piece, quoted: float, cues: Cues) -> None:
    if cues.leaning.match(piece.text[:_MAX_CUE_CHARACTERS]) or piece.text[:1].islower():
        piece.alone = _LEANING
    if quoted >= _WHOLLY:
        # Nobody is named for these words.
        piece.alone = 0.0
    if piece.text.endswith(_QUESTION_MARKS):
        piece.weight *= _QUESTION
    if quoted >= _MOSTLY:
        piece.weight *= _QUOTED
    elif quoted >= _PARTLY:
        piece.weight *= _PARTLY_QUOTED
    if piece.words < _SHORT_WORDS:
        piece.weight *= _SHORT
