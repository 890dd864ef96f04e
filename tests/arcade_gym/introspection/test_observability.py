"""Gap, bias and transfer are those of hand-made tables; intervals cover the truth."""

import numpy as np
import pytest

from arcade_gym.introspection import memory_bias, observability_gap, transfer
from arcade_gym.introspection.intervals import (
    COVERAGE,
    difference_of_means,
    resampled_means,
)
from arcade_gym.introspection.observability import difference

EPISODES, CASES = 100, 1000


def test_the_gap_is_what_the_partial_view_costs():
    assert observability_gap([1.0, 0.8], [0.5, 0.3]).mean == pytest.approx(0.5)


def test_the_bias_is_negative_where_memory_harms():
    assert memory_bias([0.5, 0.7], [0.9, 0.9]).mean == pytest.approx(-0.3)


def test_transfer_is_a_table_of_means():
    returns = {
        "full": {"full": [1.0, 0.5], "partial": [0.0]},
        "partial": {"full": [0.25], "partial": [1.0, 0.0]},
    }
    assert transfer(returns) == {
        "full": {"full": 0.75, "partial": 0.0},
        "partial": {"full": 0.25, "partial": 0.5},
    }


def test_equal_returns_have_an_interval_of_one_point():
    assert difference([1.0] * 5, [0.5] * 5) == (0.5, 0.5, 0.5)


def test_intervals_cover_the_truth_in_95_of_100_cases():
    """All cases at once, which is what makes it fast; the first one also alone."""
    rng = np.random.default_rng(7)
    a = rng.beta(2, 1, (EPISODES, CASES))  # of mean 2/3, skewed as returns are
    b = rng.beta(1, 2, (EPISODES, CASES))  # of mean 1/3
    low, high = difference_of_means(a, b)
    assert 0.93 <= ((low <= 1 / 3) & (high >= 1 / 3)).mean() <= 0.97
    found = difference(a[:, 0], b[:, 0])
    assert (found.low, found.high) == pytest.approx((low[0], high[0]))


def test_intervals_of_one_mean_cover_it_as_often():
    """Those of densities and of returns in reports."""
    values = np.random.default_rng(8).beta(2, 1, (EPISODES, CASES))
    means = resampled_means(values, np.random.default_rng(0))
    low, high = np.percentile(means, COVERAGE, axis=0)
    assert 0.93 <= ((low <= 2 / 3) & (high >= 2 / 3)).mean() <= 0.97


def test_no_episodes_are_refused():
    with pytest.raises(ValueError, match="numbers of at least one episode"):
        observability_gap([], [1.0])
