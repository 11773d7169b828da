"""The statistics of a benchmark: medians, percentiles, comparisons paired by round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

__all__ = ["median", "paired_differences", "paired_ratios", "percentile"]


def percentile(values: Sequence[float], percent: float) -> float:
    """The `percent`-th percentile, 0 to 100, linear between the two nearest ranks (Hyndman and Fan 1996, type 7).

    Raises ValueError when there are no values or `percent` is out of range.
    """
    if not values:
        raise ValueError("a percentile of no values")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent must be in 0..100, not {percent}")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    # Written so that rounding cannot leave the range of the two neighbours.
    return min(max(below + (above - below) * (place % 1), below), above)


def paired_ratios(values: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Each round's value over the baseline's value of the same round, so that a drift of the machine cancels out.

    Raises ValueError when the numbers of rounds differ or a baseline value is not positive.
    """
    if len(values) != len(baseline):
        raise ValueError(f"{len(values)} rounds cannot be paired with {len(baseline)}")
    if min(baseline, default=1.0) <= 0:
        raise ValueError("a ratio to a value that is not positive")
    return [value / base for value, base in zip(values, baseline, strict=True)]


def paired_differences(values: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Each round's value minus the baseline's value of the same round; raises ValueError when the numbers differ."""
    if len(values) != len(baseline):
        raise ValueError(f"{len(values)} rounds cannot be paired with {len(baseline)}")
    return [value - base for value, base in zip(values, baseline, strict=True)]
