"""Scales of returns: where they come from, and what they map to what."""

import json
from pathlib import Path

import pytest

from arcade_gym.study.scales import SCALES, as_published, normalised
from jax_core import registry

RETURNS = Path(__file__).parents[3] / "docs" / "games" / "returns.json"


def test_every_level_has_the_numbers_of_its_page():
    measured = json.loads(RETURNS.read_text())
    assert set(SCALES) == set(measured)
    for env_id, scale in SCALES.items():
        played = measured[env_id]
        assert scale == (played["random"][0], played["player"][0]), env_id


def test_the_games_are_those_that_were_measured():
    """A new version has other returns: measure them (docs/gallery.py --measure)."""
    versions = {registry.find_level(env_id)[0].version for env_id in SCALES}
    assert versions == {0}


def test_random_play_is_0_and_what_can_be_reached_is_1():
    assert normalised("NavigatorEasy", -0.562) == 0
    assert normalised("NavigatorEasy", 0.952) == 1
    assert normalised("TetrisHard", 0.0) == 0.5
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
