"""Pixels from a scene: bands of stills, cells and polygons.

Two forms of painting cells give the same bytes. A CPU wants long fused loops over whole
rows of bytes (`selects`), a GPU one lookup per pixel (`lookup`).
"""

from collections.abc import Iterable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.rendering import layout, painting
from jax_core.rendering.font import DIGIT_BITS
from jax_core.rendering.lookup import paint_by_lookup
from jax_core.rendering.palette import Color
from jax_core.rendering.planes import (
    Canvas,
    Ids,
    Plane,
    PlanePainter,
    cut,
    to_bytes,
)
from jax_core.rendering.polygons import row_intervals
from jax_core.rendering.scene import (
    FIELD_BOTTOM,
    FIELD_TOP,
    UNITS,
    Band,
    Grid,
    Number,
    Polygon,
    Rect,
    Scene,
    Text,
)
from jax_core.rendering.selects import paint_by_selects
from jax_core.types import Count, Frame

Drawn = Polygon | tuple[Ids, painting.Sheet]

_SCORE_RECT = Rect(34, 1, 60, FIELD_TOP - 2)
_TITLE_RECT = Rect(2, FIELD_BOTTOM + 1, UNITS - 4, UNITS - FIELD_BOTTOM - 2)


def render(scene: Scene, size: int) -> Frame:
    """Draws one frame of size x size pixels.

    Args:
        scene: what is visible; only its arrays may be traced.
        size: pixels of a side, 64 to 512.
    """
    return jax.lax.platform_dependent(
        scene,
        cpu=partial(render_with, size=size, paint_planes=paint_by_selects),
        default=partial(render_with, size=size, paint_planes=paint_by_lookup),
    )


def render_with(scene: Scene, *, size: int, paint_planes: PlanePainter) -> Frame:
    """Draws with one form of painting cells; for `render` and for comparing forms."""
    bands = (_header(scene.score), *scene.bands, _footer(scene))
    pieces = [
        piece for band in bands for piece in _paint_band(band, size, paint_planes)
    ]
    return jnp.concatenate(_join_stills(pieces)).reshape(size, size, 3)


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


def _header(score: Count) -> Band:
    number = Number(value=score, rect=_SCORE_RECT, color=Color.WHITE)
    return Band(layers=(number,), still=(), top=0, bottom=FIELD_TOP)


def _footer(scene: Scene) -> Band:
    # The last line of a board that fills the field lies in the footer's first row.
    still = (*scene.bands[-1].still, Text(_TITLE_RECT, scene.title, scene.theme.accent))
    return Band(layers=(), still=still, top=FIELD_BOTTOM, bottom=UNITS)


def _paint_band(band: Band, size: int, paint_planes: PlanePainter) -> list[Canvas]:
    """Paints the pixel rows of a band, in pieces; a NumPy piece never changes."""
    top, bottom = layout.to_pixels(band.top, size), layout.to_pixels(band.bottom, size)
    still = to_bytes(painting.paint_still(band.still, size))
    layers = [
        layer if isinstance(layer, Polygon) else _ids_and_sheet(layer, size)
        for layer in band.layers
    ]
    first, last = _changing_rows(layers, top, bottom)
    changing = _paint_layers(layers, still, slice(first, last), paint_planes)
    pieces = (still[top:first], changing, still[last:bottom])
    return [piece for piece in pieces if len(piece)]


def _changing_rows(layers: list[Drawn], top: int, bottom: int) -> tuple[int, int]:
    """First pixel row that the layers of a band can cover, and the one behind them."""
    edges = [
        (top, bottom) if isinstance(layer, Polygon) else layer[1].row_edges[[0, -1]]
        for layer in layers
    ]
    first = min((int(edge[0]) for edge in edges), default=bottom)
    last = max((int(edge[1]) for edge in edges), default=bottom)
    first = min(max(first, top), bottom)
    return first, max(min(last, bottom), first)


def _paint_layers(
    layers: list[Drawn], still: np.ndarray, rows: slice, paint_planes: PlanePainter
) -> Canvas:
    """Paints the layers of a band over some pixel rows of its still."""
    size = len(still)
    canvas: Canvas = still[rows]
    planes: list[Plane] = []
    is_touched = np.zeros((size, size), np.bool_)
    for layer in layers:
        if isinstance(layer, Polygon):
            canvas = paint_planes(canvas, planes) if planes else canvas
            planes = []
            canvas = _paint_polygon(canvas, layer, rows, size)
            is_touched[:] = True
        else:
            ids, sheet = layer
            lowest = not is_touched[sheet.cells].any()
            planes.append(cut(ids, sheet, rows, still[rows], lowest=lowest))
            is_touched |= sheet.covers.any(axis=0)
    return paint_planes(canvas, planes) if planes else canvas


def _ids_and_sheet(layer: Grid | Number, size: int) -> tuple[Ids, painting.Sheet]:
    if isinstance(layer, Number):
        return _dot_ids(layer.value), painting.number_sheet(layer, size)
    return layer.ids, painting.grid_sheet(layer, size)


def _dot_ids(value: Count) -> Ids:
    """The dots of a number; one, two and three digits are centred."""
    value = jnp.clip(value, 0, 999)
    digits = jnp.stack([value // 100, value // 10 % 10, value % 10])
    hundreds, tens, ones = (
        jnp.asarray(DIGIT_BITS).at[digits].get(mode="promise_in_bounds")
    )
    two, three = tens << 6 | ones << 2, hundreds << 8 | tens << 4 | ones
    dots = jnp.where(value >= 100, three, jnp.where(value >= 10, two, ones << 4))
    place = np.arange(layout.NUMBER_DOTS)[::-1]
    return (dots[:, None] >> place[None] & 1).astype(jnp.uint8)


def _paint_polygon(canvas: Canvas, polygon: Polygon, rows: slice, size: int) -> Canvas:
    """Fills, in every pixel row, the interval that a convex polygon covers."""
    first, last = row_intervals(polygon.corners, rows, size)
    index_dtype = np.uint8 if size <= 255 else np.uint16
    pixel = np.arange(size, dtype=index_dtype).repeat(3)[None]
    inside = (pixel >= first.astype(index_dtype)[:, None]) & (
        pixel < last.astype(index_dtype)[:, None]
    )
    color = np.tile(np.array(polygon.color.value, np.uint8), size)[None]
    return jnp.where(inside, color, canvas)
