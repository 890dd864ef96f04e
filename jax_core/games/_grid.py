"""What games on a board share: cursors, uniform draws of cells, tile ids."""

import functools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float32, Int32, UInt8

from jax_core.game import horizontal, vertical
from jax_core.rendering.scene import Grid, Paint, Rect
from jax_core.types import Action, Count


def cell_mask(row: Count, col: Count, size: int) -> Bool[Array, "size size"]:
    """Marks one cell of a square board; nothing when it lies outside."""
    index = np.arange(size, dtype=np.int32)
    return (index[:, None] == row) & (index[None] == col)


def move_cursor(x: Count, y: Count, action: Action, size: int) -> tuple[Count, Count]:
    """Moves a cursor by one cell on a square board; at the border it stays."""
    return (
        jnp.clip(x + horizontal(action), 0, size - 1),
        jnp.clip(y + vertical(action), 0, size - 1),
    )


def draw_index(uniform: Float32[Array, ""], count: Int32[Array, ""] | int) -> Count:
    """Turns a uniform number in [0, 1) into one in 0..count-1.

    A float32 has 24 random bits, so no index is preferred by more than count / 2**24.
    """
    index = jnp.floor(uniform * jnp.float32(count)).astype(jnp.int32)
    return jnp.clip(index, 0, count - 1)


def draw_places(
    uniform: Float32[Array, " draws"], num_places: int
) -> tuple[Count, ...]:
    """Draws distinct places in 0..num_places-1; as a set, all are equally likely.

    Floyd's algorithm (Bentley and Floyd 1987): a draw from 0..last that came before
    becomes `last`, which was out of reach so far. Scalars, because XLA turns them all
    into one loop.
    """
    places: list[Count] = []
    first_last = num_places - uniform.shape[0]
    for draw, last in enumerate(range(first_last, num_places)):
        place = draw_index(uniform[draw], last + 1)
        taken = any_of([place == earlier for earlier in places])
        places.append(jnp.where(taken, last, place))
    return tuple(places)


def any_of(masks: Sequence[Bool[Array, "*shape"]]) -> Bool[Array, "*shape"]:
    """Joins masks; false when there are none."""
    return functools.reduce(jnp.logical_or, masks, jnp.bool_(False))


def mark_places(places: Sequence[Count], size: int) -> Bool[Array, "size size"]:
    """Marks places of a square board, counted row by row."""
    place = np.arange(size**2, dtype=np.int32).reshape(size, size)
    return any_of([place == marked for marked in places])


def choose_cells(
    uniform: Float32[Array, " cells"], count: int, size: int
) -> Bool[Array, "size size"]:
    """Marks so many cells of a square board; all sets are equally likely.

    For many cells: sorting is slower than `draw_places`, whose program however
    grows with the square of the count.
    """
    rank = jnp.argsort(jnp.argsort(uniform))
    return (rank < count).reshape(size, size)


def tile_where(
    mask: Bool[Array, "rows cols"], tile_id: int
) -> UInt8[Array, "rows cols"]:
    """Tile ids of a layer that shows one tile where the mask is true."""
    return jnp.where(mask, jnp.uint8(tile_id), jnp.uint8(0))


def cursor_layer(x: Count, y: Count, size: int, rect: Rect, paint: Paint) -> Grid:
    """What shows the cell under the cursor, drawn over the board's marks."""
    ids = tile_where(cell_mask(y, x, size), 1)
    return Grid(ids=ids, tiles=((paint,),), rect=rect)
