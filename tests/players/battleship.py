"""Fires at every ship cell once, knowing the ships, or searches for them."""

import jax.numpy as jnp

from tests.players.minesweeper import approach


def act(state, params):
    del params  # the board says its size
    return approach(state.cursor_x, state.cursor_y, state.ships & ~state.fired)


def search(state, params):
    """Knows only what its own shots said, as one who remembers the partial view.

    It fires beside hits, or else at the nearest fresh cell of a chessboard's black
    ones, since every ship covers one.
    """
    del params  # the board says its size
    hits, fresh = state.ships & state.fired, ~state.fired
    around = jnp.pad(hits, 1)
    is_beside = around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2]
    is_beside |= around[1:-1, 2:]
    cells = jnp.arange(hits.shape[0])
    is_black = (cells[:, None] + cells[None]) % 2 == 0
    goals = is_beside & fresh
    for others in (is_black & fresh, fresh):
        goals = jnp.where(jnp.any(goals), goals, others)
    return approach(state.cursor_x, state.cursor_y, goals)
