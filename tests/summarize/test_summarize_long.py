"""Very long texts: time grows with the length, not with its square."""

from __future__ import annotations

import json
import time
from pathlib import Path

from summarize_texts import split

from service.summarize import SourceSentence, count_words, summarize
from service.types import SummaryLength

DATA = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "news.jsonl"
ARTICLES = 10


def long_text(words: int) -> str:
    """English articles of the project one after the other, numbered so that no two sentences are alike."""
    texts = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    english = "\n\n".join([one["text"] for one in texts if one["lang"] == "en"][:ARTICLES])
    rounds = -(-words // count_words(english))
    return "\n\n".join(english.replace(". ", f" in case {number}. ") for number in range(rounds))


def seconds(text: str, sentences: list[SourceSentence]) -> float:
    times = []
    for _ in range(3):
        started = time.process_time()
        summarize(text, sentences, language="en", length=SummaryLength(words=200))
        times.append(time.process_time() - started)
    return min(times)


def test_time_is_linear_in_the_length() -> None:
    short, long = long_text(8_000), long_text(48_000)
    short_sentences, long_sentences = split(short, "en"), split(long, "en")
    growth = count_words(long) / count_words(short)

    assert growth > 4
    assert seconds(long, long_sentences) < 2 * growth * seconds(short, short_sentences)
