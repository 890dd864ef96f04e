"""Walks a shortest way to the treasure, knowing the map."""

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.game import Move
from tests.players.rollout import closed_loop

STEPS = np.array(
    [(-1, 0), (1, 0), (0, -1), (0, 1)]
)  # (row, col) of UP, DOWN, LEFT, RIGHT


def plan(env, params, keys):
    """Computes the distances once; fires for ever where the treasure is cut off."""
    distance = _distances(env.init(keys.reset, params))

    def act(state, _):
        return descend(state.agent_y, state.agent_x, distance)

    return closed_loop(act)(env, params, keys)


def act(state, params):
    del params  # the board says its size
    return descend(state.agent_y, state.agent_x, _distances(state))


def distances(barriers, is_goal):
    """Steps to the goal for every cell, n^2 where it is out of reach.

    Args:
        barriers: bool [row, col].
        is_goal: bool [row, col].
    """
    size = barriers.shape[0]
    far = jnp.int32(size**2)

    def spread(_, distance):
        around = jnp.pad(distance, 1, constant_values=far)
        nearest = jnp.minimum(
            jnp.minimum(around[:-2, 1:-1], around[2:, 1:-1]),
            jnp.minimum(around[1:-1, :-2], around[1:-1, 2:]),
        )
        shorter = jnp.minimum(distance, nearest + 1)
        return jnp.where(barriers, far, jnp.minimum(shorter, far))

    # Seven barriers never make a way longer than four sides.
    return jax.lax.fori_loop(0, 4 * size, spread, jnp.where(is_goal, 0, far))


def descend(row, col, distance):
    """One step on a shortest way; fires at its end, and where there is none."""
    size = distance.shape[0]
    rows, cols = row + STEPS[:, 0], col + STEPS[:, 1]
    inside = (rows >= 0) & (rows < size) & (cols >= 0) & (cols < size)
    there = distance[rows.clip(0, size - 1), cols.clip(0, size - 1)]
    there = jnp.where(inside, there, size**2)
    move = jnp.argmin(there).astype(jnp.int32)
    return jnp.where(jnp.min(there) < distance[row, col], move, Move.FIRE)


def _distances(state):
    index = jnp.arange(state.barriers.shape[0])
    is_goal = (index[:, None] == state.treasure_y) & (index[None] == state.treasure_x)
    return distances(state.barriers, is_goal)
