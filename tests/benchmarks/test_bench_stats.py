"""The statistics agree with numpy and hold their invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import median, paired_differences, paired_ratios, percentile

FINITE = st.floats(-1e9, 1e9, allow_nan=False)
POSITIVE = st.floats(1e-3, 1e6, allow_nan=False)
VALUES = st.lists(FINITE, min_size=1, max_size=60)


@given(VALUES, st.floats(0, 100))
def test_a_percentile_is_numpys_default_one(values: list[float], percent: float) -> None:
    expected = float(np.percentile(values, percent))
    assert percentile(values, percent) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(VALUES, st.floats(0, 100), st.floats(0, 100))
def test_percentiles_grow_and_stay_within_the_values(values: list[float], one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert min(values) <= percentile(values, low) <= percentile(values, high) <= max(values)


@given(VALUES)
def test_the_fiftieth_percentile_is_the_median(values: list[float]) -> None:
    assert percentile(values, 50) == pytest.approx(median(values))


def test_percentiles_by_hand() -> None:
    assert percentile([10, 20, 30, 40], 50) == 25
    assert percentile([40, 10, 30, 20], 100) == 40
    assert percentile([1, 2], 95) == pytest.approx(1.95)


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_there_is_no_percentile_of_nothing_nor_beyond_the_ends(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percent"):
        percentile(values, percent)


@given(st.lists(POSITIVE, min_size=1, max_size=20), POSITIVE)
def test_a_ratio_is_found_whatever_the_rounds_drift(baseline: list[float], factor: float) -> None:
    values = [factor * base for base in baseline]
    assert median(paired_ratios(values, baseline)) == pytest.approx(factor)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_a_system_differs_from_itself_by_nothing(values: list[float]) -> None:
    assert set(paired_differences(values, values)) == {0.0}


@pytest.mark.parametrize("pair", [paired_ratios, paired_differences])
def test_rounds_that_do_not_pair_are_refused(pair: object) -> None:
    with pytest.raises(ValueError, match="2 rounds cannot be paired with 3"):
        pair([1.0, 2.0], [1.0, 2.0, 3.0])  # type: ignore[operator]


def test_a_ratio_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not positive"):
        paired_ratios([1.0], [0.0])
