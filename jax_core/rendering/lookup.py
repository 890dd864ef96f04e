"""The form of drawing for GPUs: one lookup for each byte of a layer."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from jax_core.rendering.planes import Canvas, Plane


def paint_by_lookup(canvas: Canvas, planes: Sequence[Plane]) -> Canvas:
    """Paints planes over a canvas, a later one over an earlier one."""
    for plane in planes:
        canvas = _paint_plane(canvas, plane)
    return canvas


def _paint_plane(canvas: Canvas, plane: Plane) -> Canvas:
    height, width = canvas.shape
    cols = plane.ids.shape[1]
    byte = np.arange(width)
    col = np.searchsorted(plane.col_edges, byte, side="right") - 1
    inside = (col >= 0) & (col < cols)
    cell = plane.row_of_pixel[:, None] * cols + np.where(inside, col, 0)
    ids = plane.ids.reshape(-1).at[cell].get(mode="promise_in_bounds")
    ids = jnp.where(inside[None], ids, jnp.uint8(0)).astype(jnp.int32)
    pixel = np.arange(height * width).reshape(height, width)
    place = jnp.maximum(ids - 1, 0) * (height * width) + pixel
    color, cover = (
        jnp.asarray(table).reshape(-1).at[place].get(mode="promise_in_bounds")
        for table in (plane.colors, plane.covers)
    )
    return jnp.where((ids > 0) & cover, color, canvas)
