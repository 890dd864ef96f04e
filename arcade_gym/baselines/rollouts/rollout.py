"""Rollouts: rows of all lanes, the one form of data that every learner takes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float32, Int32, UInt8

from arcade_gym.baselines.rollouts.lanes import Lanes, advance
from jax_core import Environment

Behaviour = dict[str, Array]
"""What a learner wants to keep of its own outputs, [lanes] each."""


class Seen(NamedTuple):
    """What a network sees. Leading axes as the context says."""

    obs: UInt8[Array, "*axes height width channels"]
    last_action: Int32[Array, "*axes"]
    first: Bool[Array, "*axes"]


class Rows(NamedTuple):
    """Rows of a rollout. Every leaf begins with the axes time and lanes."""

    seen: Seen
    dummy: Bool[Array, "time lanes"]  # a final frame: no part of any loss or mean
    action: Int32[Array, "time lanes"]
    reward: Float32[Array, "time lanes"]  # as the game pays it
    terminated: Bool[Array, "time lanes"]
    ended: Bool[Array, "time lanes"]  # terminated or truncated
    behaviour: Behaviour


Act = Callable[[Any, Seen, Array], tuple[Any, Int32[Array, " lanes"], Behaviour]]
"""From carry, what the lanes see, and a key: the next carry, actions, and notes."""


def seen_by(lanes: Lanes) -> Seen:
    """What a network sees of lanes, [lanes] axes."""
    return Seen(obs=lanes.obs, last_action=lanes.last_action, first=lanes.first)


def collect(
    env: Environment, act: Act, lanes: Lanes, keys: Array, *, sequence_length: int
) -> tuple[Lanes, Rows, Any]:
    """Plays one row in every lane for each key.

    Args:
        env: the game and its view.
        act: chooses the actions.
        lanes: where to go on.
        keys: typed keys [time].
        sequence_length: rows between two carries that are kept; divides the time.

    Returns:
        The lanes afterwards, the rows, and the carries before the rows 0,
        sequence_length, 2 sequence_length, ...: [time / sequence_length, lanes, ...].
    """

    def play_row(lanes: Lanes, key: Array) -> tuple[Lanes, Rows]:
        seen = seen_by(lanes)
        carry, action, behaviour = act(lanes.carry, seen, key)
        after, outcome = advance(env, lanes, action, carry)
        # Stacked are the frames before the step: XLA would draw those after it inside
        # the stacking, on one core of a CPU.
        return after, Rows(seen, lanes.dummy, action, *outcome, behaviour)

    def play_sequence(lanes: Lanes, keys: Array) -> tuple[Lanes, tuple[Rows, Any]]:
        after, rows = lax.scan(play_row, lanes, keys)
        return after, (rows, lanes.carry)

    keys = keys.reshape(-1, sequence_length)
    lanes, (rows, carries) = lax.scan(play_sequence, lanes, keys)
    rows = jax.tree.map(lambda leaf: jnp.reshape(leaf, (-1, *leaf.shape[2:])), rows)
    return lanes, rows, carries
