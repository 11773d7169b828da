"""The summarizers that are compared: ours, the first words of the text, and the classic ones of the library sumy.

All others get the sentences that ours takes for the body of the article, without captions, bylines and pointers, so
that they are compared for what they choose. Every system may use as many words as asked for, and fills them with
whole sentences, best first; `lead` alone is cut off in the middle of a sentence, at the very word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any, Final, TypeAlias

from benchmarks.articles import Article
from service.errors import InvalidInput
from service.segment import sentences
from service.summarize import SourceSentence, body_sentences, count_words, summarize
from service.types import SummaryLength

BASELINE: Final = "lead"
SYSTEMS: Final = ("manchete", BASELINE, "lexrank", "textrank", "lsa")
_SUMY: Final = {
    "lexrank": ("sumy.summarizers.lex_rank", "LexRankSummarizer"),
    "textrank": ("sumy.summarizers.text_rank", "TextRankSummarizer"),
    "lsa": ("sumy.summarizers.lsa", "LsaSummarizer"),
}
_NAMES: Final = {"pt": "portuguese", "en": "english", "es": "spanish", "fr": "french", "de": "german", "it": "italian"}
HOW: Final = {
    "manchete": "the article as it is, with its title",
    BASELINE: "the body of the article, cut off at the word where the summary by manchete ends",
}

Summarizer: TypeAlias = Callable[["Prepared", int], list[str]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article with what every system needs and none is timed for: its sentences, and those of its body."""

    article: Article
    parts: tuple[SourceSentence, ...]
    body: tuple[str, ...]


def prepare(article: Article) -> Prepared:
    """Split an article."""
    spans = sentences(article.text, article.language)
    parts = tuple(SourceSentence(article.text[span.start : span.end], span.start, span.end) for span in spans)
    body = body_sentences(article.text, parts, language=article.language, title=article.title)
    return Prepared(article, parts, tuple(" ".join(one.split()) for one in body))


def parse_summarizers(text: str) -> tuple[str, ...]:
    """The systems of a comma-separated list, each once; raises InvalidInput listing those there are."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = next((name for name in names if name not in SYSTEMS), None)
    if unknown is not None or not names:
        wrong = "name at least one system" if unknown is None else f"{unknown} is not known"
        raise InvalidInput(f"--systems: {wrong}; there are: {', '.join(SYSTEMS)}", field="--systems")
    return names


def missing(name: str) -> str | None:
    """Why a system cannot be measured here, None when it can."""
    if name not in _SUMY:
        return None
    try:
        metadata.version("sumy")
    except metadata.PackageNotFoundError:
        return "the package sumy is not installed; run 'pip install sumy'"
    return None


def summarizer(name: str) -> Summarizer:
    """The system of that name."""
    if name == "manchete":
        return _ours
    return _lead if name == BASELINE else _sumy(*_SUMY[name])


def _ours(prepared: Prepared, words: int) -> list[str]:
    article = prepared.article
    summary = summarize(
        article.text,
        prepared.parts,
        language=article.language,
        length=SummaryLength(words=words),
        title=article.title,
    )
    return [" ".join(sentence.text.split()) for sentence in summary.sentences]


def _lead(prepared: Prepared, words: int) -> list[str]:
    chosen: list[str] = []
    for sentence in prepared.body:
        room = words - sum(map(count_words, chosen))
        if room <= 0:
            break
        chosen.append(" ".join(sentence.split()[:room]))
    return chosen


class _Words:
    """What sumy asks for the words of a sentence."""

    def to_words(self, text: str) -> tuple[str, ...]:
        from benchmarks.rouge import words_of

        return tuple(words_of(text))


def _sumy(module: str, name: str) -> Summarizer:
    def run(prepared: Prepared, words: int) -> list[str]:
        from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
        from sumy.nlp.stemmers import Stemmer
        from sumy.utils import get_stop_words

        language = _NAMES.get(prepared.article.language.partition("-")[0])
        if language is None:
            raise InvalidInput(f"--systems: sumy is not measured in {prepared.article.language}", field="--systems")
        made = getattr(import_module(module), name)(Stemmer(language))
        made.stop_words = get_stop_words(language)
        document = ObjectDocumentModel([Paragraph([Sentence(one, _Words()) for one in prepared.body])])
        return [str(sentence) for sentence in made(document, _filling(words))]

    return run


def _filling(words: int) -> Callable[[Sequence[Any]], list[Any]]:
    """What sumy takes for a number of sentences: those that fit, from a list that begins with the best."""

    def fill(ranked: Sequence[Any]) -> list[Any]:
        chosen, room = [], words
        for info in ranked:
            cost = count_words(str(info.sentence))
            if cost <= room:
                chosen.append(info)
                room -= cost
        return chosen

    return fill
