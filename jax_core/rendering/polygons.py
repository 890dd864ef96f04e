"""Convex polygons: one interval of pixels in each row, found with whole numbers only.

Corners lie on sixteenths of a pixel, and a cross product of whole numbers says on which
side of an edge the centre of a pixel is. All of them are below 2**24, so float32 holds
them, nothing is rounded, and every backend draws the same pixels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32

from jax_core.rendering.layout import SUBPIXELS
from jax_core.rendering.scene import UNITS

Corners = Float32[Array | np.ndarray, "*_polygon _corners 2"]
Subpixels = Int32[Array, "*_polygon _corners 2"]
Whole = Float32[Array, "*_polygon"]  # and the next two: whole numbers
WholeRows = Float32[Array, "*_rows"]
RowIndices = Float32[np.ndarray, "*_rows"]


class Side(NamedTuple):
    """One side of a polygon, or of one polygon for each row.

    Pixel c of row r is not left of it where r * width + offset <= c * height.
    """

    top: Whole  # it crosses the middles of the rows from here
    bottom: Whole  # to before here
    height: Whole
    width: Whole
    offset: Whole


def row_intervals(
    corners: Corners, row: RowIndices, size: int
) -> tuple[WholeRows, WholeRows]:
    """The first pixel of each row whose centre is inside, and the first one behind it.

    Args:
        corners: of one polygon, in units; those further outside than a quarter of the
            frame are moved to there, so that products stay small enough.
        row: the pixel rows, whole numbers.
        size: pixels of a side, up to 512.

    Returns:
        Two pixels of each row, 0..size. The second is not behind the first where
        nothing is inside.
    """
    return intervals_between(find_sides(corners, size), row, size)


def find_sides(corners: Corners, size: int) -> list[Side]:
    """The sides of a polygon, or of many with as many corners."""
    subpixels = _subpixels(corners, size)
    return [_side(subpixels, index) for index in range(corners.shape[-2])]


def intervals_between(
    sides: Sequence[Side], row: RowIndices, size: int
) -> tuple[WholeRows, WholeRows]:
    """`row_intervals` of sides, each of one polygon or of one for each row."""
    first = jnp.full(row.shape, size, jnp.float32)
    last = jnp.zeros(row.shape, jnp.float32)
    for side in sides:
        crossed = (side.top <= row) & (row < side.bottom)
        pixel = ceil_divide(jnp.asarray(row) * side.width + side.offset, side.height)
        first = jnp.where(crossed, jnp.minimum(first, pixel), first)
        last = jnp.where(crossed, jnp.maximum(last, pixel), last)
    return jnp.clip(first, 0.0, float(size)), jnp.clip(last, 0.0, float(size))


def _subpixels(corners: Corners, size: int) -> Subpixels:
    side = size * SUBPIXELS
    rounded = jnp.round(jnp.asarray(corners) * (side / UNITS))
    return jnp.clip(rounded, -side // 4, side + side // 4).astype(jnp.int32)


def _side(subpixels: Subpixels, index: int) -> Side:
    """The side that ends in a corner."""
    x0, y0 = subpixels[..., index - 1, 0], subpixels[..., index - 1, 1]
    x1, y1 = subpixels[..., index, 0], subpixels[..., index, 1]
    half = SUBPIXELS // 2
    # Row r is crossed where top <= r < bottom: its middle is at 16 * r + 8.
    top, bottom = (
        y - half + SUBPIXELS - 1 >> 4
        for y in (jnp.minimum(y0, y1), jnp.maximum(y0, y1))
    )
    height, width = jnp.abs(y1 - y0), jnp.where(y0 < y1, x1 - x0, x0 - x1)
    offset = (x0 - half) * height + (half - y0) * width + (SUBPIXELS - 1) >> 4
    numbers = (top, bottom, height, width, offset)
    return Side(*(number.astype(jnp.float32) for number in numbers))


def ceil_divide(number: WholeRows, divisor: Whole) -> WholeRows:
    """Divides whole numbers below 2**24 and rounds up.

    The quotient, with whatever error a backend makes, leaves two whole numbers, and a
    product decides between them.
    """
    inverse = 1.0 / jnp.maximum(divisor, 1.0)
    nearest = jnp.round(number * inverse)
    return jnp.where(nearest * divisor < number, nearest + 1.0, nearest)
