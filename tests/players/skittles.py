"""Survives as long as possible, knowing all blocks to come."""

from dataclasses import replace

import jax
import jax.numpy as jnp

from jax_core.game import Move

SHIFTS = (0, -1, 1)
ACTIONS = (Move.UP, Move.LEFT, Move.RIGHT)


def plan(env, params, keys):
    """Dynamic programming backwards over the columns of the lane."""
    start = env.init(keys.reset, params)
    is_deadly = _deadly(env, params, keys, start)
    col = jnp.arange(is_deadly.shape[1])
    goals = jnp.stack(
        [jnp.clip(col + s, params.lane_start, params.lane_end) for s in SHIFTS]
    )

    def decide(steps_left, deadly):
        """Steps survived from each column, and the best choice there."""
        after = jnp.where(deadly, 0, steps_left)[goals]
        return after.max(axis=0) + 1, jnp.argmax(after, axis=0)

    nothing = jnp.zeros(len(col), jnp.int32)
    choices = jax.lax.scan(decide, nothing, is_deadly, reverse=True)[1]

    def walk(x, choice):
        return goals[choice[x], x], jnp.array(ACTIONS, jnp.int32)[choice[x]]

    return jax.lax.scan(walk, start.agent_x, choices)[1]


def act(state, params):
    """Leaves the present column when a block is about to come down."""
    free = ~(state.enemies[8] | state.enemies[9])
    x = state.agent_x
    left, right = x > params.lane_start, x < params.lane_end
    can_left, can_right = left & free[x - 1], right & free[(x + 1).clip(max=9)]
    flight = jnp.where(can_left, Move.LEFT, jnp.where(can_right, Move.RIGHT, Move.UP))
    return jnp.where(free[x], Move.UP, flight)


def remember(env, params, keys):
    """Dodges the blocks that it has seen in the partial view, moved on in mind."""

    def step(carry, step_key):
        state, known = carry
        known |= state.enemies & (state.visible | (state.time == 0))
        action = act(replace(state, enemies=known), params)
        after = env.transition(step_key, state, action, params).state
        moved = jnp.concatenate([jnp.zeros_like(known[:1]), known[:-1]])
        return (after, moved), jnp.asarray(action, jnp.int32)

    start = env.init(keys.reset, params)
    carry = (start, jnp.zeros_like(start.enemies))
    return jax.lax.scan(step, carry, keys.steps)[1]


def _deadly(env, params, keys, start):
    """[step, column]: whether being in that column in that step is a hit.

    Blocks fall whatever the player does, so one played-on episode shows them all.
    """

    def step(state, step_key):
        after = env.transition(step_key, state, Move.UP, params).state
        return after, state.enemies[-1] | after.enemies[-1]

    return jax.lax.scan(step, start, keys.steps)[1]
