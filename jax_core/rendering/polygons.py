"""Convex polygons: one interval of pixels in each row, found with whole numbers only.

Corners lie on sixteenths of a pixel, and a cross product of whole numbers says on which
side of an edge the centre of a pixel is. All of them are below 2**24, so float32 holds
them, nothing is rounded, and every backend draws the same pixels.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float32, Int32

from jax_core.rendering.scene import UNITS

SUBPIXELS = 16  # in a pixel; corners are rounded to them

Corners = Float32[Array | np.ndarray, "_corners 2"]
Whole = Float32[Array, ""]  # and the next two: whole numbers
WholeRows = Float32[Array, " _rows"]
RowIndices = Float32[np.ndarray, " _rows"]


def row_intervals(
    corners: Corners, rows: slice, size: int
) -> tuple[WholeRows, WholeRows]:
    """The first pixel of each row whose centre is inside, and the first one behind it.

    Args:
        corners: in units; those further outside than a quarter of the frame are moved
            to there, so that products stay small enough.
        rows: the pixel rows.
        size: pixels of a side, up to 512.

    Returns:
        Two columns of pixels, 0..size. The second is not behind the first where
        nothing is inside.
    """
    subpixels = _subpixels(corners, size)
    row = np.arange(rows.start, rows.stop, dtype=np.float32)
    first, last = jnp.full(row.shape, float(size)), jnp.zeros(row.shape)
    for index in range(corners.shape[0]):
        crossed, pixel = _crossing(subpixels[index - 1], subpixels[index], row)
        first = jnp.where(crossed, jnp.minimum(first, pixel), first)
        last = jnp.where(crossed, jnp.maximum(last, pixel), last)
    return jnp.clip(first, 0.0, float(size)), jnp.clip(last, 0.0, float(size))


def _subpixels(corners: Corners, size: int) -> Int32[Array, "_corners 2"]:
    side = size * SUBPIXELS
    rounded = jnp.round(jnp.asarray(corners) * (side / UNITS))
    return jnp.clip(rounded, -side // 4, side + side // 4).astype(jnp.int32)


def _crossing(
    start: Int32[Array, "2"], end: Int32[Array, "2"], row: RowIndices
) -> tuple[Bool[Array, " _rows"], WholeRows]:
    """Where an edge crosses the middle of a row, and the first pixel not left of it."""
    (x0, y0), (x1, y1) = start, end
    half = SUBPIXELS // 2
    # Row r is crossed where top <= r < bottom: its middle is at 16 * r + 8.
    top, bottom = (
        (y - half + SUBPIXELS - 1 >> 4).astype(jnp.float32)
        for y in (jnp.minimum(y0, y1), jnp.maximum(y0, y1))
    )
    height, width = jnp.abs(y1 - y0), jnp.where(y0 < y1, x1 - x0, x0 - x1)
    # Pixel c of row r is not left of the edge where r * width + offset <= c * height.
    offset = (x0 - half) * height + (half - y0) * width + (SUBPIXELS - 1) >> 4
    height, width, offset = (
        value.astype(jnp.float32) for value in (height, width, offset)
    )
    crossed = (top <= row) & (row < bottom)
    return crossed, ceil_divide(jnp.asarray(row) * width + offset, height)


def ceil_divide(number: WholeRows, divisor: Whole) -> WholeRows:
    """Divides whole numbers below 2**24 and rounds up.

    The quotient, with whatever error a backend makes, leaves two whole numbers, and a
    product decides between them.
    """
    inverse = 1.0 / jnp.maximum(divisor, 1.0)
    nearest = jnp.round(number * inverse)
    return jnp.where(nearest * divisor < number, nearest + 1.0, nearest)
