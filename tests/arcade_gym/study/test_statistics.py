"""Statistics against closed forms, and against simulated data of known effect."""

import functools

import numpy as np
import pytest
from scipy import stats

from arcade_gym.study.statistics import (
    Estimate,
    estimate,
    interquartile_mean,
    mean,
    paired,
)

VALUES = [0.31, 0.52, 0.44, 0.87, 0.15]
OTHERS = [0.9, 0.2, 0.4]


def test_one_level_has_the_interval_of_student():
    found = estimate([VALUES])
    wanted = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
    assert found.value == pytest.approx(np.mean(VALUES))
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert found.seeds == 5


def test_two_levels_have_the_interval_of_welch():
    """Half the sum, where Welch has the difference: the same variance, a quarter."""
    found = estimate([VALUES, OTHERS])
    wanted = stats.ttest_ind(VALUES, OTHERS, equal_var=False).confidence_interval(0.95)
    assert found.value == pytest.approx((np.mean(VALUES) + np.mean(OTHERS)) / 2)
    assert found.high - found.low == pytest.approx((wanted.high - wanted.low) / 2)
    assert found.seeds == 3


def test_levels_weigh_the_same_however_many_seeds_they_have():
    assert estimate([[0.0] * 9, [1.0] * 3]).value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([8.0, 1.0, 2.0, 4.0], 3.0),
        ([1.0, 2.0, 6.0], (0.25 * 1 + 1 * 2 + 0.25 * 6) / 1.5),
        ([5.0], 5.0),
        ([1.0, 3.0], 2.0),
        ([*range(8)], 3.5),
        ([0.0] * 3 + [10.0], 0.0),
    ],
)
def test_the_interquartile_mean_is_that_of_the_middle_half(values, wanted):
    values = np.array(values, float)
    assert interquartile_mean(values, np.ones(len(values))) == pytest.approx(wanted)


def test_the_interquartile_mean_agrees_with_scipy_where_quarters_are_whole():
    values = np.random.default_rng(0).normal(size=40)
    found = interquartile_mean(values, np.ones(40))
    assert found == pytest.approx(stats.trim_mean(values, 0.25))


def test_a_weight_of_two_is_the_value_twice():
    twice = interquartile_mean(np.array([1.0, 5.0, 2.0]), np.array([1.0, 2.0, 1.0]))
    assert twice == pytest.approx(
        interquartile_mean(np.array([1.0, 5.0, 5.0, 2.0]), np.ones(4))
    )


def test_one_seed_has_no_interval_and_equal_seeds_have_an_empty_one():
    value, low, high, seeds = estimate([[0.5], [0.7, 0.9]])
    assert (value, seeds) == (pytest.approx(0.65), 1)
    assert np.isnan([low, high]).all()
    assert estimate([[1.0, 1.0, 1.0]]) == Estimate(1.0, 1.0, 1.0, 3)


def test_the_interquartile_mean_of_one_level_has_no_interval():
    value, low, high, seeds = estimate([VALUES], interquartile_mean)
    assert (value, seeds) == (pytest.approx(0.425), 5)
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("strata", [[], [[]], [[1.0], []]])
def test_nothing_has_no_estimate(strata):
    with pytest.raises(ValueError, match=r"strata must be at least one, .* got sizes"):
        estimate(strata)


@functools.cache
def coverage(seeds, levels, statistic, shape):
    """How many of 600 intervals of simulated studies hold the truth."""
    rng = np.random.default_rng(20 * seeds + levels)
    centres = np.linspace(0.0, 0.3 * (levels - 1), levels)
    spreads = np.linspace(0.5, 1.5, levels) if levels > 1 else np.ones(1)

    def draw(size):
        noise = rng.normal(size=(size, levels))
        if shape == "skewed":  # returns near a ceiling: most are good, some fail
            noise = 1.0 - rng.gamma(2.0, 1.0, size=(size, levels)) / 2
        return centres + spreads * noise

    many = draw(200_000)
    truth = statistic(many.ravel(), np.ones(many.size))
    held = [
        low <= truth <= high
        for _, low, high, _ in (
            estimate(list(draw(seeds).T), statistic) for _ in range(600)
        )
    ]
    return np.mean(held)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("seeds", [3, 5])
def test_intervals_of_means_hold_the_truth_in_95_percent(seeds, levels):
    """Three standard errors of 600 cases are 2.7 %."""
    assert coverage(seeds, levels, mean, "normal") == pytest.approx(0.95, abs=0.027)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize("seeds", [3, 5])
def test_intervals_of_interquartile_means_hold_the_truth(seeds, levels):
    assert coverage(seeds, levels, interquartile_mean, "normal") > 0.92


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
def test_skewed_returns_cost_little_coverage(seeds):
    assert coverage(seeds, 4, mean, "skewed") > 0.9


def test_a_percentile_bootstrap_of_three_seeds_would_not_hold():
    """Why there is none: this is what the module says of it."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(1000, 3))
    resampled = drawn[:, rng.integers(3, size=(500, 3))].mean(-1)
    low, high = np.percentile(resampled, (2.5, 97.5), axis=1)
    assert np.mean((low <= 0) & (high >= 0)) < 0.8


def simulated_pairs(rng, seeds=5, effect=0.1):
    """Returns by seed of two memories, which share most of their luck."""
    luck = rng.normal(0.5, 0.2, size=seeds)
    first = luck + effect + rng.normal(0, 0.02, size=seeds)
    second = luck + rng.normal(0, 0.02, size=seeds)
    return dict(enumerate(first)), dict(enumerate(second))


def test_a_known_effect_is_found_by_pairs():
    """Intervals of paired differences hold 0.1, and hardly ever 0."""
    rng = np.random.default_rng(1)
    found = [estimate([paired(*simulated_pairs(rng))]) for _ in range(500)]
    holds = [low <= 0.1 <= high for _, low, high, _ in found]
    assert np.mean(holds) == pytest.approx(0.95, abs=0.03)
    assert np.mean([low > 0 for _, low, _, _ in found]) > 0.95


def test_pairs_are_made_by_seed_and_not_by_place():
    first, second = simulated_pairs(np.random.default_rng(2))
    wanted = stats.ttest_rel(list(first.values()), list(second.values()))
    low, high = wanted.confidence_interval(0.95)
    scrambled = {seed: second[seed] for seed in (3, 0, 4, 1, 2)} | {9: 0.0}
    found = estimate([paired(first, scrambled)])
    assert (found.low, found.high) == pytest.approx((low, high))
    wrong = estimate([[first[i] - second[(i + 1) % 5] for i in range(5)]])
    assert wrong.high - wrong.low > 3 * (found.high - found.low)


def test_a_difference_is_the_first_less_the_second():
    assert paired({0: 3.0, 1: 5.0}, {1: 4.0, 0: 1.0}) == [2.0, 1.0]
