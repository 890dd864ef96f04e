"""DQN on Chain with one pixel, which says where one is: compiles in no time."""

import functools
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from arcade_gym.baselines import state
from arcade_gym.baselines.learners.dqn import DQN
from jax_core import Environment
from tests.arcade_gym.baselines import chain

GAMMA = 0.8
SMALL = DQN(
    num_envs=8,
    num_steps=4,
    sequence_length=6,
    burn_in=2,
    stride=2,
    replay_rows=8 * 16,
    learning_starts=8 * 8,
    updates_per_collect=2,
    batch_rows=32,
    target_period=96,
    learning_rate=0.01,
    gamma=GAMMA,
    reward_scale=2.0,
)
"""Learns from the second iteration on, and moves the target network in every third."""


@dataclass(frozen=True, kw_only=True)
class OnePixel(Environment):
    """Chain, drawn as the number of the position."""

    def get_obs(self, state, params=None):
        del params
        return jnp.full((1, 1, 3), state.position, jnp.uint8)


class Table(eqx.Module):
    """Q-values of positions and actions, without memory."""

    q: Array

    def initial_carry(self):
        return ()

    def __call__(self, carry, obs, last_action, first):
        del last_action, first
        return carry, self.q[obs[:, 0, 0, 0].astype(jnp.int32)]


class Trace(eqx.Module):
    """A fading sum of what was seen and done, and linear Q-values of it."""

    inward: Array
    outward: Array

    def initial_carry(self):
        return jnp.zeros(4, jnp.float32)

    def __call__(self, carry, obs, last_action, first):
        position = obs[:, 0, 0, 0].astype(jnp.float32) / 4
        seen = jnp.stack([position, last_action.astype(jnp.float32) / 4], -1)

        def step(h, row):
            x, is_first = row
            h = jnp.where(is_first, 0.0, h)
            h = 0.7 * h + jnp.tanh(x @ self.inward)
            return h, h

        carry, h = jax.lax.scan(step, carry, (seen, first))
        return carry, h @ self.outward


def env(max_steps=6):
    return OnePixel(
        name="OnePixelEasy",
        game=chain.Chain(),
        default_params=chain.Params(max_steps=max_steps),
        obs_size=64,
    )


def table():
    q = np.random.default_rng(0).normal(size=(chain.LENGTH + 1, 5))
    return Table(jnp.asarray(q, jnp.float32))


def trace():
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=shape) for shape in ((2, 4), (4, 5)))
    return Trace(*(jnp.asarray(w, jnp.float32) for w in weights))


NETWORKS = {"table": table, "trace": trace}


def begun(algorithm, network, mesh=None):
    return state.start(algorithm, env(), NETWORKS[network](), seed=0, mesh=mesh)


def moved_on(algorithm, now, iterations=1, total_rows=10_000, mesh=None):
    return state.run_chunk(
        algorithm, env(), now, iterations=iterations, total_rows=total_rows, mesh=mesh
    )


@functools.cache
def history(network, iterations=7):
    """State and metrics after every iteration, the start included."""
    now = begun(SMALL, network)
    found = [(snapshot(now), {})]
    for _ in range(iterations):
        now, metrics = moved_on(SMALL, now)
        found.append((snapshot(now), {k: float(v[0]) for k, v in metrics.items()}))
    return found


def copied(leaf):
    return jnp.asarray(np.array(leaf))


def snapshot(now):
    """A copy, because states are donated."""
    arrays, rest = eqx.partition(now, eqx.is_array)
    return eqx.combine(jax.tree.map(copied, arrays), rest)
