"""What the tests of the vector environment share."""

import itertools

import jax
import numpy as np
import pytest
import torch

from arcade_gym import ArcadeVectorEnv
from jax_core import registry

BACKENDS = {"jax": jax.Array, "torch": torch.Tensor, "numpy": np.ndarray}
GAMES = sorted(registry.games)
MODES = ("NextStep", "SameStep", "Disabled")


def _backends_and_modes():
    """Each of both once; that they know nothing of each other is a slow test."""
    chosen = set(zip(BACKENDS, MODES, strict=True))
    for pair in itertools.product(BACKENDS, MODES):
        yield pytest.param(*pair, marks=() if pair in chosen else pytest.mark.slow)


every_backend_and_mode = pytest.mark.parametrize(
    ("backend", "mode"), list(_backends_and_modes())
)


def make(num_envs=3, game="Breakout", **options):
    options = {"obs_size": 64, "max_episode_steps": 5} | options
    return ArcadeVectorEnv(num_envs, game=game, **options)


def random_actions(steps, num_envs, seed=0):
    return np.random.default_rng(seed).integers(0, 5, (steps, num_envs), np.int32)


def play(envs, actions, seed=0):
    """All results as NumPy copies, the reset first."""
    obs, _ = envs.reset(seed=seed)
    played = [(np.asarray(obs).copy(), 0, 0, 0)]
    for action in actions:
        *results, info = envs.step(action)
        assert info == {}
        played.append(tuple(np.asarray(result).copy() for result in results))
    return played


def equal(played, other):
    pairs = zip(played, other, strict=True)
    return all(
        np.array_equal(a, b) for x, y in pairs for a, b in zip(x, y, strict=True)
    )
