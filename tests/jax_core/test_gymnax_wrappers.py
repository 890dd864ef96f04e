"""Wrappers and loops written for gymnax (API 0.0.x) run on our environments unchanged.

The wrappers are written as users write them: they know `reset(key, params)`,
`step(key, state, action, params)`, the spaces, and nothing of this package.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import pytest

import jax_core
from tests.episodes import logged_by_hand

LANES, STEPS = 3, 23


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["env_state", "returns", "lengths", "last_returns", "last_lengths"],
    meta_fields=[],
)
@dataclass
class LogState:
    env_state: Any
    returns: Any = 0.0
    lengths: Any = 0
    last_returns: Any = 0.0
    last_lengths: Any = 0


class Wrapper:
    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        return getattr(self._env, name)


class FlattenObservation(Wrapper):
    def observation_space(self, params):
        box = self._env.observation_space(params)
        return type(box)(box.low, box.high, (np.prod(box.shape).item(),), box.dtype)

    def reset(self, key, params=None):
        obs, state = self._env.reset(key, params)
        return obs.reshape(-1), state

    def step(self, key, state, action, params=None):
        obs, *rest = self._env.step(key, state, action, params)
        return obs.reshape(-1), *rest


class Log(Wrapper):
    @partial(jax.jit, static_argnums=0)
    def reset(self, key, params=None):
        obs, env_state = self._env.reset(key, params)
        return obs, LogState(env_state)

    @partial(jax.jit, static_argnums=0)
    def step(self, key, state, action, params=None):
        obs, env_state, reward, done, info = self._env.step(
            key, state.env_state, action, params
        )
        returns, lengths = state.returns + reward, state.lengths + 1
        state = LogState(
            env_state,
            returns * (1 - done),
            lengths * (1 - done),
            state.last_returns * (1 - done) + returns * done,
            state.last_lengths * (1 - done) + lengths * done,
        )
        info["returned_episode_returns"] = state.last_returns
        info["returned_episode_lengths"] = state.last_lengths
        info["returned_episode"] = done
        return obs, state, reward, done, info


def rollout(env, params, key):
    """Random play of a batch in one scan, as in scripts for gymnax."""
    key, reset_key = jax.random.split(key)
    obs, state = jax.vmap(env.reset, in_axes=(0, None))(
        jax.random.split(reset_key, LANES), params
    )

    def step(carry, step_key):
        state, _ = carry
        action_key, move_key = jax.random.split(step_key)
        sample = jax.vmap(env.action_space(params).sample)
        action = sample(jax.random.split(action_key, LANES))
        obs, state, reward, done, info = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
            jax.random.split(move_key, LANES), state, action, params
        )
        return (state, obs), (reward, done, info)

    keys = jax.random.split(key, STEPS)
    (_, obs), results = jax.lax.scan(step, (state, obs), keys)
    return obs, results


@pytest.fixture(scope="module")
def played():
    env, params = jax_core.make(
        "SkittlesEasy", partial_obs=True, obs_size=64, max_steps=7
    )
    env = Log(FlattenObservation(env))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        run = jax.jit(rollout, static_argnums=0)
        obs, results = run(env, params, jax.random.key(1))
        run(env, params, jax.random.key(2))
    assert run._cache_size() == 1
    return env, params, obs, jax.tree.map(np.asarray, results)


def test_logged_episodes_agree_with_a_plain_loop(played):
    *_, (reward, done, info) = played
    assert done.sum(0).min() >= 3
    for lane in range(LANES):
        wanted = logged_by_hand(reward[:, lane], done[:, lane])
        found = (info["returned_episode_returns"], info["returned_episode_lengths"])
        np.testing.assert_allclose(
            np.stack([values[:, lane] for values in found], axis=1), wanted, rtol=1e-5
        )
    np.testing.assert_array_equal(info["returned_episode"], done)
    assert (reward > 0).any()


def test_flattened_frames_fill_their_space(played):
    env, params, obs, _ = played
    space = env.observation_space(params)
    assert space.shape == (64 * 64 * 3,)
    assert obs.shape == (LANES, *space.shape)
    assert space.contains(obs[0])
    assert len(np.unique(obs)) > 1


def test_wrappers_pass_other_names_through(played):
    env, params, *_ = played
    assert env.num_actions == 5
    assert env.name in jax_core.registered_envs
    assert env.default_params == params
