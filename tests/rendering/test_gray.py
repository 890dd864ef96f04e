"""Frames of one channel: the brightness of the frames of three."""

import itertools

import jax
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv

import jax_core
from arcade_gym.wrappers import Grayscale
from jax_core import registry
from tests.compiling import jit_plainly
from tests.rendering.played import LANES, played


def frames(env_id, partial_obs, size, channels):
    env, _ = jax_core.make(
        env_id, partial_obs=partial_obs, obs_size=size, channels=channels
    )
    found = np.asarray(jit_plainly(jax.vmap(env.get_obs))(played(env_id)))
    assert env.observation_space().contains(found[0])
    return found


def gray(colors):
    """ITU-R BT.601 in 256 parts: 77 of red, 150 of green, 29 of blue."""
    red, green, blue = np.moveaxis(colors.astype(np.int32), -1, 0)
    return ((77 * red + 150 * green + 29 * blue) // 256).astype(np.uint8)[..., None]


def games_and_sizes():
    """Cards, polygons and a board; the rest, drawn by the same code, is slow."""
    chosen = {("AutoEncode", False), ("CartPole", True), ("Breakout", False)}
    for game in sorted(registry.games):
        for partial_obs, size in itertools.product((False, True), (64, 65, 84, 128)):
            is_chosen = size == 64 and (game, partial_obs) in chosen
            marks = () if is_chosen else pytest.mark.slow
            view = "partial" if partial_obs else "full"
            yield pytest.param(
                game, partial_obs, size, marks=marks, id=f"{game}-{view}-{size}"
            )


@pytest.mark.parametrize(("game", "partial_obs", "size"), list(games_and_sizes()))
def test_gray_frames_are_the_brightness_of_colors(game, partial_obs, size):
    colors = frames(f"{game}Easy", partial_obs, size, 3)
    found = frames(f"{game}Easy", partial_obs, size, 1)
    assert found.shape == (LANES, size, size, 1)
    assert np.array_equal(found, gray(colors))


class Shown(VectorEnv):
    """Returns frames that it is given."""

    def __init__(self, shown):
        self.num_envs = len(shown)
        self.single_observation_space = Box(0, 255, shown.shape[1:], np.uint8)
        self.observation_space = Box(0, 255, shown.shape, np.uint8)
        self.shown = shown

    def reset(self, *, seed=None, options=None):
        return self.shown, {}


def test_gray_frames_equal_those_of_the_wrapper():
    colors = frames("BattleShipEasy", True, 64, 3)
    wrapped, _ = Grayscale(Shown(colors)).reset()
    assert np.array_equal(frames("BattleShipEasy", True, 64, 1), wrapped)
