"""Pixels from a scene: the only code that makes them, and the place to make it faster.

Two forms give the same bytes. A CPU wants long fused loops over whole rows of bytes, so
a layer is a chain of selects; a GPU wants one lookup per pixel. Inside this module a
pixel row is 3 * width bytes and never `[width, 3]`, to keep the innermost loop long.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float32, UInt8

from jax_core.rendering import layout, painting
from jax_core.rendering.palette import Color
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
from jax_core.types import Count, Frame

Canvas = UInt8[Array | np.ndarray, "band_height bytes"]
Ids = UInt8[Array, "rows cols"]
GridPainter = Callable[["Canvas", Ids, "Pictures"], Canvas]

_SCORE_RECT = Rect(34, 1, 60, FIELD_TOP - 2)
_TITLE_RECT = Rect(2, FIELD_BOTTOM + 1, UNITS - 4, UNITS - FIELD_BOTTOM - 2)
_SUBPIXEL = 16.0  # corners are rounded to a sixteenth of a pixel


class Pictures(NamedTuple):
    """A sheet cut to one band, as bytes.

    Attributes:
        colors: uint8 [tiles, band height, bytes]; the still where `covers` is false,
            so that the lowest layer needs no mask.
        covers: bool, same shape.
        row_of_pixel: int [band height].
        col_edges: int [cols + 1], in bytes.
        lowest: nothing but the still lies under the layer.
    """

    colors: UInt8[np.ndarray, "tiles height bytes"]
    covers: Bool[np.ndarray, "tiles height bytes"]
    row_of_pixel: np.ndarray
    col_edges: np.ndarray
    lowest: bool


def render(scene: Scene, size: int) -> Frame:
    """Draws one frame of size x size pixels.

    Args:
        scene: what is visible; only its arrays may be traced.
        size: pixels of a side, 64 to 512.
    """
    return jax.lax.platform_dependent(
        scene,
        cpu=partial(render_with, size=size, paint_grid=paint_grid_by_selects),
        default=partial(render_with, size=size, paint_grid=paint_grid_by_lookup),
    )


def render_with(scene: Scene, *, size: int, paint_grid: GridPainter) -> Frame:
    """Draws with one form of grid painting; for `render` and for comparing forms."""
    bands = (_header(scene.score), *scene.bands, _footer(scene))
    rows = [_paint_band(band, size, paint_grid) for band in bands]
    return jnp.concatenate(rows).reshape(size, size, 3)


def _header(score: Count) -> Band:
    number = Number(value=score, rect=_SCORE_RECT, color=Color.WHITE)
    return Band(layers=(number,), still=(), top=0, bottom=FIELD_TOP)


def _footer(scene: Scene) -> Band:
    # The last line of a board that fills the field lies in the footer's first row.
    still = (*scene.bands[-1].still, Text(_TITLE_RECT, scene.title, Color.SKY))
    return Band(layers=(), still=still, top=FIELD_BOTTOM, bottom=UNITS)


def _paint_band(band: Band, size: int, paint_grid: GridPainter) -> Canvas:
    rows = slice(layout.to_pixels(band.top, size), layout.to_pixels(band.bottom, size))
    still = _bytes(painting.paint_still(band.still, size)[rows])
    canvas: Canvas = jnp.asarray(still)
    for depth, layer in enumerate(band.layers):
        if isinstance(layer, Polygon):
            canvas = _paint_polygon(canvas, layer, rows, size)
        else:
            ids, sheet = _ids_and_sheet(layer, size)
            pictures = _cut(sheet, rows, still, lowest=depth == 0)
            canvas = paint_grid(canvas, ids, pictures)
    return canvas


def _bytes(picture: np.ndarray) -> np.ndarray:
    """Flattens [..., width, 3] to [..., bytes]."""
    return picture.reshape(*picture.shape[:-2], -1)


def _ids_and_sheet(layer: Grid | Number, size: int) -> tuple[Ids, painting.Sheet]:
    if isinstance(layer, Number):
        return _half_digit_ids(layer.value), painting.number_sheet(layer, size)
    return layer.ids, painting.grid_sheet(layer, size)


def _half_digit_ids(value: Count) -> Ids:
    """Tile ids of the six half digits; one, two and three digits are centred."""
    value = jnp.clip(value, 0, 999)
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    digits = jnp.stack([hundreds, tens, ones])
    halves = jnp.stack([2 * digits + 1, 2 * digits + 2], axis=1).reshape(-1)
    blank = jnp.zeros(2, jnp.int32)
    two = jnp.concatenate([blank[:1], halves[2:], blank[:1]])
    one = jnp.concatenate([blank, halves[4:], blank])
    ids = jnp.where(value >= 100, halves, jnp.where(value >= 10, two, one))
    return ids.astype(jnp.uint8)[None]


def _cut(
    sheet: painting.Sheet, rows: slice, still: np.ndarray, *, lowest: bool
) -> Pictures:
    covers = sheet.covers[:, rows].repeat(3, axis=2)
    return Pictures(
        colors=np.where(covers, _bytes(sheet.pictures[:, rows]), still),
        covers=covers,
        row_of_pixel=sheet.row_of_pixel[rows],
        col_edges=3 * sheet.col_edges,
        lowest=lowest,
    )


def paint_grid_by_selects(canvas: Canvas, ids: Ids, pictures: Pictures) -> Canvas:
    """CPU form: the id of every byte, then one select per tile."""
    byte = np.arange(canvas.shape[1])
    strip = jnp.zeros((ids.shape[0], canvas.shape[1]), jnp.uint8)
    for col, (left, right) in enumerate(
        zip(pictures.col_edges, pictures.col_edges[1:], strict=False)
    ):
        column_mask = np.where((byte >= left) & (byte < right), 255, 0).astype(np.uint8)
        strip |= ids[:, col : col + 1] & column_mask[None]
    plane = strip.at[pictures.row_of_pixel].get(mode="promise_in_bounds")
    for tile, (color, cover) in enumerate(
        zip(pictures.colors, pictures.covers, strict=True), start=1
    ):
        # Where the tile covers nothing, no id is equal to 255.
        wanted = (
            tile if pictures.lowest else np.where(cover, tile, 255).astype(np.uint8)
        )
        canvas = jnp.where(plane == wanted, color, canvas)
    return canvas


def paint_grid_by_lookup(canvas: Canvas, ids: Ids, pictures: Pictures) -> Canvas:
    """GPU form: one lookup per byte."""
    height, width = canvas.shape
    byte = np.arange(width)
    col = np.searchsorted(pictures.col_edges, byte, side="right") - 1
    inside = (col >= 0) & (col < ids.shape[1])
    cell = pictures.row_of_pixel[:, None] * ids.shape[1] + np.where(inside, col, 0)
    plane = ids.reshape(-1).at[cell].get(mode="promise_in_bounds")
    plane = jnp.where(inside[None], plane, jnp.uint8(0)).astype(jnp.int32)
    pixel = np.arange(height * width).reshape(height, width)
    place = jnp.maximum(plane - 1, 0) * (height * width) + pixel
    color, cover = (
        jnp.asarray(table).reshape(-1).at[place].get(mode="promise_in_bounds")
        for table in (pictures.colors, pictures.covers)
    )
    return jnp.where((plane > 0) & cover, color, canvas)


def _paint_polygon(canvas: Canvas, polygon: Polygon, rows: slice, size: int) -> Canvas:
    """Fills, in every pixel row, the interval that a convex polygon covers."""
    first, last = _row_intervals(polygon.corners, rows, size)
    index_dtype = np.uint8 if size <= 255 else np.uint16
    pixel = np.arange(size, dtype=index_dtype).repeat(3)[None]
    inside = (pixel >= first.astype(index_dtype)[:, None]) & (
        pixel < last.astype(index_dtype)[:, None]
    )
    color = np.tile(np.array(polygon.color.value, np.uint8), size)[None]
    return jnp.where(inside, color, canvas)


def _row_intervals(
    corners: Float32[Array | np.ndarray, "corners 2"], rows: slice, size: int
) -> tuple[Float32[Array, " rows"], Float32[Array, " rows"]]:
    """First pixel of each row whose centre is inside, and the first one behind it.

    Corners are rounded to a fixed fraction of a pixel. The products below are then
    exact, so a last-bit difference between backends cannot move an edge.
    """
    corners = jnp.round(corners * (size / UNITS * _SUBPIXEL)) / _SUBPIXEL
    y = np.arange(rows.start, rows.stop, dtype=np.float32) + np.float32(0.5)
    first = jnp.full(y.shape, float(size))
    last = jnp.zeros(y.shape)
    for index in range(corners.shape[0]):
        (x0, y0), (x1, y1) = corners[index - 1], corners[index]
        crossed = (jnp.minimum(y0, y1) <= y) & (y < jnp.maximum(y0, y1))
        x = x0 + (y - y0) * (x1 - x0) / jnp.where(y0 == y1, 1.0, y1 - y0)
        first = jnp.where(crossed, jnp.minimum(first, x), first)
        last = jnp.where(crossed, jnp.maximum(last, x), last)
    # A pixel counts when its centre lies in [first, last).
    first, last = jnp.ceil(first - 0.5), jnp.ceil(last - 0.5)
    return jnp.clip(first, 0.0, float(size)), jnp.clip(last, 0.0, float(size))
