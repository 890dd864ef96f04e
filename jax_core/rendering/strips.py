"""The form of drawing for CPUs: strips of pixel rows, each painted layer by layer.

Strips become one array by a concatenation, which XLA fuses with all of the painting.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jax_core.compilation import compute_once
from jax_core.rendering import layout, painting
from jax_core.rendering.cells import Ids, ids_and_sheet
from jax_core.rendering.layout import Format
from jax_core.rendering.planes import Canvas, Plane, cut, to_bytes
from jax_core.rendering.polygons import (
    RowIndices,
    WholeRows,
    find_sides,
    intervals_between,
)
from jax_core.rendering.scene import Band, Color, Polygon
from jax_core.rendering.selects import paint_by_selects
from jax_core.types import Frame

Ends = tuple[WholeRows, WholeRows]
"""The first pixel of a polygon in each of its rows, and the one behind its last."""


class _Shape(NamedTuple):
    """A polygon in all pixel rows of its band."""

    color: Color
    ends: Ends


Drawn = _Shape | tuple[Ids, painting.Sheet]


def draw_by_selects(bands: Sequence[Band], form: Format) -> Frame:
    """Draws the bands of a frame, from top to bottom."""
    pieces = [piece for band in bands for piece in _paint_band(band, form)]
    return jnp.concatenate(_join_stills(pieces)).reshape(form.shape)


def _join_stills(pieces: Iterable[Canvas]) -> list[Canvas]:
    """Joins neighbours that never change, so that XLA has fewer pieces to fuse."""
    joined: list[Canvas] = []
    for piece in pieces:
        if joined and _is_still(piece) and _is_still(joined[-1]):
            joined[-1] = np.concatenate([joined[-1], piece])
        else:
            joined.append(piece)
    return joined


def _is_still(piece: Canvas) -> bool:
    return isinstance(piece, np.ndarray)


def _paint_band(band: Band, form: Format) -> list[Canvas]:
    """Paints the pixel rows of a band, in pieces; a NumPy piece never changes."""
    top, bottom = layout.band_edges(band, form)
    still = to_bytes(painting.paint_still(band.still, form))
    layers = [
        _Shape(layer.color, _find_ends(layer, band, form))
        if isinstance(layer, Polygon)
        else ids_and_sheet(layer, form)
        for layer in band.layers
    ]
    first, last = _changing_rows(layers, top, bottom)
    changing = _paint_layers(layers, still, slice(first, last), form)
    pieces = (still[top:first], changing, still[last:bottom])
    return [piece for piece in pieces if len(piece)]


def _changing_rows(layers: list[Drawn], top: int, bottom: int) -> tuple[int, int]:
    """First pixel row that the layers of a band can cover, and the one behind them."""
    edges = [
        (top, bottom) if isinstance(layer, _Shape) else layer[1].row_edges[[0, -1]]
        for layer in layers
    ]
    first = min((int(edge[0]) for edge in edges), default=bottom)
    last = max((int(edge[1]) for edge in edges), default=bottom)
    first = min(max(first, top), bottom)
    return first, max(min(last, bottom), first)


def _paint_layers(
    layers: list[Drawn], still: np.ndarray, rows: slice, form: Format
) -> Canvas:
    """Paints the layers of a band over some pixel rows of its still."""
    canvas: Canvas = still[rows]
    planes: list[Plane] = []
    is_touched = np.zeros((form.size, form.size), np.bool_)
    for layer in layers:
        if isinstance(layer, _Shape):
            canvas = paint_by_selects(canvas, planes) if planes else canvas
            planes = []
            canvas = _paint_polygon(canvas, layer, form)
            is_touched[:] = True
        else:
            ids, sheet = layer
            lowest = not is_touched[sheet.cells].any()
            planes.append(cut(ids, sheet, rows, still[rows], lowest=lowest))
            is_touched |= sheet.covers.any(axis=0)
    return paint_by_selects(canvas, planes) if planes else canvas


def _paint_polygon(canvas: Canvas, shape: _Shape, form: Format) -> Canvas:
    """Fills, in every pixel row, the interval that a convex polygon covers."""
    # XLA counts pixels from 0 on rather than read a table. That is faster, but in gray
    # its loop is not vectorised then.
    start = 1 if form.channels == 1 else 0
    dtype = np.uint8 if form.size + start <= 255 else np.uint16
    first, last = ((end + start).astype(dtype)[:, None] for end in shape.ends)
    pixel = np.arange(start, form.size + start, dtype=dtype).repeat(form.channels)
    inside = (pixel[None] >= first) & (pixel[None] < last)
    return jnp.where(inside, painting.color_row(shape.color, form)[None], canvas)


def _find_ends(polygon: Polygon, band: Band, form: Format) -> Ends:
    """Where a polygon is in each pixel row of its band.

    In color that costs least where pixels are written, which memory limits. Gray pixels
    take less time than it, so it is found before any is drawn, from corners that are
    found before any row.
    """
    rows = _rows_of(polygon, band, form)
    corners = jnp.asarray(polygon.corners)
    if form.channels > 1:
        return intervals_between(find_sides(corners, form.size), rows, form.size)
    sides = find_sides(compute_once(corners), form.size)
    first, last = intervals_between(sides, rows, form.size)
    return compute_once(first), compute_once(last)


def _rows_of(polygon: Polygon, band: Band, form: Format) -> RowIndices:
    """The pixel rows of a band, those in which a polygon may not be above all edges."""
    row = np.arange(*layout.band_edges(band, form))
    top, bottom = layout.polygon_rows(polygon, band, form)
    is_allowed = (row >= top) & (row < bottom)
    return np.where(is_allowed, row, -form.size).astype(np.float32)
