"""Ids of games of users in Gymnasium."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

import arcade_gym
import jax_core
from arcade_gym import ArcadeVectorEnv
from arcade_gym.lanes import arguments
from jax_core import registry
from jax_core.contract import ContractError
from jax_core.game import Difficulty
from tests.jax_core.dot import LEVELS, SPEC

IDS = ("popgym_arcade/Dot-v0", "popgym_arcade/DotEasy-v0", "popgym_arcade/DotHard-v0")


@pytest.fixture
def clean():
    yield
    if "Dot" in registry.games:
        arcade_gym.unregister("Dot")


@pytest.fixture
def dot(clean):
    return arcade_gym.register(SPEC)


def test_a_registered_game_is_played_through_gymnasium(dot):
    assert dot == IDS
    assert "Dot" in [game.name for game in arcade_gym.list_games()]
    env = gymnasium.make(IDS[1], obs_size=64)
    envs = gymnasium.make_vec(
        IDS[0], num_envs=2, obs_size=64, backend="numpy", difficulty="hard"
    )
    one, many = env.reset(seed=3)[0], envs.reset(seed=3)[0]
    for _ in range(3):
        assert np.array_equal(one, many[0])
        one, many = env.step(3)[0], envs.step(np.full(2, 3))[0]
    arcade_gym.unregister("Dot")
    assert gymnasium.registry.keys().isdisjoint(IDS)
    assert "DotEasy" not in jax_core.registered_envs


def test_a_level_that_a_game_lacks_is_refused(dot):
    with pytest.raises(ValueError, match=r"Unknown difficulty 'medium'.* All: easy, h"):
        ArcadeVectorEnv(game="Dot", difficulty="medium")


def test_without_an_easy_level_the_easiest_is_played(clean):
    hard = {Difficulty.HARD: LEVELS[Difficulty.HARD]}
    arcade_gym.register(replace(SPEC, levels=hard))
    found = arguments.environment(
        {
            "game": "Dot",
            "difficulty": None,
            "partial_obs": False,
            "obs_size": 64,
            "grayscale": False,
        },
        params={},
    )
    assert found.name == "DotHard"


def test_a_game_known_to_jax_core_gets_its_ids(clean):
    jax_core.register(SPEC)
    assert gymnasium.registry.keys().isdisjoint(IDS)
    assert arcade_gym.register(SPEC) == IDS
    assert gymnasium.registry.keys() >= set(IDS)


def test_a_name_is_registered_once(dot):
    for spec in (SPEC, replace(SPEC, version=1)):
        with pytest.raises(ValueError, match="'Dot' is registered already"):
            arcade_gym.register(spec)
    assert "popgym_arcade/Dot-v1" not in gymnasium.registry


def test_what_breaks_the_contract_gets_no_ids(clean):
    with pytest.raises(ContractError, match="levels must be a dict"):
        arcade_gym.register(replace(SPEC, levels={}))
    assert gymnasium.registry.keys().isdisjoint(IDS)


def test_games_of_this_package_stay():
    with pytest.raises(ValueError, match="Unknown game of your own 'Breakout'"):
        arcade_gym.unregister("Breakout")
    assert "popgym_arcade/Breakout-v0" in gymnasium.registry
