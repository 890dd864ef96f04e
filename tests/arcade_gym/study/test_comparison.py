"""Gap, bias and transfer of made-up runs whose effects are known."""

import numpy as np
import pytest
from scipy import stats

from arcade_gym.study import results
from arcade_gym.study.comparison import QUANTITIES, by_algorithm
from arcade_gym.study.statistics import interquartile_mean
from tests.arcade_gym.study import kit

SEEDS = 5
LUCK = (0.0, 0.3, -0.2, 0.1, -0.1)  # of each seed, whatever else it has
NOISE = {
    ("none", "full"): (0.01, -0.02, 0.0, 0.01, 0.02),
    ("none", "partial"): (0.0, 0.02, 0.01, -0.01, 0.0),
    ("gru", "full"): (-0.01, 0.0, 0.02, 0.01, 0.0),
    ("gru", "partial"): (0.02, 0.01, 0.0, 0.0, -0.01),
}
WORTH = {
    ("none", "full"): 0.6,
    ("none", "partial"): 0.2,
    ("gru", "full"): 0.55,
    ("gru", "partial"): 0.5,
}


def worth(config, memory=None, view=None):
    kind = (memory or config.memory, view or config.view)
    return WORTH[kind] + LUCK[config.seed] + NOISE[kind][config.seed]


def returns(config):
    """In its own view what it is worth, in the other 0.1 less than nothing."""
    own = worth(config)
    other = -0.1 + LUCK[config.seed]
    return (other, own) if config.partial_obs else (own, other)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """The folders' names, and so the seeds, are read in another order than written."""
    out = tmp_path_factory.mktemp("study")
    kit.write_study(out, returns, memory=("gru", "none"), seeds=SEEDS)
    records = results.read(out).records
    (found,) = by_algorithm(records[::-1])
    return found


def column(memory, view):
    return np.array([WORTH[memory, view]] * SEEDS) + LUCK + NOISE[memory, view]


def on_level(comparison, memory, quantity):
    return comparison.on_level("CartPoleEasy", memory, quantity, comparison.raw)


def test_returns_are_those_of_the_view_of_training(comparison):
    for view in ("full", "partial"):
        found = on_level(comparison, "gru", view)
        assert found.value == pytest.approx(column("gru", view).mean())
        assert found.seeds == SEEDS


@pytest.mark.parametrize("memory", ["none", "gru"])
def test_the_gap_is_full_less_partial_seed_by_seed(comparison, memory):
    """Paired in another way the luck of the seeds would stay in the interval."""
    full, partial = column(memory, "full"), column(memory, "partial")
    found = on_level(comparison, memory, "gap")
    wanted = stats.ttest_rel(full, partial).confidence_interval(0.95)
    assert found.value == pytest.approx((full - partial).mean())
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    unpaired = stats.ttest_ind(full, partial).confidence_interval(0.95)
    assert unpaired.high - unpaired.low > 3 * (found.high - found.low)


def test_the_bias_is_told_against_none_seed_by_seed(comparison):
    full, without = column("gru", "full"), column("none", "full")
    found = on_level(comparison, "gru", "bias")
    wanted = stats.ttest_rel(full, without).confidence_interval(0.95)
    assert found.value == pytest.approx(-0.05, abs=0.02)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert on_level(comparison, "none", "bias") is None


def test_transfer_is_the_return_in_the_other_view(comparison):
    for quantity in ("to_partial", "to_full"):
        found = on_level(comparison, "gru", quantity)
        assert found.value == pytest.approx(-0.1 + np.mean(LUCK))


def test_seeds_that_one_side_lacks_are_left_out(comparison):
    fewer = type(comparison)(
        "pqn",
        tuple(r for r in comparison.records if r.view == "full" or r.config.seed != 3),
    )
    found = on_level(fewer, "gru", "gap")
    kept = [0, 1, 2, 4]
    differences = (column("gru", "full") - column("gru", "partial"))[kept]
    assert found.seeds == 4
    assert found.value == pytest.approx(differences.mean())


def test_two_runs_of_one_seed_are_refused(comparison):
    twice = type(comparison)("pqn", (*comparison.records, comparison.records[0]))
    memory = comparison.records[0].config.memory
    with pytest.raises(ValueError, match="are both of seed"):
        on_level(twice, memory, "gap")


def test_the_memory_without_memory_comes_first(comparison):
    assert comparison.memories == ("none", "gru")


def test_normalised_returns_are_linear_in_returns(comparison):
    found = comparison.on_level("CartPoleEasy", "gru", "gap", comparison.normalised)
    raw = on_level(comparison, "gru", "gap")
    assert found.value == pytest.approx(raw.value / (1 - kit.RANDOM))


def test_an_unknown_quantity_is_refused(comparison):
    with pytest.raises(ValueError, match="quantity must be one of"):
        on_level(comparison, "gru", "gaps")


@pytest.fixture(scope="module")
def several_levels(tmp_path_factory):
    """Two levels of all memories, and one that lacks the GRU in the partial view."""
    out = tmp_path_factory.mktemp("study")
    levels = ("CartPoleEasy", "SkittlesEasy")
    values = {"CartPoleEasy": kit.RANDOM, "SkittlesEasy": 1.0, "TetrisEasy": 0.0}

    def returns(config):
        value = values[config.env_id]
        return value, value

    kit.write_study(out, returns, levels=levels, memory=("none", "gru"))
    kit.write_study(out, returns, levels=("TetrisEasy",), memory=("none",))
    kit.write_study(
        out, returns, levels=("TetrisEasy",), memory=("gru",), views=("full",)
    )
    (found,) = by_algorithm(results.read(out).records)
    return found


def test_means_are_over_levels_that_all_memories_share(several_levels):
    assert several_levels.shared_levels == ("CartPoleEasy", "SkittlesEasy")
    score = several_levels.normalised
    for memory in ("none", "gru"):
        found = several_levels.over_levels(memory, "full", score)
        assert found.value == pytest.approx(0.5)  # random play and all there is
        assert found.seeds == 2


def test_every_quantity_has_an_aggregate(several_levels):
    score = several_levels.normalised
    for quantity in QUANTITIES:
        found = several_levels.over_levels("gru", quantity, score, interquartile_mean)
        assert found is not None
    assert several_levels.over_levels("none", "bias", score) is None
