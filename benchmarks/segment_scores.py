"""BLEU, chrF and TER from counts a segment, so that any resampling of the segments is scored without counting again.

Scores are 0 to 100 as sacrebleu gives them with its defaults, whose signatures go with them (Post 2018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

METRIC_NAMES: Final = ("bleu", "chrf", "ter")
_ORDERS: Final = 6
# chrF weighs recall twice as much as precision.
_BETA_SQUARED: Final = 4.0


@dataclass(frozen=True, slots=True)
class SegmentScores:
    """Counts of every segment, one row each.

    `bleu` has four columns of correct and four of all n-grams, then the lengths of output and reference; `chrf` has
    three columns for each of six orders: n-grams of the output, of the reference, in both; `ter` has the edits and the
    words of the reference.
    """

    bleu: FloatArray
    chrf: FloatArray
    ter: FloatArray

    def __len__(self) -> int:
        return len(self.bleu)

    def resampled(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Corpus scores by metric, one for each row of `weights`, `[samples, segments]`: how often each is drawn."""
        bleu, ter = weights @ self.bleu, weights @ self.ter
        return {
            "bleu": np.array([_bleu(row) for row in bleu]),
            "chrf": _chrf(weights @ self.chrf),
            "ter": 100 * ter[:, 0] / np.maximum(ter[:, 1], 1),
        }

    def corpus(self) -> dict[str, float]:
        """The scores of all segments together, by metric."""
        scores = self.resampled(np.ones((1, len(self))))
        return {name: float(values[0]) for name, values in scores.items()}

    def sentence_chrf(self) -> FloatArray:
        """The chrF of every segment by itself."""
        return _chrf(self.chrf)


def segment_scores(outputs: Sequence[str], references: Sequence[str]) -> SegmentScores:
    """Count outputs against one reference each, in order; raises ValueError when their numbers differ."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.ter import TER

    bleu, ter = BLEU(effective_order=True), TER()
    rows: tuple[list[list[float]], list[list[float]], list[list[float]]] = ([], [], [])
    for output, reference in zip(outputs, references, strict=True):
        counts = bleu.sentence_score(output, [reference])
        edits = ter.sentence_score(output, [reference])
        rows[0].append([*counts.counts, *counts.totals, counts.sys_len, counts.ref_len])
        rows[1].append(chrf_counts(output, reference))
        rows[2].append([edits.num_edits, edits.ref_length])
    return SegmentScores(*(np.array(part, dtype=np.float64) for part in rows))


def signatures() -> dict[str, str]:
    """sacrebleu's signature of each metric, by name."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    found = {}
    for name, metric in {"bleu": BLEU(), "chrf": CHRF(), "ter": TER()}.items():
        metric.corpus_score(["x"], [["x"]])
        found[name] = str(metric.get_signature())
    return found


def chrf_counts(output: str, reference: str) -> list[float]:
    """The row of `SegmentScores.chrf` of one output (Popovic 2015: characters without white space)."""
    row: list[float] = []
    for ours, theirs in zip(_ngrams(output), _ngrams(reference), strict=True):
        matches = (ours & theirs).total()
        # An order that the reference is too short for says nothing of the output either.
        row += [ours.total() if theirs else 0, theirs.total(), matches]
    return row


def similarity(first: str, second: str) -> float:
    """How alike two outputs are, 0 to 100: the mean chrF of each against the other."""
    rows = np.array([chrf_counts(first, second), chrf_counts(second, first)], dtype=np.float64)
    return float(_chrf(rows).mean()) if first != second else 100.0


# A text is compared with several others in turn.
@lru_cache(maxsize=256)
def _ngrams(text: str) -> tuple[Counter[str], ...]:
    characters = "".join(text.split())
    return tuple(
        Counter(characters[start : start + order] for start in range(len(characters) - order + 1))
        for order in range(1, _ORDERS + 1)
    )


def _bleu(row: FloatArray) -> float:
    from sacrebleu.metrics.bleu import BLEU

    counts = [int(value) for value in row]
    score: float = BLEU.compute_bleu(counts[:4], counts[4:8], counts[8], counts[9], smooth_method="exp").score
    return score


def _chrf(rows: FloatArray) -> FloatArray:
    counts = rows.reshape(len(rows), _ORDERS, 3)
    output, reference, match = counts[..., 0], counts[..., 1], counts[..., 2]
    counted = (output > 0) & (reference > 0)
    orders = np.maximum(counted.sum(axis=1), 1)
    precision = np.where(counted, match / np.maximum(output, 1), 0).sum(axis=1) / orders
    recall = np.where(counted, match / np.maximum(reference, 1), 0).sum(axis=1) / orders
    below = _BETA_SQUARED * precision + recall
    scores: FloatArray = 100 * (1 + _BETA_SQUARED) * precision * recall / np.where(below > 0, below, 1)
    return scores
