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
    start = env.init(keys.reset, params)
    distance = distances(start)
    return closed_loop(lambda state, _: _descend(state, distance))(env, params, keys)


def act(state, params):
    del params  # the board says its size
    return _descend(state, distances(state))


def distances(state):
    """Steps to the treasure for every cell, n^2 where it is out of reach."""
    size = state.barriers.shape[0]
    far = jnp.int32(size**2)
    index = jnp.arange(size)
    is_goal = (index[:, None] == state.treasure_y) & (index[None] == state.treasure_x)

    def spread(_, distance):
        around = jnp.pad(distance, 1, constant_values=far)
        nearest = jnp.minimum(
            jnp.minimum(around[:-2, 1:-1], around[2:, 1:-1]),
            jnp.minimum(around[1:-1, :-2], around[1:-1, 2:]),
        )
        shorter = jnp.minimum(distance, nearest + 1)
        return jnp.where(state.barriers, far, jnp.minimum(shorter, far))

    # Seven barriers never make a way longer than four sides.
    return jax.lax.fori_loop(0, 4 * size, spread, jnp.where(is_goal, 0, far))


def _descend(state, distance):
    size = distance.shape[0]
    row, col = state.agent_y + STEPS[:, 0], state.agent_x + STEPS[:, 1]
    inside = (row >= 0) & (row < size) & (col >= 0) & (col < size)
    there = distance[row.clip(0, size - 1), col.clip(0, size - 1)]
    there = jnp.where(inside, there, size**2)
    here = distance[state.agent_y, state.agent_x]
    move = jnp.argmin(there).astype(jnp.int32)
    return jnp.where(jnp.min(there) < here, move, Move.FIRE)
