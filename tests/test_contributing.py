"""The example of CONTRIBUTING is a complete game."""

import re
import sys
import types
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from arcade_gym import ArcadeVectorEnv
from jax_core import registry

GUIDE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def catch(monkeypatch):
    """The module in the guide, with its line in the registry."""
    (source,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    module = types.ModuleType("catch")
    monkeypatch.setitem(sys.modules, "catch", module)
    exec(compile(source, str(GUIDE), "exec"), module.__dict__)
    monkeypatch.setitem(registry.games, "Catch", module.SPEC)
    for difficulty in module.SPEC.levels:
        env_id = registry.level_id(module.SPEC, difficulty)
        monkeypatch.setitem(registry.levels, env_id, (module.SPEC, difficulty))
    return module


def test_the_game_in_the_guide_can_be_played(catch):
    env, params = jax_core.make("CatchEasy", obs_size=64)
    keys = jax.random.split(jax.random.key(0), 16)
    state = jax.vmap(env.init)(keys)
    transition = jax.jit(jax.vmap(env.transition, in_axes=(0, 0, 0, None)))
    total = 0.0
    for _ in range(params.size - 1):
        ball, basket = np.asarray(state.ball_x), np.asarray(state.basket_x)
        actions = np.where(ball < basket, 2, np.where(ball > basket, 3, 0))
        result = transition(keys, state, actions.astype(np.int32), params)
        state, total = result.state, total + result.reward
    assert result.terminated.all()
    assert (total == 1).all()


def test_the_game_in_the_guide_hides_the_ball(catch):
    full, partial = (
        jax_core.make("CatchEasy", partial_obs=partial_obs, obs_size=64)[0]
        for partial_obs in (False, True)
    )
    start = full.init(jax.random.key(0))
    for row, is_same in ((1, True), (5, False)):
        state = replace(start, ball_y=jnp.int32(row))
        assert np.array_equal(full.get_obs(state), partial.get_obs(state)) == is_same


def test_the_game_in_the_guide_is_a_vector_environment(catch):
    envs = ArcadeVectorEnv(4, game="Catch", obs_size=64, backend="numpy")
    envs.reset(seed=0)
    for _ in range(8):
        obs, *_ = envs.step(np.full(4, 3))
    assert obs.shape == (4, 64, 64, 3)
