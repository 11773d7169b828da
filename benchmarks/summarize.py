"""`manchete bench summarize`: summaries beside those by people, at equal length, in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks import conditions, summary_facts
from benchmarks.articles import Article, ArticleSet
from benchmarks.progress import Progress
from benchmarks.recorder import Key, Recorder
from benchmarks.results import Absence, Report
from benchmarks.rouge import KINDS, rouge, signature
from benchmarks.stats import median
from benchmarks.summarizers import BASELINE, HOW, Prepared, missing, prepare, summarizer
from service.errors import ConfigurationError
from service.summarize import count_words

_SUMY_HOW: Final = "the sentences of the body, best first, as many as fit"
_TIMED: Final = 3


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """What is summarized, by which systems, in how many words."""

    articles: ArticleSet
    systems: tuple[str, ...]
    words: int

    @property
    def steps(self) -> int:
        """How many steps of progress there will be."""
        return len(self.systems)


def check_installed() -> None:
    """Raise ConfigurationError when rouge-score is missing, which is better known before than after."""
    import importlib.util

    if importlib.util.find_spec("rouge_score") is None:
        raise ConfigurationError(
            "rouge-score is not installed, which this benchmark needs; run 'pip install rouge-score'"
        )


def measure_summaries(plan: SummaryPlan, progress: Progress) -> Report:
    """Summarize every article with every system.

    The lead is cut at the length of our summary, where that is measured.
    """
    check_installed()
    began = conditions.begin(plan.articles.data_set, 1)
    prepared = [prepare(article) for article in plan.articles.articles]
    recorder = Recorder(BASELINE)
    absences = [Absence(name, reason) for name in plan.systems if (reason := missing(name))]
    absent = {one.system for one in absences}
    lengths = [plan.words] * len(prepared)
    # Ours first: it says how long the lead may be.
    for name in sorted(plan.systems, key=lambda system: system != "manchete"):
        progress.step(name)
        if name in absent:
            continue
        budgets = lengths if name == BASELINE else [plan.words] * len(prepared)
        outputs, seconds = _run(name, prepared, budgets)
        if name == "manchete":
            lengths = [count_words(" ".join(sentences)) for sentences in outputs]
        _record(recorder, name, prepared, outputs, seconds)
    languages = dict.fromkeys(article.language for article in plan.articles.articles)
    ended = replace(
        began,
        load_average_after=conditions.load_average(),
        batching={name: HOW.get(name, _SUMY_HOW) for name in plan.systems if name not in absent},
        signatures={"rouge1": "; ".join(f"{language} {signature(language)}" for language in languages)},
        notes=(f"{plan.words} words were asked for", "ms is the median of the articles, each the best of three runs"),
    )
    return Report("summarize", ended, recorder.figures(), tuple(absences))


def _run(name: str, prepared: Sequence[Prepared], budgets: Sequence[int]) -> tuple[list[list[str]], list[float]]:
    run = summarizer(name)
    run(prepared[0], budgets[0])
    outputs, seconds = [], []
    for article, words in zip(prepared, budgets, strict=True):
        times = []
        for _ in range(_TIMED):
            started = time.perf_counter()
            output = run(article, words)
            times.append(time.perf_counter() - started)
        outputs.append(output)
        seconds.append(min(times))
    return outputs, seconds


def _record(
    recorder: Recorder, name: str, prepared: Sequence[Prepared], outputs: Sequence[list[str]], seconds: Sequence[float]
) -> None:
    """Add a system's figures, language by language."""
    for language in dict.fromkeys(one.article.language for one in prepared):
        values: dict[str, list[float]] = {}
        for one, sentences, spent in zip(prepared, outputs, seconds, strict=True):
            if one.article.language == language:
                for metric, value in _scores(one, sentences, spent).items():
                    values.setdefault(metric, []).append(value)
        articles = sum(one.article.language == language for one in prepared)
        for metric, found in values.items():
            value = median(found) if metric == "article_ms" else sum(found) / len(found)
            recorder.add(Key(name, language, metric), value, lines=articles)


def _scores(prepared: Prepared, sentences: Sequence[str], seconds: float) -> dict[str, float]:
    article: Article = prepared.article
    text = " ".join(sentences)
    scores = rouge(article.language, text, article.summaries)
    covered = summary_facts.coverage(text, article.summaries)
    source = [part.text for part in prepared.parts]
    return {
        **{kind: scores[kind] for kind in KINDS},
        "summary_words": float(count_words(text)),
        "redundancy": summary_facts.redundancy(sentences),
        **({} if covered is None else {"coverage": covered}),
        "support": summary_facts.support(sentences, source),
        "article_ms": 1000 * seconds,
    }
