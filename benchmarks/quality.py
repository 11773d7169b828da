"""Scores of translations against references, by sacrebleu with its defaults, with its signatures (Post 2018)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Quality:
    """BLEU (Papineni 2002) and chrF (Popovic 2015), 0 to 100, and sacrebleu's signature of each."""

    bleu: float
    chrf: float
    signatures: dict[str, str]


def check_installed() -> None:
    """Raise ConfigurationError when sacrebleu is missing, which is better known before hours than after."""
    if importlib.util.find_spec("sacrebleu") is None:
        raise ConfigurationError("sacrebleu is not installed, which this benchmark needs; run 'pip install sacrebleu'")


def score(outputs: Sequence[str], references: Sequence[str]) -> Quality:
    """Score outputs against one reference each, in order."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    if len(outputs) != len(references):
        raise ValueError(f"{len(outputs)} outputs for {len(references)} references")
    bleu, chrf = BLEU(), CHRF()
    scores = [metric.corpus_score(list(outputs), [list(references)]).score for metric in (bleu, chrf)]
    signatures = {"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())}
    return Quality(scores[0], scores[1], signatures)
