"""The form of drawing for CPUs: a few selects for each byte, in one vectorised loop.

Eight cells of a board row are packed into bytes, one for each bit of their ids. All
bytes of a pixel row see the same packed ones; an `and` with a constant tells each
whether its own cell has the bit, and that decides between tiles. So no cell is copied
to the bytes that show it, and nothing is looked up.
"""

import functools
import operator
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, UInt8, UInt32

from jax_core.rendering.planes import Canvas, Ids, Plane

# Pixel rows by board row. An axis has length 1 where it makes no difference.
Cells = UInt8[Array | np.ndarray, "_rows _height _bytes"]
Mask = Bool[Array, "_rows _height _bytes"]

_GROUP = 8  # columns, one bit each
_NIBBLE = 4  # bits of the ids that are packed together


def paint_by_selects(canvas: Canvas, planes: Sequence[Plane]) -> Canvas:
    """Paints planes over a canvas, a later one over an earlier one."""
    rows = _equal_rows(planes, len(canvas))
    cells = _fold(canvas, rows)
    for plane in planes:
        cells = _paint_plane(cells, plane, rows)
    whole = jnp.broadcast_to(cells, (rows, len(canvas) // rows, canvas.shape[1]))
    return whole.reshape(canvas.shape)


def _equal_rows(planes: Sequence[Plane], height: int) -> int:
    """The board rows, if they are equally high and fill the canvas, else 1."""
    rows = max(plane.ids.shape[0] for plane in planes)
    if height % rows:
        return 1
    equal = np.arange(rows).repeat(height // rows)
    fits = (
        plane.ids.shape[0] == 1 or np.array_equal(plane.row_of_pixel, equal)
        for plane in planes
    )
    return rows if all(fits) else 1


def _fold(table: Canvas, rows: int) -> Cells:
    """Splits pixel rows by board row; of constant ones that are alike, keeps one.

    The tiles of a board then fit into the fastest cache.
    """
    cells = table.reshape(rows, -1, table.shape[1])
    if isinstance(cells, np.ndarray):
        if (cells == cells[:1]).all():
            cells = cells[:1]
        if (cells == cells[:, :1]).all():
            cells = cells[:, :1]
    return cells


def _paint_plane(cells: Cells, plane: Plane, rows: int) -> Cells:
    cover, colors = plane.covers[0], plane.colors
    if (plane.covers == cover).all():
        # The masks are false outside of the cover, and colors there make no difference.
        colors = np.where(cover, colors, _covered_colors(colors, cover))
    elif plane.lowest:
        cover = np.ones_like(cover)  # uncovered, the tiles have the colors of the still
    else:
        for tile in _tile_by_tile(plane):
            cells = _paint_plane(cells, tile, rows)
        return cells
    return _choose(
        [cells, *(_fold(color, rows) for color in colors)],
        _id_bits(plane, cover, rows),
    )


def _covered_colors(colors: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """The color of each tile in the first covered row of every byte."""
    first = cover.argmax(axis=0)
    return colors[:, first, np.arange(len(first))][:, None]


def _tile_by_tile(plane: Plane) -> list[Plane]:
    """The same plane as planes of one tile each."""
    tiles = zip(plane.colors, plane.covers, strict=True)
    return [
        plane._replace(
            ids=(plane.ids == np.uint8(number)).astype(jnp.uint8),
            colors=color[None],
            covers=cover[None],
        )
        for number, (color, cover) in enumerate(tiles, start=1)
    ]


def _choose(options: list[Cells], bits: list[Mask]) -> Cells:
    """Selects options[id] for every byte, given the bits of the ids."""
    for bit in bits:
        last = options[len(options) // 2 * 2 :]
        pairs = zip(options[::2], options[1::2], strict=not last)
        options = [*(jnp.where(bit, one, zero) for zero, one in pairs), *last]
    return options[0]


def _id_bits(
    plane: Plane, cover: Bool[np.ndarray, "height bytes"], rows: int
) -> list[Mask]:
    """The bits of the id of every byte, lowest first; false outside of the cover."""
    num_bits, cols = len(plane.colors).bit_length(), plane.ids.shape[1]
    col = np.searchsorted(plane.col_edges, np.arange(cover.shape[1]), side="right") - 1
    groups = []
    for first in range(0, cols, _GROUP):
        place = np.arange(min(_GROUP, cols - first))
        own = ((col == first + place[:, None]) << place[:, None]).sum(axis=0)
        own = _fold(np.where(cover, own, 0).astype(np.uint8), rows)
        ids = plane.ids[:, first : first + _GROUP]
        words = [_by_pixel_row(word, plane, rows) for word in _pack(ids, num_bits)]
        packed = [
            (words[bit // _NIBBLE] >> np.uint32(8 * (bit % _NIBBLE))).astype(jnp.uint8)
            for bit in range(num_bits)
        ]
        groups.append([byte & own for byte in packed])
    return [
        functools.reduce(operator.or_, bit) != 0 for bit in zip(*groups, strict=True)
    ]


def _pack(ids: Ids, num_bits: int) -> list[UInt32[Array, " rows"]]:
    """Words of four bytes; byte k has bit k of the ids of up to eight columns."""
    place = np.arange(ids.shape[1], dtype=np.uint32)
    words = []
    for bit in range(0, num_bits, _NIBBLE):
        nibble = (ids >> np.uint8(bit) & np.uint8(2**_NIBBLE - 1)).astype(jnp.uint32)
        # The product has bit k of the nibble at 8 * k, and copies between.
        spread = nibble * np.uint32(0x00204081) & np.uint32(0x01010101)
        # XLA makes a sum on its own, once per board row; it would repeat a chain of
        # `or` in every pixel row.
        words.append(jnp.sum(spread << place[None], axis=1, dtype=jnp.uint32))
    return words


def _by_pixel_row(
    words: UInt32[Array, " rows"], plane: Plane, rows: int
) -> UInt32[Array, "_rows _height 1"]:
    if len(words) in (1, rows):
        return words.reshape(-1, 1, 1)
    found = words.at[plane.row_of_pixel].get(mode="promise_in_bounds")
    return found.reshape(1, -1, 1)
