"""Many texts about one story, one summary: nothing is said twice, and every sentence is attributed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from service.errors import InvalidInput
from service.summarize.body import Piece, read_article
from service.summarize.cues import load_cues
from service.summarize.document import SourceSentence
from service.summarize.extractive import METHOD, check_length, limits, printable, set_line, warnings_about
from service.summarize.rank import lead_of, scores, statements_of
from service.summarize.selection import Option, choose
from service.summarize.styles import HEADLINE, layout
from service.summarize.terms import Vector, dot, vectors
from service.types import Notice, SummaryLength

# Two texts that tell the same thing tell it in other words: this cosine is enough to say that one supports the other.
_SAME = 0.5


class StorySource(msgspec.Struct, frozen=True):
    """A sentence of one of several texts: the index of the text, and `[start, end)` in it."""

    text: int
    start: int
    end: int


class StorySentence(msgspec.Struct, frozen=True):
    """A sentence of a summary of several texts; the first of `sources` is where it stands, the others say the same."""

    text: str
    sources: tuple[StorySource, ...]


class StorySummary(msgspec.Struct, frozen=True):
    """One summary of several texts, its sentences in the order of the texts."""

    text: str
    sentences: tuple[StorySentence, ...]
    method: str
    warnings: tuple[Notice, ...] = ()


def styled_story(summary: StorySummary, style: str, title: str | None) -> StorySummary:
    """The summary in another style; a headline is the title that was given, where there is one."""
    if style == HEADLINE and title:
        return replace(summary, text=" ".join(title.split()), sentences=())
    return replace(summary, text=layout([sentence.text for sentence in summary.sentences], style))


class StoryText(msgspec.Struct, frozen=True):
    """One text of a story and its sentences, spans of it in order."""

    text: str
    sentences: Sequence[SourceSentence]


class _Place(msgspec.Struct, frozen=True):
    text: int
    piece: Piece
    score: float
    vector: Vector


def summarize_story(
    texts: Sequence[StoryText], *, language: str, length: SummaryLength, title: str | None = None
) -> StorySummary:
    """One summary of `texts`, all in `language`: the lead of the first, then what any of them adds, in their order.

    A sentence whose like was chosen before is not chosen again. `sources` of a sentence are the sentence itself and
    those of the other texts that say the same (cosine of at least 0.5). Warnings and errors are those of `summarize`,
    and InvalidInput where there is no text.
    """
    check_length(length)
    if not texts:
        raise InvalidInput("texts: must not be an empty list", field="texts")
    places, lead = _places(texts, language, title)
    if not places:
        return StorySummary("", (), METHOD, (Notice("short-text", "there is no text to summarize"),))
    pieces = [place.piece for place in places]
    sentences, words = limits(pieces, length)
    options = [
        Option(place.score * place.piece.weight, max(1, place.piece.cost), place.piece.alone, place.vector)
        for place in places
    ]
    chosen = choose(options, lead, sentences=sentences, words=words, repeat=False)
    return StorySummary(
        text=" ".join(set_line(pieces[index]) for index in chosen),
        sentences=tuple(_attributed(places, index) for index in chosen),
        method=METHOD,
        warnings=warnings_about(pieces, [pieces[index] for index in chosen], replace(length, words=words)),
    )


def _places(texts: Sequence[StoryText], language: str, title: str | None) -> tuple[list[_Place], int]:
    """The sentences to choose from, text by text, and the index of the first text's lead.

    Each is scored in its own text, with the document frequencies of all: what several texts tell is central.
    """
    cues = load_cues(language)
    articles = [read_article(one.text, one.sentences, cues, title) for one in texts]
    bodies = [printable(article) for article in articles]
    said = [piece.text for body in bodies for piece in body] + [article.title for article in articles]
    found = vectors(said, language, cues.content_words)
    headings = found[len(found) - len(articles) :]
    places: list[_Place] = []
    lead = 0
    for number, body in enumerate(bodies):
        own = found[len(places) : len(places) + len(body)]
        statements = statements_of(body, own, cues)
        first = lead_of(statements, headings[number])
        lead = lead if places else first
        ranked = scores(statements, headings[number], first)
        places += [_Place(number, *each) for each in zip(body, ranked, own, strict=True)]
    return places, lead


def _attributed(places: Sequence[_Place], index: int) -> StorySentence:
    chosen = places[index]
    like: dict[int, _Place] = {}
    for place in places:
        if place.text != chosen.text and dot(place.vector, chosen.vector) >= _SAME:
            known = like.get(place.text)
            if known is None or dot(place.vector, chosen.vector) > dot(known.vector, chosen.vector):
                like[place.text] = place
    sources = [chosen, *(like[number] for number in sorted(like))]
    return StorySentence(
        chosen.piece.text, tuple(StorySource(one.text, one.piece.start, one.piece.end) for one in sources)
    )
