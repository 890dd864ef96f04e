"""Pixels from a scene: the only code that makes them, and the place to make it faster.

Two forms give the same bytes. A CPU wants long fused loops over whole rows of bytes, so
a layer is a chain of selects; a GPU wants one lookup per pixel. Inside this module a
pixel row is 3 * width bytes and never `[width, 3]`, to keep the innermost loop long.
"""

import itertools
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
Stack = tuple["Plane", ...]
GridPainter = Callable[[Canvas, Stack], Canvas]

_SCORE_RECT = Rect(34, 1, 60, FIELD_TOP - 2)
_TITLE_RECT = Rect(2, FIELD_BOTTOM + 1, UNITS - 4, UNITS - FIELD_BOTTOM - 2)
_SUBPIXEL = 16.0  # corners are rounded to a sixteenth of a pixel
_STACK_BITS = 4  # an id of a layer that shares its bytes with another one


class Pictures(NamedTuple):
    """A sheet cut to one band, as bytes.

    Attributes:
        colors: uint8 [tiles, band height, bytes]; the still where `covers` is false,
            so that the lowest layer needs no mask.
        covers: bool, same shape.
        row_of_pixel: int [band height].
        col_edges: int [cols + 1], in bytes.
        lowest: nothing but the still lies under the layer.
        stencil: bool [band height, bytes], if all tiles cover the same pixels and each
            has the same colors in every row; else None.
    """

    colors: UInt8[np.ndarray, "tiles height bytes"]
    covers: Bool[np.ndarray, "tiles height bytes"]
    row_of_pixel: np.ndarray
    col_edges: np.ndarray
    lowest: bool
    stencil: Bool[np.ndarray, "height bytes"] | None


class Plane(NamedTuple):
    """What one layer of cells shows, and how its tiles look."""

    ids: Ids
    pictures: Pictures


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
    planes: list[Plane] = []
    for depth, layer in enumerate(band.layers):
        if isinstance(layer, Polygon):
            canvas = _paint_planes(canvas, planes, paint_grid)
            planes = []
            canvas = _paint_polygon(canvas, layer, rows, size)
        else:
            ids, sheet = _ids_and_sheet(layer, size)
            planes.append(Plane(ids, _cut(sheet, rows, still, lowest=depth == 0)))
    return _paint_planes(canvas, planes, paint_grid)


def _paint_planes(
    canvas: Canvas, planes: list[Plane], paint_grid: GridPainter
) -> Canvas:
    """Paints layers of cells, two of the same cells at a time."""
    while planes:
        count = 2 if len(planes) > 1 and _can_stack(*planes[:2]) else 1
        canvas = paint_grid(canvas, tuple(planes[:count]))
        planes = planes[count:]
    return canvas


def _can_stack(lower: Plane, upper: Plane) -> bool:
    """Whether two layers have the same cells, and ids that fit into one byte."""
    return (
        lower.ids.shape == upper.ids.shape
        and np.array_equal(lower.pictures.col_edges, upper.pictures.col_edges)
        and np.array_equal(lower.pictures.row_of_pixel, upper.pictures.row_of_pixel)
        and max(len(p.pictures.colors) for p in (lower, upper)) < 2**_STACK_BITS
    )


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
    colors = np.where(covers, _bytes(sheet.pictures[:, rows]), still)
    return Pictures(
        colors=colors,
        covers=covers,
        row_of_pixel=sheet.row_of_pixel[rows],
        col_edges=3 * sheet.col_edges,
        lowest=lowest,
        stencil=covers[0] if _are_striped(colors, covers) else None,
    )


def _are_striped(colors: np.ndarray, covers: np.ndarray) -> bool:
    """Whether tiles cover the same pixels and have the same colors in every row."""
    if not (covers == covers[0]).all():
        return False
    least = np.where(covers, colors, 255).min(axis=1)
    largest = np.where(covers, colors, 0).max(axis=1)
    return bool((least == largest)[:, covers[0].any(axis=0)].all())


def paint_grid_by_selects(canvas: Canvas, stack: Stack) -> Canvas:
    """CPU form: the ids of every byte, then one select per tile."""
    packed = stack[0].ids
    for depth, upper in enumerate(stack[1:], start=1):
        packed |= upper.ids << np.uint8(depth * _STACK_BITS)
    pictures = stack[0].pictures
    strip = _strip(packed, pictures.col_edges, canvas.shape[1])
    ids = strip
    if len(strip) > 1:  # a board of one row shows it in every row of pixels
        ids = strip.at[pictures.row_of_pixel].get(mode="promise_in_bounds")
    if len(stack) == 1:
        return _select_tiles(canvas, ids, pictures, unit=1)
    for depth, plane in enumerate(stack):
        unit = 2 ** (depth * _STACK_BITS)
        mask = np.uint8((2**_STACK_BITS - 1) * unit)
        canvas = _select_tiles(canvas, ids & mask, plane.pictures, unit=unit)
    return canvas


def _strip(ids: Ids, col_edges: np.ndarray, width: int) -> UInt8[Array, "rows bytes"]:
    """The id of every byte of a pixel row, for each row of the board."""
    byte = np.arange(width)
    strip = jnp.zeros((ids.shape[0], width), jnp.uint8)
    for col, (left, right) in enumerate(itertools.pairwise(col_edges)):
        column_mask = np.where((byte >= left) & (byte < right), 255, 0).astype(np.uint8)
        strip |= ids[:, col : col + 1] & column_mask[None]
    return strip


def _select_tiles(
    canvas: Canvas, ids: UInt8[Array, "rows bytes"], pictures: Pictures, *, unit: int
) -> Canvas:
    """Paints every tile over the bytes whose id is `unit` times its number."""
    colors, stencil = pictures.colors, pictures.stencil
    if stencil is not None:
        ids &= np.where(stencil, 255, 0).astype(np.uint8)
        # One row of each tile is enough then, and stays in the fastest cache.
        some_row = stencil.argmax(axis=0)
        colors = colors[:, some_row, np.arange(len(some_row))][:, None]
    shows_all = pictures.lowest or stencil is not None
    for number, (color, cover) in enumerate(
        zip(colors, pictures.covers, strict=True), start=1
    ):
        wanted = np.uint8(number * unit)
        if not shows_all:
            # Where the tile covers nothing, no id is equal to 255.
            wanted = np.where(cover, wanted, np.uint8(255))
        canvas = jnp.where(ids == wanted, color, canvas)
    return canvas


def paint_grid_by_lookup(canvas: Canvas, stack: Stack) -> Canvas:
    """GPU form: one lookup per byte and layer."""
    for ids, pictures in stack:
        canvas = _look_up(canvas, ids, pictures)
    return canvas


def _look_up(canvas: Canvas, ids: Ids, pictures: Pictures) -> Canvas:
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
