"""What games on a board share: cursors, uniform draws of cells, tile ids."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float32, Int32, UInt8

from jax_core.game import horizontal, vertical
from jax_core.rendering.scene import Color, Grid, Paint, Rect, sprites
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


def nth_true(mask: Bool[Array, " entries"], n: Count) -> Bool[Array, " entries"]:
    """Marks the n-th true entry, counted from 0; nothing when there are fewer."""
    return mask & (jnp.cumsum(mask, dtype=jnp.int32) == n + 1)


def tile_where(
    mask: Bool[Array, "rows cols"], tile_id: int
) -> UInt8[Array, "rows cols"]:
    """Tile ids of a layer that shows one tile where the mask is true."""
    return jnp.where(mask, jnp.uint8(tile_id), jnp.uint8(0))


def cursor_layer(x: Count, y: Count, size: int, rect: Rect) -> Grid:
    """A frame around the cell under the cursor, drawn over the board's marks."""
    ids = tile_where(cell_mask(y, x, size), 1)
    return Grid(ids=ids, tiles=_CURSOR_TILES, rect=rect)


_CURSOR_TILES = ((Paint(sprites.FRAME, Color.YELLOW),),)
