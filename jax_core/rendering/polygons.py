"""Convex polygons: one interval of pixels in each row, found with whole numbers only.

Corners lie on sixteenths of a pixel, and a cross product of whole numbers says on which
side of an edge the centre of a pixel is. All of them are below 2**24, so float32 holds
them, nothing is rounded, and every backend draws the same pixels.
"""

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


class Sides(NamedTuple):
    """All sides of a polygon, or of one polygon for each row.

    Pixel c of row r is not left of one where r * width + offset <= c * height.
    """

    top: Whole  # they cross the middles of the rows from here
    bottom: Whole  # to before here
    height: Whole
    inverse: Whole  # of the height, about
    width: Whole
    offset: Whole


def find_sides(corners: Corners, size: int) -> Sides:
    """The sides of a polygon, or of many with as many corners, last axis.

    Args:
        corners: in units; those further outside than a quarter of the frame are moved
            to there, so that products stay small enough.
        size: pixels of a side, up to 512.
    """
    ends = _subpixels(corners, size)
    starts = jnp.concatenate([ends[..., -1:, :], ends[..., :-1, :]], axis=-2)
    x0, y0, x1, y1 = starts[..., 0], starts[..., 1], ends[..., 0], ends[..., 1]
    half = SUBPIXELS // 2
    # Row r is crossed where top <= r < bottom: its middle is at 16 * r + 8.
    top, bottom = (
        y - half + SUBPIXELS - 1 >> 4
        for y in (jnp.minimum(y0, y1), jnp.maximum(y0, y1))
    )
    height, width = jnp.abs(y1 - y0), jnp.where(y0 < y1, x1 - x0, x0 - x1)
    offset = (x0 - half) * height + (half - y0) * width + (SUBPIXELS - 1) >> 4
    top, bottom, height, width, offset = (
        number.astype(jnp.float32) for number in (top, bottom, height, width, offset)
    )
    # Here and not for each row, where a CPU's compiler makes a loop of every division.
    inverse = 1.0 / jnp.maximum(height, 1.0)
    return Sides(top, bottom, height, inverse, width, offset)


def intervals_between(
    sides: Sides, row: RowIndices, size: int
) -> tuple[WholeRows, WholeRows]:
    """The first pixel of each row whose centre is inside, and the first one behind it.

    Args:
        sides: of one polygon, or of one for each row; sides are the first axis.
        row: the pixel rows, whole numbers.
        size: pixels of a side.

    Returns:
        Two pixels of each row, 0..size. The second is not behind the first where
        nothing is inside.
    """
    first = jnp.full(row.shape, size, jnp.float32)
    last = jnp.zeros(row.shape, jnp.float32)
    for index in range(len(sides.top)):
        side = Sides(*(numbers[index] for numbers in sides))
        crossed = (side.top <= row) & (row < side.bottom)
        product = jnp.asarray(row) * side.width + side.offset
        pixel = ceil_divide(product, side.height, side.inverse)
        first = jnp.where(crossed, jnp.minimum(first, pixel), first)
        last = jnp.where(crossed, jnp.maximum(last, pixel), last)
    return jnp.clip(first, 0.0, float(size)), jnp.clip(last, 0.0, float(size))


def _subpixels(corners: Corners, size: int) -> Subpixels:
    side = size * SUBPIXELS
    rounded = jnp.round(jnp.asarray(corners) * (side / UNITS))
    return jnp.clip(rounded, -side // 4, side + side // 4).astype(jnp.int32)


def ceil_divide(number: WholeRows, divisor: Whole, inverse: Whole) -> WholeRows:
    """Divides whole numbers below 2**24 and rounds up.

    The quotient, with whatever error a backend makes, leaves two whole numbers, and a
    product decides between them.
    """
    nearest = jnp.round(number * inverse)
    return jnp.where(nearest * divisor < number, nearest + 1.0, nearest)
