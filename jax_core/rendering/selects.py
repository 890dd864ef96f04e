"""The form of drawing for CPUs: a few selects for each byte, in one vectorised loop.

Eight cells of a board row are packed into bytes, one for each bit of their ids. All
bytes of a pixel row see the same packed ones; an `and` with a constant tells each
whether its own cell has the bit, and that decides between tiles. So no cell is copied
to the bytes that show it, and nothing is looked up. What a tile covers is one bit for
each byte of it, and its colors are mostly one pixel row: small tables, because larger
ones than the fastest cache cost more than all operations.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, UInt8, UInt32

from jax_core.rendering.cells import Ids
from jax_core.rendering.planes import Canvas, Plane

# Pixel rows by board row. An axis has length 1 where it makes no difference.
Cells = UInt8[Array | np.ndarray, "_rows _height _bytes"]
Mask = Bool[Array, "_rows _height _bytes"]

_GROUP = 8  # columns, or tiles, one bit each
_IDS_WITH_BIT = 0b10101010, 0b11001100, 0b11110000  # of 0..7: bits 0, 1 and 2
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
    cover = plane.covers[0]
    tables = [_fold(colors, rows) for colors in _spread_colors(plane, rows)]
    if (plane.covers == cover).all():
        bits = _id_bits(plane, cover, rows)  # false outside of the cover
        return _choose([cells, *tables], bits)
    bits = _id_bits(plane, np.ones_like(cover), rows)
    if plane.lowest and any(table.shape[1] > 1 for table in tables):
        # Uncovered, a tile has the colors of the still.
        return _choose([cells, *(_fold(colors, rows) for colors in plane.colors)], bits)
    colors = _choose([tables[0], *tables], bits)
    return jnp.where(_is_covered(plane, bits, rows), colors, cells)


def _spread_colors(plane: Plane, rows: int) -> np.ndarray:
    """Colors of the tiles, [tiles, height, bytes], with some for uncovered bytes too.

    Each takes that of a covered byte at its place in another row of the board, or else
    in another pixel row, so that most tiles fold to a single pixel row.
    """
    shape = (len(plane.colors), rows, -1, plane.colors.shape[2])
    colors, covers = plane.colors.reshape(shape), plane.covers.reshape(shape)
    for axis in (1, 2):
        first = covers.argmax(axis=axis, keepdims=True)
        colors = np.where(covers, colors, np.take_along_axis(colors, first, axis))
        covers = covers | covers.any(axis=axis, keepdims=True)
    return colors.reshape(plane.colors.shape)


def _is_covered(plane: Plane, bits: list[Mask], rows: int) -> Mask:
    """Whether the tile of a byte covers it.

    A table has one bit for each of eight ids, and three bits of an id say which.
    """
    covers = np.concatenate([np.zeros_like(plane.covers[:1]), plane.covers])
    tables = [
        np.packbits(covers[first : first + _GROUP], axis=0, bitorder="little")[0]
        for first in range(0, len(covers), _GROUP)
    ]
    table = _choose([_fold(table, rows) for table in tables], bits[3:])
    for bit, with_bit in zip(bits, _IDS_WITH_BIT, strict=False):
        table = table & jnp.where(bit, np.uint8(with_bit), np.uint8(0xFF - with_bit))
    return table != 0


def _choose(options: list[Cells], bits: list[Mask]) -> Cells:
    """Selects options[id] for every byte, given the bits of the ids."""
    for bit in bits:
        last = options[len(options) // 2 * 2 :]
        pairs = zip(options[::2], options[1::2], strict=not last)
        options = [*(_select(bit, one, zero) for zero, one in pairs), *last]
    return options[0]


def _select(bit: Mask, one: Cells, zero: Cells) -> Cells:
    is_constant = isinstance(one, np.ndarray) and isinstance(zero, np.ndarray)
    if is_constant and np.array_equal(one, zero):
        return one
    return jnp.where(bit, one, zero)


def _id_bits(
    plane: Plane, cover: Bool[np.ndarray, "height bytes"], rows: int
) -> list[Mask]:
    """The bits of the id of every byte, lowest first; false outside of the cover."""
    num_bits, cols = len(plane.colors).bit_length(), plane.ids.shape[1]
    col = np.searchsorted(plane.col_edges, np.arange(cover.shape[1]), side="right") - 1
    place, packed = col, _packed_bits(plane, 0, num_bits, rows)
    for first in range(_GROUP, cols, _GROUP):
        # The last group begins earlier, because XLA would repeat the packing of a
        # single column in every pixel row.
        start = min(first, cols - _GROUP)
        is_later = col >= first
        place = np.where(is_later, col - start, place)
        later = _packed_bits(plane, start, num_bits, rows)
        selector = np.where(is_later, np.uint8(0xFF), np.uint8(0))[None, None]
        # Selects by bits, which processors do in one operation.
        packed = [
            byte ^ ((byte ^ other) & selector)
            for byte, other in zip(packed, later, strict=True)
        ]
    # Beside the board any column will do, because no tile covers anything there.
    own = _fold(np.where(cover, 1 << place % _GROUP, 0).astype(np.uint8), rows)
    return [byte & own != 0 for byte in packed]


def _packed_bits(
    plane: Plane, start: int, num_bits: int, rows: int
) -> list[UInt8[Array, "_rows _height 1"]]:
    """The bits of the ids of eight columns, a byte for each bit, lowest first."""
    ids = plane.ids[:, start : start + _GROUP]
    words = [_by_pixel_row(word, plane, rows) for word in _pack(ids, num_bits)]
    return [
        (words[bit // _NIBBLE] >> np.uint32(8 * (bit % _NIBBLE))).astype(jnp.uint8)
        for bit in range(num_bits)
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
    # Two of each word, as XLA fuses what makes words with a lookup of them, but not
    # with their repetition. Otherwise it makes every sum again for each pixel row.
    twice = jnp.broadcast_to(words[:, None], (len(words), 2)).reshape(-1)
    found = twice.at[2 * plane.row_of_pixel].get(mode="promise_in_bounds")
    return found.reshape(1, -1, 1)
