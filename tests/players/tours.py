"""A closed way through all cells of a board with an even side.

Column 0 leads up, the other columns are a snake that leads down:

    0 1 2 3      > > > v
    f 6 5 4      ^ v < <
    e 7 8 9      ^ > > v
    d c b a      ^ < < <
"""

import functools

import numpy as np

from jax_core.game import Move


@functools.cache
def tour(size):
    """The move that leads on from every cell: int32 [row, col]."""
    if size % 2:
        raise ValueError(f"size must be even, or there is no such way, got {size}")
    moves = np.full((size, size), Move.UP, np.int32)
    moves[0::2, 1:] = Move.RIGHT
    moves[1::2, 1:] = Move.LEFT
    moves[0, 0] = Move.RIGHT
    moves[0::2, -1] = Move.DOWN
    moves[1:-1:2, 1] = Move.DOWN
    return moves


@functools.cache
def stations(size):
    """Number of every cell on the way that begins in the corner: int32 [row, col]."""
    moves, numbers = tour(size), np.zeros((size, size), np.int32)
    row = col = 0
    for number in range(size**2):
        numbers[row, col] = number
        move = moves[row, col]
        row += int(move == Move.DOWN) - int(move == Move.UP)
        col += int(move == Move.RIGHT) - int(move == Move.LEFT)
    return numbers
