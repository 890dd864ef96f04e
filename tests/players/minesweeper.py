"""Opens all safe cells, knowing the mines, within the step limit; or infers them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.game import Move


def plan(env, params, keys):
    """Walks to the nearest corner and then row by row through the board.

    That takes at most n - 2 and n^2 - 1 moves; with the n^2 - m shots it fits 2 n^2.
    """
    size = params.size
    start = env.init(keys.reset, params)
    flips = start.cursor_x >= size // 2, start.cursor_y >= size // 2

    def step(carry, step_key):
        state, visited = carry
        x, y = _stop(visited, size, flips)
        arrived = (state.cursor_x == x) & (state.cursor_y == y)
        is_done = (state.mines | state.opened)[y, x]
        visited += (arrived & is_done).astype(jnp.int32)
        x, y = _stop(visited, size, flips)
        action = toward(state.cursor_x, state.cursor_y, x, y)
        state = env.transition(step_key, state, action, params).state
        return (state, visited), action

    return jax.lax.scan(step, (start, jnp.int32(0)), keys.steps)[1]


def act(state, params):
    """Opens the nearest safe cell; shorter to say, but may run out of time."""
    return approach(state.cursor_x, state.cursor_y, ~(state.mines | state.opened))


def _stop(index, size, flips):
    """Cell of the tour; it starts in a corner and turns at the end of each row."""
    index = jnp.clip(index, 0, size**2 - 1)
    y, along = index // size, index % size
    x = jnp.where(y % 2 == 0, along, size - 1 - along)
    flip_x, flip_y = flips
    return jnp.where(flip_x, size - 1 - x, x), jnp.where(flip_y, size - 1 - y, y)


def toward(x, y, goal_x, goal_y):
    """One move towards a cell, first along the row; fires on arrival."""
    horizontal = jnp.where(x < goal_x, Move.RIGHT, Move.LEFT)
    vertical = jnp.where(y < goal_y, Move.DOWN, Move.UP)
    action = jnp.where(x == goal_x, vertical, horizontal)
    return jnp.where((x == goal_x) & (y == goal_y), Move.FIRE, action)


def approach(x, y, goals):
    """Goes to the nearest of the marked cells and fires there."""
    rows, cols = goals.shape
    row, col = jnp.arange(rows)[:, None], jnp.arange(cols)[None]
    distance = jnp.where(goals, abs(row - y) + abs(col - x), rows + cols)
    nearest = jnp.argmin(distance)
    return toward(x, y, nearest % cols, nearest // cols)


def infer(state, params):
    """Opens the nearest of the safest cells, knowing only the numbers it has opened.

    It goes through all ways to lay the mines, of which the easiest level has 120.
    """
    size, mines = params.size, params.num_mines
    layouts = _layouts(size, mines)
    numbers = jnp.asarray(_numbers(layouts))
    shown = _numbers(state.mines[None], jnp)[0]
    fits = ~jnp.any(state.opened & (layouts | (numbers != shown)), axis=(1, 2))
    danger = jnp.sum(fits[:, None, None] & layouts, axis=0, dtype=jnp.int32)
    danger = jnp.where(state.opened, len(layouts) + 1, danger)
    return approach(state.cursor_x, state.cursor_y, danger == jnp.min(danger))


def _layouts(size, mines):
    """All boards: bool [layouts, row, col]."""
    places = list(itertools.combinations(range(size**2), mines))
    boards = np.zeros((len(places), size**2), np.bool_)
    np.put_along_axis(boards, np.array(places), True, axis=1)
    return boards.reshape(-1, size, size)


def _numbers(boards, numpy=np):
    """Mines in the 3 x 3 block around every cell of boards."""
    size = boards.shape[-1]
    padded = numpy.pad(boards.astype(np.int32), ((0, 0), (1, 1), (1, 1)))
    shifts = itertools.product(range(3), range(3))
    return sum(padded[:, r : r + size, c : c + size] for r, c in shifts)
