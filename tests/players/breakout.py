"""Keeps the ball over the inside of the paddle."""

import jax.numpy as jnp

from jax_core.game import Move


def act(state, params):
    """Moves the middle of the paddle under the ball."""
    middle = state.paddle_x + params.paddle_width // 2
    step = jnp.where(state.ball_x < middle, Move.LEFT, Move.RIGHT)
    return jnp.where(state.ball_x == middle, Move.UP, step)


def flee(state, params):
    """Loses the ball as soon as possible."""
    middle = state.paddle_x + params.paddle_width // 2
    return jnp.where(state.ball_x < middle, Move.RIGHT, Move.LEFT)
