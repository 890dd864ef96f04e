"""The form of drawing for CPUs: strips of pixel rows, each painted layer by layer.

Strips become one array by a concatenation, which XLA fuses with all of the painting.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jax_core.rendering import layout, painting
from jax_core.rendering.cells import Ids, ids_and_sheet
from jax_core.rendering.layout import Format
from jax_core.rendering.planes import Canvas, Plane, cut, to_bytes
from jax_core.rendering.polygons import row_intervals
from jax_core.rendering.scene import Band, Polygon
from jax_core.rendering.selects import paint_by_selects
from jax_core.types import Frame


class _Shape(NamedTuple):
    """A polygon, and the pixel rows that it may be in."""

    polygon: Polygon
    top: int
    bottom: int


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
        _Shape(layer, *layout.polygon_rows(layer, band, form))
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
            canvas = _paint_polygon(canvas, layer, rows, form)
            is_touched[:] = True
        else:
            ids, sheet = layer
            lowest = not is_touched[sheet.cells].any()
            planes.append(cut(ids, sheet, rows, still[rows], lowest=lowest))
            is_touched |= sheet.covers.any(axis=0)
    return paint_by_selects(canvas, planes) if planes else canvas


def _paint_polygon(canvas: Canvas, shape: _Shape, rows: slice, form: Format) -> Canvas:
    """Fills, in every pixel row, the interval that a convex polygon covers."""
    row = np.arange(rows.start, rows.stop)
    is_allowed = (row >= shape.top) & (row < shape.bottom)
    row = np.where(is_allowed, row, -form.size).astype(np.float32)  # above all edges
    first, last = row_intervals(shape.polygon.corners, row, form.size)
    index_dtype = np.uint8 if form.size <= 255 else np.uint16
    pixel = np.arange(form.size, dtype=index_dtype).repeat(form.channels)[None]
    inside = (pixel >= first.astype(index_dtype)[:, None]) & (
        pixel < last.astype(index_dtype)[:, None]
    )
    return jnp.where(
        inside, painting.color_row(shape.polygon.color, form)[None], canvas
    )
