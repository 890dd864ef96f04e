"""Lanes that play one game, one row at a time, on the functional interface.

A row is one frame of one lane. When the step of a row ends an episode, the next row
shows the episode's final frame and is a *dummy* (Gymnasium's NextStep autoreset): its
action is ignored, it pays 0, and it leads to the first frame of the next episode. So

    row            t         t+1        t+2
    frame          last but  final      first of the next
                   one       frame      episode
    ended          true      false      ...
    dummy          false     true       false
    first          false     false      true

every row draws one picture, and the value and the memory of a final frame come from an
ordinary row: a truncated episode bootstraps from row t+1 without further ado.

The key chain of a lane is that of `arcade_gym.lanes.chain`: a seed stands for the same
episodes here, in the environments, in films and in human play.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32, Int32, UInt8, UInt32

from arcade_gym.baselines.rollouts import episodes
from arcade_gym.baselines.rollouts.episodes import EpisodeStats
from jax_core import Environment, random
from jax_core.environment import Transition, select

NO_ACTION = -1
"""The last action in the first frame of an episode; 0 would mean "up"."""


class Lanes(NamedTuple):
    """Where the lanes stand. Every leaf begins with the axis of the lanes."""

    state: Any  # of the game
    key: UInt32[Array, "lanes 2"]  # the chain of each lane, as raw key data
    obs: UInt8[Array, "lanes height width channels"]  # the picture of `state`
    first: Bool[Array, " lanes"]  # the first frame of an episode: memory starts anew
    dummy: Bool[Array, " lanes"]  # the final frame of an episode: the next step resets
    last_action: Int32[Array, " lanes"]  # that led to `obs`; NO_ACTION in first frames
    carry: Any  # of the memory, before it sees `obs`
    stats: EpisodeStats


class Outcome(NamedTuple):
    """What the step of a row gave; a dummy's is all zeros."""

    reward: Float32[Array, " lanes"]
    terminated: Bool[Array, " lanes"]  # ended by the rules
    ended: Bool[Array, " lanes"]  # ended, either way


def start(env: Environment, carry: Any, seeds: UInt32[Array, " lanes"]) -> Lanes:
    """Starts an episode in every lane.

    Args:
        env: the game and its view.
        carry: the initial carry of the memory, [lanes, ...] each leaf.
        seeds: of the key chains of the lanes.
    """
    num_envs = len(seeds)
    key, state = jax.vmap(partial(_begin, env))(seeds)
    return Lanes(
        state=state,
        key=key,
        obs=jax.vmap(env.get_obs)(state),
        first=jnp.ones(num_envs, jnp.bool_),
        dummy=jnp.zeros(num_envs, jnp.bool_),
        last_action=jnp.full(num_envs, NO_ACTION, jnp.int32),
        carry=carry,
        stats=episodes.blank(num_envs),
    )


def advance(
    env: Environment, lanes: Lanes, action: Int32[Array, " lanes"], carry: Any
) -> tuple[Lanes, Outcome]:
    """Plays one row in every lane.

    Args:
        env: the game and its view.
        lanes: where they stand.
        action: of each lane; ignored in dummy rows.
        carry: of the memory, after it saw `lanes.obs`.
    """
    dummy = lanes.dummy
    key, fresh, played = jax.vmap(partial(_event, env))(lanes.key, lanes.state, action)
    state = jax.vmap(select)(dummy, fresh, played.state)
    outcome = Outcome(
        reward=jnp.where(dummy, 0.0, played.reward),
        terminated=played.terminated & ~dummy,
        ended=(played.terminated | played.truncated) & ~dummy,
    )
    after = Lanes(
        state=state,
        key=key,
        obs=jax.vmap(env.get_obs)(state),
        first=dummy,
        dummy=outcome.ended,
        last_action=jnp.where(dummy, NO_ACTION, action),
        carry=carry,
        stats=episodes.record(lanes.stats, *outcome, dummy),
    )
    return after, outcome


def _begin(env: Environment, seed: Any) -> tuple[UInt32[Array, "2"], Any]:
    key, event_key = random.split(jax.random.key(seed))
    return jax.random.key_data(key), env.init(event_key)


def _event(
    env: Environment, key: UInt32[Array, "2"], state: Any, action: Any
) -> tuple[UInt32[Array, "2"], Any, Transition]:
    """Both of a lane's possible events: the fresh state of a reset, and the step."""
    chain, event_key = random.split(jax.random.wrap_key_data(key))
    # An event is either a reset or a step, so the two may share its key.
    event = jax.random.key_data(event_key)
    fresh = env.init(jax.random.wrap_key_data(event))
    played = env.transition(jax.random.wrap_key_data(event), state, action)
    return jax.random.key_data(chain), fresh, played
