"""The board of Tetris with a number for each row, whose cells are looked at at once.

A cell holds 0, or the piece it is of, plus 1: three bits, the left column lowest.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int8, Int32

from jax_core.types import Count

ROWS, COLS = 20, 10

Board = Int8[Array, "20 10"]
PackedRows = Int32[Array, "20"]

_CELL_BITS = 3
_SHIFTS = _CELL_BITS * np.arange(COLS, dtype=np.int32)[None]
_LOWEST_BITS = 0o1111111111  # of ten cells

# Brings every third bit to the others: a shift, and the bits that are right after it.
_GATHERED = (
    (2, 0x030C30C3),
    (4, 0x0300F00F),
    (8, 0x030000FF),
    (16, 0x000003FF),
)


def pack(board: Board) -> PackedRows:
    """Makes a number of each row."""
    return jnp.sum(board.astype(jnp.int32) << _SHIFTS, axis=1, dtype=jnp.int32)


def unpack(packed: PackedRows) -> Board:
    """The cells of the rows."""
    return (packed[:, None] >> _SHIFTS & (2**_CELL_BITS - 1)).astype(jnp.int8)


def taken_columns(packed: PackedRows) -> Int32[Array, "20"]:
    """One bit for each cell of a row, the left column lowest, set where it is taken."""
    taken = _taken_cells(packed)
    for shift, mask in _GATHERED:
        taken = (taken | taken >> shift) & mask
    return taken


def clear_complete(packed: PackedRows) -> tuple[PackedRows, Count]:
    """Removes complete rows, lets the rows above move down, and counts them."""
    row = np.arange(ROWS, dtype=np.int32)
    is_complete = _taken_cells(packed) == _LOWEST_BITS
    complete = jnp.sum(jnp.where(is_complete, 1 << row, 0), dtype=jnp.int32)
    target = row + jax.lax.population_count(complete >> row)  # of those that stay
    arrives = (target[None] == row[:, None]) & ~is_complete[None]
    moved = jnp.sum(jnp.where(arrives, packed[None], 0), axis=1, dtype=jnp.int32)
    return moved, jax.lax.population_count(complete)


def _taken_cells(packed: PackedRows) -> PackedRows:
    """The lowest bit of each cell, set where the cell is taken."""
    return (packed | packed >> 1 | packed >> 2) & _LOWEST_BITS
