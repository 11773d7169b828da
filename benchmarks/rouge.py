"""ROUGE (Lin 2004) of summaries against references, by the library rouge-score, in any language with letters.

The library's own tokenizer keeps a-z and 0-9 alone: "não" becomes "n" and "o". Here a token is a run of letters and
digits in any script, in lower case, stemmed where there is a Snowball stemmer for the language (Porter's for English,
as in ROUGE 1.5.5). Scores are F1, from 0 to 100, averaged over the references of an article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from statistics import mean
from typing import Any, Final

KINDS: Final = ("rouge1", "rouge2", "rougeL")
_TOKEN: Final = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The runs of letters and digits of a text, in lower case and order."""
    return _TOKEN.findall(text.casefold())


class Tokenizer:
    """What rouge-score asks for its tokens; `language` is a BCP-47 tag."""

    def __init__(self, language: str) -> None:
        self._stemmer = _stemmer(language.partition("-")[0].casefold())

    @property
    def stems(self) -> bool:
        """Whether the words of the language are stemmed."""
        return self._stemmer is not None

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text, in order."""
        words = words_of(text)
        return words if self._stemmer is None else list(self._stemmer.stemWords(words))


def rouge(language: str, summary: str, references: Sequence[str]) -> dict[str, float]:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L, 0 to 100, by the name of the kind."""
    scorer = _scorer(language)
    found = [scorer.score(reference, summary) for reference in references]
    return {kind: 100 * mean(one[kind].fmeasure for one in found) for kind in KINDS}


def signature(language: str) -> str:
    """How the scores of a language are computed."""
    from importlib import metadata

    stemmed = "snowball" if Tokenizer(language).stems else "none"
    return f"f1|refs:mean|tok:letters+digits|case:lower|stem:{stemmed}|rouge-score:{metadata.version('rouge-score')}"


def _stemmer(code: str) -> Any:
    import Stemmer

    try:
        return Stemmer.Stemmer("porter" if code == "en" else code)
    except KeyError:
        return None


@lru_cache(maxsize=16)
def _scorer(language: str) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(KINDS), tokenizer=Tokenizer(language))
