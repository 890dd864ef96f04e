"""The form of drawing for CPUs: strips of pixel rows, each painted layer by layer.

Strips become one array by a concatenation, which XLA fuses with all of the painting.
Its rows are swaths of pixel rows, as `slots` has them: the innermost loop runs through
one, and XLA takes vectors that leave few bytes of it over.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt, UInt8

from jax_core.compilation import compute_once
from jax_core.rendering import layout, painting
from jax_core.rendering.cells import Ids, ids_and_sheet
from jax_core.rendering.layout import Format
from jax_core.rendering.planes import Canvas, Plane, cut, to_bytes
from jax_core.rendering.polygons import (
    RowIndices,
    find_sides,
    intervals_between,
)
from jax_core.rendering.scene import Band, Polygon
from jax_core.rendering.selects import paint_by_selects
from jax_core.types import Frame

_SHORT_ROW = 128  # bytes; two vectors of the widest kind

Drawn = tuple[Ids, painting.Sheet]
Ends = tuple[UInt[Array, " rows"], UInt[Array, " rows"]]
"""The first pixel of a polygon in each of its rows, and the one behind its last."""


class _Strip(NamedTuple):
    """The pixel rows of a band that change, those from `first` to before `last`."""

    band: Band
    layers: Sequence[Polygon | Drawn]
    first: int
    last: int


def draw_by_selects(bands: Sequence[Band], form: Format) -> Frame:
    """Draws the bands of a frame, from top to bottom."""
    still = np.concatenate([_paint_still(band, form) for band in bands])
    found = (_find_strip(band, form) for band in bands)
    strips = [strip for strip in found if strip.first < strip.last]
    height = _swath_height(strips, form)
    pieces: list[Canvas] = []

    def in_swaths(first: int, last: int) -> UInt8[np.ndarray, "_swaths _bytes"]:
        return still[first:last].reshape(
            (last - first) // height, still.shape[1] * height
        )

    painted = 0  # rows
    for strip in strips:
        first, last = strip.first // height * height, -(-strip.last // height) * height
        pieces.append(in_swaths(painted, first))
        pieces.append(_paint_strip(strip, in_swaths(first, last), first, form))
        painted = last
    pieces.append(in_swaths(painted, form.size))
    some = [piece for piece in pieces if len(piece)]
    return jnp.concatenate(some).reshape(form.shape)


def _swath_height(strips: Sequence[_Strip], form: Format) -> int:
    """Pixel rows that are drawn at once, none of them of two strips."""
    if form.size * form.channels >= _SHORT_ROW or form.size % 2:
        return 1
    # With a piece for the rows in which two meet, XLA no longer fused the pieces.
    pairs = itertools.pairwise(strips)
    is_shared = any((above.last - 1) // 2 == below.first // 2 for above, below in pairs)
    return 1 if is_shared else 2


def _find_strip(band: Band, form: Format) -> _Strip:
    layers = [
        layer if isinstance(layer, Polygon) else ids_and_sheet(layer, form)
        for layer in band.layers
    ]
    return _Strip(band, layers, *_changing_rows(layers, band, form))


def _changing_rows(
    layers: Sequence[Polygon | Drawn], band: Band, form: Format
) -> tuple[int, int]:
    """First pixel row that the layers of a band can cover, and the one behind them."""
    top, bottom = layout.band_edges(band, form)
    edges = [
        (top, bottom) if isinstance(layer, Polygon) else layer[1].row_edges[[0, -1]]
        for layer in layers
    ]
    first = min((int(edge[0]) for edge in edges), default=bottom)
    last = max((int(edge[1]) for edge in edges), default=bottom)
    first = min(max(first, top), bottom)
    return first, max(min(last, bottom), first)


def _paint_still(band: Band, form: Format) -> UInt8[np.ndarray, "_height _bytes"]:
    top, bottom = layout.band_edges(band, form)
    return to_bytes(painting.paint_still(band.still, form))[top:bottom]


def _paint_strip(
    strip: _Strip,
    still: UInt8[np.ndarray, "_swaths _bytes"],
    top: int,
    form: Format,
) -> Canvas:
    """Paints the layers of a strip over the still of whole swaths from a row on."""
    canvas: Canvas = still
    ground = still.reshape(-1, form.size * form.channels)
    row = top + np.arange(len(ground))
    in_strip = (row >= strip.first) & (row < strip.last)
    planes: list[Plane] = []
    is_touched = np.zeros((form.size, form.size), np.bool_)
    for layer in strip.layers:
        if isinstance(layer, Polygon):
            canvas = paint_by_selects(canvas, planes) if planes else canvas
            planes = []
            canvas = _paint_polygon(canvas, layer, strip.band, row, form)
            is_touched[:] = True
        else:
            ids, sheet = layer
            lowest = not is_touched[sheet.cells].any()
            planes.append(cut(ids, sheet, row, in_strip, ground, lowest=lowest))
            is_touched |= sheet.covers.any(axis=0)
    return paint_by_selects(canvas, planes) if planes else canvas


def _paint_polygon(
    canvas: Canvas,
    polygon: Polygon,
    band: Band,
    rows: Int[np.ndarray, " height"],
    form: Format,
) -> Canvas:
    """Fills, in every pixel row, the interval that a convex polygon covers."""
    # XLA counts pixels from 0 on rather than read a table. That is faster, but in gray
    # its loop is not vectorised then.
    start = 1 if form.channels == 1 else 0
    dtype = np.dtype(np.uint8 if form.size + start <= 255 else np.uint16)
    pixel = np.arange(start, form.size + start, dtype=dtype).repeat(form.channels)
    swaths, height = len(canvas), len(rows) // len(canvas)
    row_in_swath = np.arange(height).repeat(len(pixel))[None]
    ends = []
    for end in _find_ends(polygon, band, rows, form, start, dtype):
        found, *later = jnp.split(end.reshape(swaths, height), height, axis=1)
        for row, other in enumerate(later, start=1):
            found = jnp.where(row_in_swath >= row, other, found)
        ends.append(found)
    pixels = np.tile(pixel, height)[None]
    inside = (pixels >= ends[0]) & (pixels < ends[1])
    color = np.tile(painting.color_row(polygon.color, form), height)
    return jnp.where(inside, color[None], canvas)


def _find_ends(
    polygon: Polygon,
    band: Band,
    rows: Int[np.ndarray, " height"],
    form: Format,
    start: int,
    dtype: np.dtype,
) -> Ends:
    """Where a polygon is in some pixel rows, found before any of them is drawn.

    Pixels take less time than the ends of their row. Both ends are one number, so what
    they have in common is found once; in each row it is taken apart as bytes, if a row
    has no more pixels.

    Args:
        polygon: what is drawn.
        band: where it lies.
        rows: the pixel rows.
        form: of the frame.
        start: the number of a row's first pixel.
        dtype: uint8 or uint16, of the results.
    """
    row = _rows_of(polygon, band, rows, form)
    sides = find_sides(polygon.corners, form.size)
    first, last = (end + start for end in intervals_between(sides, row, form.size))
    bits = 8 if dtype.itemsize == 1 else 10
    both = compute_once(first * np.float32(1 << bits) + last).astype(jnp.int32)
    return (both >> bits).astype(dtype), (both & (1 << bits) - 1).astype(dtype)


def _rows_of(
    polygon: Polygon, band: Band, rows: Int[np.ndarray, " height"], form: Format
) -> RowIndices:
    """Pixel rows, those in which a polygon may not be above all edges."""
    top, bottom = layout.polygon_rows(polygon, band, form)
    is_allowed = (rows >= top) & (rows < bottom)
    return np.where(is_allowed, rows, -form.size).astype(np.float32)
