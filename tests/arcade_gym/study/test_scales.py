"""Scales of returns: where they come from, and what they map to what."""

import pytest

from arcade_gym.returns import all_returns
from arcade_gym.study.scales import as_published, normalised, scale_of

# Random play and what can be reached, from the pages of rules.
RULES = {
    "AutoEncodeEasy": (0.251, 1),
    "BattleShipHard": (-0.147, 1),
    "BreakoutMedium": (-0.946, 1),
    "CartPoleHard": (0.045, 1),
    "NoisyCartPoleEasy": (0.135, 1),
    "CountRecallHard": (0.061, 0.96),
    "MineSweeperMedium": (-0.013, 1),
    "NavigatorEasy": (-0.553, 0.957),
    "SkittlesHard": (0.137, 0.993),
    "TetrisHard": (-1, 1),
}


def test_every_level_has_a_scale():
    for env_id in all_returns():
        scale = scale_of(env_id)
        assert scale is not None
        assert scale.random < scale.reachable, env_id


@pytest.mark.parametrize("env_id", RULES)
def test_a_scale_is_that_of_the_rules(env_id):
    assert scale_of(env_id) == pytest.approx(RULES[env_id], abs=0.01)


def test_random_play_is_0_and_what_can_be_reached_is_1():
    random, reachable = scale_of("NavigatorEasy")
    assert normalised("NavigatorEasy", random) == 0
    assert normalised("NavigatorEasy", reachable) == 1
    assert normalised("TetrisHard", 0.0) == pytest.approx(0.5, abs=1e-3)
    assert normalised("LampEasy", 0.3) is None


@pytest.mark.parametrize(
    ("env_id", "value", "wanted"),
    [
        ("BattleShipEasy", -1.0, 0.0),
        ("MineSweeperHard", 1.0, 1.0),
        ("TetrisMedium", 0.0, 0.5),
        ("BreakoutEasy", 0.6, 1.0),
        ("NavigatorEasy", -0.5, -0.5),
        ("CartPoleEasy", 0.25, 0.25),
        ("NoisyCartPoleHard", 0.25, 0.25),
    ],
)
def test_the_scale_of_the_paper(env_id, value, wanted):
    assert as_published(env_id, value) == pytest.approx(wanted)
