"""What the tests of games on a square board share."""

import numpy as np

from jax_core.game import Move
from tests.games import kit

SHIFTS = {  # columns to the right and rows down
    Move.UP: (0, -1),
    Move.DOWN: (0, 1),
    Move.LEFT: (-1, 0),
    Move.RIGHT: (1, 0),
    Move.FIRE: (0, 0),
}


def board(n, *cells):
    """Marks cells (row, column)."""
    marked = np.zeros((n, n), bool)
    for row, col in cells:
        marked[row, col] = True
    return marked


def field(n):
    """Where a board of n x n cells is drawn."""
    return kit.WIDE_FIELD if n == 10 else kit.FULL_FIELD


def under_cursor(states, like):
    """Marks the cell under the cursor; `like` is a batch of boards."""
    marked = np.zeros(like.shape, bool)
    marked[np.arange(len(marked)), states.cursor_y, states.cursor_x] = True
    return marked


def cells(n):
    """Columns and rows of all cells."""
    cols, rows = np.meshgrid(np.arange(n), np.arange(n))
    return cols.ravel(), rows.ravel()


def step_from_every_cell(env_id, n, action, who="cursor", **fields):
    """Steps once from each cell, asserts where that leads, and gives the results."""
    x, y = cells(n)
    place = {f"{who}_x": x, f"{who}_y": y}
    states = kit.put(kit.fresh(env_id, n * n), **place, **fields)
    result = kit.step(env_id, states, action)
    dx, dy = SHIFTS[action]
    for name, want in ((f"{who}_x", x + dx), (f"{who}_y", y + dy)):
        assert np.array_equal(getattr(result.state, name), want.clip(0, n - 1))
    assert not result.terminated.any()
    return result
