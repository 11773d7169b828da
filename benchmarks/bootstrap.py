"""Paired bootstrap resampling: whether a difference between two systems is more than the choice of test sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.results import Comparison
from benchmarks.segment_scores import METRIC_NAMES, FloatArray, SegmentScores

DEFAULT_SAMPLES: Final = 1000
# The same samples in every run and for every pair, as sacrebleu draws them from one seed.
_SEED: Final = 12345


class Resampling:
    """Systems that were scored on the same segments, each segment drawn the same number of times for all of them."""

    def __init__(self, systems: Mapping[str, SegmentScores], samples: int = DEFAULT_SAMPLES) -> None:
        sizes = {len(scores) for scores in systems.values()}
        if len(sizes) > 1:
            raise ValueError(f"systems scored on {sorted(sizes)} segments cannot be paired")
        size = sizes.pop() if sizes else 1
        drawn = np.random.default_rng(_SEED).multinomial(size, np.full(size, 1 / size), samples)
        self._scores = {name: scores.corpus() for name, scores in systems.items()}
        self._resampled = {name: scores.resampled(drawn.astype(np.float64)) for name, scores in systems.items()}

    def compare(self, first: str, second: str, direction: str) -> list[Comparison]:
        """How `first` differs from `second` in every metric (Koehn 2004).

        The interval holds the middle 95% of the resampled differences. The p-value is two-sided: the share of samples
        whose difference, moved to a mean of zero, is at least as large as the one observed (Riezler and Maxwell 2005).
        """
        return [self._compare(first, second, direction, metric) for metric in METRIC_NAMES]

    def _compare(self, first: str, second: str, direction: str, metric: str) -> Comparison:
        observed = self._scores[first][metric] - self._scores[second][metric]
        differences: FloatArray = self._resampled[first][metric] - self._resampled[second][metric]
        low, high = np.percentile(differences, [2.5, 97.5])
        # Rounding must not make two equal systems differ.
        as_large = np.abs(differences - differences.mean()) >= abs(observed) - 1e-9
        p_value = (int(as_large.sum()) + 1) / (len(differences) + 1)
        return Comparison(direction, metric, first, second, observed, float(low), float(high), p_value)
