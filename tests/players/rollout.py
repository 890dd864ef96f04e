"""Plays whole episodes through the public interface, for scripted players.

A *plan* is a function `plan(env, params, keys) -> int32[T]` that may look at
everything: the hidden state and, through the keys, the future. A player that only needs
the present state is an `act(state, params) -> action` and becomes a plan with
`closed_loop`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Keys(NamedTuple):
    """All randomness of one episode."""

    reset: jax.Array
    steps: jax.Array  # [T]


class Episode(NamedTuple):
    """One episode, padded to the step limit; `alive[t]`: step t was played."""

    states: object  # before each step
    actions: jax.Array
    rewards: jax.Array  # 0 after the end
    terminated: jax.Array
    truncated: jax.Array
    alive: jax.Array

    @property
    def total(self):
        """Return of the episode."""
        return jnp.sum(self.rewards, axis=-1)

    @property
    def length(self):
        """Steps played."""
        return jnp.sum(self.alive, axis=-1)


def episode_keys(key, max_steps):
    reset_key, steps_key = jax.random.split(key)
    return Keys(reset_key, jax.random.split(steps_key, max_steps))


def follow(env, params, keys, actions):
    """Plays given actions; steps after the end change nothing."""

    def step(carry, inputs):
        state, alive = carry
        step_key, action = inputs
        result = env.transition(step_key, state, action, params)
        record = Episode(
            states=state,
            actions=action,
            rewards=jnp.where(alive, result.reward, 0.0),
            terminated=result.terminated & alive,
            truncated=result.truncated & alive,
            alive=alive,
        )
        return (result.state, alive & ~result.done), record

    start = (env.init(keys.reset, params), jnp.bool_(True))
    return jax.lax.scan(step, start, (keys.steps, actions))[1]


def closed_loop(act):
    """Makes a plan of a player that decides from the present state."""

    def plan(env, params, keys):
        def step(state, step_key):
            action = jnp.asarray(act(state, params), jnp.int32)
            return env.transition(step_key, state, action, params).state, action

        return jax.lax.scan(step, env.init(keys.reset, params), keys.steps)[1]

    return plan


def play(env, params, plan, seed, num_episodes):
    """Plays a batch of episodes with one compiled plan."""

    def run(key):
        keys = episode_keys(key, params.max_steps)
        return follow(env, params, keys, plan(env, params, keys))

    return jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(seed), num_episodes))
