"""Extractive summaries: sentences of the text itself, in its order, with their offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from service.errors import InvalidInput
from service.summarize.body import Article, Piece, Tier, read_article
from service.summarize.cues import Cues, load_cues
from service.summarize.document import SourceSentence
from service.summarize.rank import lead_of, scores, statements_of
from service.summarize.selection import Option, choose
from service.summarize.terms import vectors
from service.types import Notice, Span, Summary, SummaryLength, SummarySentence

METHOD = "extractive"
_WRAP = re.compile(r"\s*[\n\r]\s*")


def summarize(
    text: str,
    sentences: Sequence[SourceSentence],
    *,
    language: str,
    length: SummaryLength,
    title: str | None = None,
) -> Summary:
    """Choose the sentences of `text` that say most of it, the lead always among them.

    `sentences` are spans of `text` in order; captions, bylines and headings may be among them. `language` is a BCP-47
    tag; one without cues of its own is served by those that hold everywhere. A sentence of the summary may be narrower
    than the one it came from: datelines and trailing agency credits are left out. The summary's text is its sentences,
    joined with a space, without line breaks. `words` of `length` wins over `ratio`, a share of the words of the body,
    and that over `sentences`.

    Warnings: `over-length` (the lead alone has more words than asked), `short-text` (there is no more body text than
    this), `only-boilerplate` (nothing looks like body text, so the best of the rest is given).

    Raises InvalidInput when `length` asks for less than one sentence or word, a share out of (0, 1], or nothing.
    """
    check_length(length)
    cues = load_cues(language)
    article = read_article(text, sentences, cues, title)
    pieces = printable(article)
    if not pieces:
        return Summary("", (), METHOD, (Notice("short-text", "there is no text to summarize"),))
    sentence_limit, word_limit = limits(pieces, length)
    options, lead = _options(pieces, article.title, language, cues)
    chosen = [pieces[index] for index in choose(options, lead, sentences=sentence_limit, words=word_limit)]
    return Summary(
        text=" ".join(set_line(piece) for piece in chosen),
        sentences=tuple(SummarySentence(piece.text, piece.start, piece.end) for piece in chosen),
        method=METHOD,
        warnings=warnings_about(pieces, chosen, replace(length, words=word_limit)),
    )


def body_sentences(
    text: str, sentences: Sequence[SourceSentence], *, language: str, title: str | None = None
) -> list[str]:
    """What a summary is chosen from: the sentences of the body in order, without datelines, captions and the like."""
    return [piece.text for piece in printable(read_article(text, sentences, load_cues(language), title))]


def check_length(length: SummaryLength) -> None:
    """Raise InvalidInput when a length asks for nothing; see `summarize`."""
    for field, value in (("words", length.words), ("sentences", length.sentences)):
        if value is not None and value < 1:
            raise InvalidInput(f"{field}: {value} is less than 1", field=field)
    if length.ratio is not None and not 0 < length.ratio <= 1:
        raise InvalidInput(f"ratio: {length.ratio} is not above 0 and at most 1", field="ratio")
    if length.words is None and length.sentences is None and length.ratio is None:
        raise InvalidInput("sentences: give a number of sentences or of words, or a ratio", field="sentences")


def limits(pieces: Sequence[Piece], length: SummaryLength) -> tuple[int | None, int | None]:
    """The limits in sentences and in words that a length means for these pieces; one of them is None."""
    if length.words is not None:
        return None, length.words
    if length.ratio is not None:
        return None, max(1, int(length.ratio * sum(max(1, piece.cost) for piece in pieces)))
    return length.sentences, None


def set_line(piece: Piece) -> str:
    """The piece's text on one line."""
    return _WRAP.sub(" ", piece.text)


def printable(article: Article) -> list[Piece]:
    """The body; where there is none, the best tier there is."""
    pieces = [piece for piece in article.pieces if piece.text]
    best = min((piece.tier for piece in pieces), default=Tier.BODY)
    return [piece for piece in pieces if piece.tier is best]


def _options(pieces: Sequence[Piece], title: str, language: str, cues: Cues) -> tuple[list[Option], int]:
    """The pieces as they may be chosen, and the index of the lead."""
    *bodies, heading = vectors([piece.text for piece in pieces] + [title], language, cues.content_words)
    statements = statements_of(pieces, bodies, cues)
    lead = lead_of(statements, heading)
    options = [
        Option(score * piece.weight, max(1, piece.cost), piece.alone, body)
        for score, piece, body in zip(scores(statements, heading, lead), pieces, bodies, strict=True)
    ]
    return options, lead


def warnings_about(pieces: Sequence[Piece], chosen: Sequence[Piece], length: SummaryLength) -> tuple[Notice, ...]:
    """What to know of a summary of `chosen` out of `pieces`; see `summarize`."""
    notices = []
    words = sum(max(1, piece.cost) for piece in chosen)
    if pieces[0].tier is Tier.BOILERPLATE:
        notices.append(Notice("only-boilerplate", "the text has captions, credits and the like, but no body"))
    if length.words is not None and words > length.words:
        span = Span(chosen[0].start, chosen[0].end)
        notices.append(Notice("over-length", f"the lead has {words} words, {length.words} were asked for", span))
    elif len(chosen) == len(pieces) and length.words is not None and words < length.words:
        message = f"{length.words} words were asked for, the text has {words} to choose from"
        notices.append(Notice("short-text", message))
    elif length.words is None and length.sentences is not None and len(chosen) < length.sentences:
        message = f"{length.sentences} sentences were asked for, the text has {len(chosen)} that can stand in a summary"
        notices.append(Notice("short-text", message))
    return tuple(notices)
