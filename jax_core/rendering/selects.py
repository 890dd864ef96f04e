"""The form of drawing for CPUs: a few selects for each byte, in one vectorised loop.

Eight cells of a board row are packed into bytes, one for each bit of their ids. All
bytes of a pixel row see the same packed ones; an `and` with a constant tells each
whether its own cell has the bit, and that decides between tiles. So no cell is copied
to the bytes that show it, and nothing is looked up. What a tile covers is one bit for
each byte of it, and its colors are mostly one pixel row: small tables, because larger
ones than the fastest cache cost more than all operations.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, UInt8, UInt32

from jax_core.rendering.cells import Ids
from jax_core.rendering.planes import Canvas, Plane
from jax_core.rendering.slots import Cells, Slots, fold, make_slots

Mask = Bool[Array, "_rows _slots _bytes"]

_GROUP = 8  # columns, or tiles, one bit each
_IDS_WITH_BIT = 0b10101010, 0b11001100, 0b11110000  # of 0..7: bits 0, 1 and 2
_NIBBLE = 4  # bits of the ids that are packed together


def paint_by_selects(canvas: Canvas, planes: Sequence[Plane]) -> Canvas:
    """Paints planes over a canvas, a later one over an earlier one."""
    slots = _find_slots(canvas, planes)
    cells = slots.take(canvas)
    for plane in planes:
        cells = _paint_plane(cells, plane, slots)
    return slots.leave(cells)


def _find_slots(canvas: Canvas, planes: Sequence[Plane]) -> Slots:
    """Slots by board row, if all boards have the same ones, else by swath alone.

    Where every swath is a pixel row of its own, only rows of equal height are worth it.
    """
    boards = [plane for plane in planes if len(plane.ids) > 1]
    rows = {(len(plane.ids), plane.row_of_pixel.tobytes()) for plane in boards}
    if len(rows) == 1:
        slots = make_slots(boards[0].row_of_pixel, len(boards[0].ids), len(canvas))
        is_constant = isinstance(canvas, np.ndarray)
        if slots.is_full or (is_constant and slots.swath_height > 1):
            return slots
    return make_slots(np.zeros_like(planes[0].row_of_pixel), 1, len(canvas))


def _paint_plane(cells: Cells, plane: Plane, slots: Slots) -> Cells:
    cover = plane.covers[0]
    tables = [fold(colors) for colors in _spread_colors(plane, slots)]
    if (plane.covers == cover).all():
        bits = _id_bits(plane, cover, slots)  # false outside of the cover
        return _choose([cells, *tables], bits)
    bits = _id_bits(plane, np.ones_like(cover), slots)
    if plane.lowest and any(table.shape[1] > 1 for table in tables):
        # Uncovered, a tile has the colors of the still.
        return _choose([cells, *(slots.take(colors) for colors in plane.colors)], bits)
    colors = _choose([tables[0], *tables], bits)
    return jnp.where(_is_covered(plane, bits, slots), colors, cells)


def _spread_colors(plane: Plane, slots: Slots) -> np.ndarray:
    """Colors of the tiles, [tiles, rows, slots, bytes], for uncovered bytes too.

    Each takes that of a covered byte at its place in another row of the board, or else
    in another slot, so that most tiles fold to a single one.
    """
    colors, covers = slots.place(plane.colors), slots.place(plane.covers)
    covers = covers & slots.is_used[..., None]
    for axis in (1, 2):
        first = covers.argmax(axis=axis, keepdims=True)
        colors = np.where(covers, colors, np.take_along_axis(colors, first, axis))
        covers = covers | covers.any(axis=axis, keepdims=True)
    return colors


def _is_covered(plane: Plane, bits: list[Mask], slots: Slots) -> Mask:
    """Whether the tile of a byte covers it.

    A table has one bit for each of eight ids, and three bits of an id say which.
    """
    covers = np.concatenate([np.zeros_like(plane.covers[:1]), plane.covers])
    tables = [
        np.packbits(covers[first : first + _GROUP], axis=0, bitorder="little")[0]
        for first in range(0, len(covers), _GROUP)
    ]
    table = _choose([slots.take(table) for table in tables], bits[3:])
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
    plane: Plane, cover: Bool[np.ndarray, "height bytes"], slots: Slots
) -> list[Mask]:
    """The bits of the id of every byte, lowest first; false outside of the cover."""
    num_bits, cols = len(plane.colors).bit_length(), plane.ids.shape[1]
    col = np.searchsorted(plane.col_edges, np.arange(cover.shape[1]), side="right") - 1
    place, packed = col, _packed_bits(plane, 0, num_bits, slots)
    for first in range(_GROUP, cols, _GROUP):
        # The last group begins earlier, because XLA would repeat the packing of a
        # single column in every pixel row.
        start = min(first, cols - _GROUP)
        is_later = col >= first
        place = np.where(is_later, col - start, place)
        later = _packed_bits(plane, start, num_bits, slots)
        selector = slots.take(_flags(np.broadcast_to(is_later, cover.shape)))
        packed = [
            _select_bits(selector, other, byte)
            for byte, other in zip(packed, later, strict=True)
        ]
    # Beside the board any column will do, because no tile covers anything there.
    own = slots.take(np.where(cover, 1 << place % _GROUP, 0).astype(np.uint8))
    return [byte & own != 0 for byte in packed]


def _flags(mask: Bool[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    return np.where(mask, np.uint8(0xFF), np.uint8(0))


def _select_bits(selector: Any, one: Any, zero: Any) -> Any:
    """Selects bytes by bits, which processors do in one operation."""
    return zero ^ ((zero ^ one) & selector)


def _packed_bits(
    plane: Plane, start: int, num_bits: int, slots: Slots
) -> list[UInt8[Array, "_rows _slots _bytes"]]:
    """The bits of the ids of eight columns, a byte for each bit, lowest first."""
    ids = plane.ids[:, start : start + _GROUP]
    if slots.is_by_row and len(ids) > 1:
        # Where what lies below the last row is asked for, it has to be anything.
        ids = jnp.pad(ids, ((0, slots.rows_below.max()), (0, 0)))
    words = [_by_row_of_swath(word, plane, slots) for word in _pack(ids, num_bits)]
    masks = _masks_of_later_rows(plane, slots)
    bits = []
    for bit in range(num_bits):
        found, *later = (_byte(word, bit % _NIBBLE) for word in words[bit // _NIBBLE])
        for mask, other in zip(masks, later, strict=True):
            found = _select_bits(mask, other, found)
        bits.append(found)
    return bits


def _masks_of_later_rows(plane: Plane, slots: Slots) -> list[Cells]:
    """Which bytes have the second word of `_by_row_of_swath` or a later one, and on."""
    if len(plane.ids) == 1:
        return []
    height = slots.swath_height
    row_in_swath = np.arange(len(slots.rows_below)) % height
    of_pixel = slots.rows_below if slots.is_by_row else row_in_swath
    return [
        slots.take(_flags(np.broadcast_to(is_later, plane.covers[0].shape)))
        for is_later in (
            of_pixel[:, None] >= row for row in range(1, of_pixel.max() + 1)
        )
    ]


def _by_row_of_swath(
    words: UInt32[Array, " rows"], plane: Plane, slots: Slots
) -> list[UInt32[Array, "_rows _slots 1"]]:
    """The words of the board rows that a swath is in, or of its pixel rows."""
    if len(words) == 1:
        return [words.reshape(1, 1, 1)]
    if slots.is_by_row:
        num_rows = len(slots.swaths)
        return [
            words[below : below + num_rows][:, None, None]
            for below in range(slots.rows_below.max() + 1)
        ]
    # Two of each word, as XLA fuses what makes words with a lookup of them, but not
    # with their repetition. Otherwise it makes every sum again for each pixel row.
    twice = jnp.broadcast_to(words[:, None], (len(words), 2)).reshape(-1)
    height = slots.swath_height
    return [
        twice.at[2 * plane.row_of_pixel[row::height]]
        .get(mode="promise_in_bounds")
        .reshape(1, -1, 1)
        for row in range(height)
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


def _byte(words: UInt32[Array, "*shape"], index: int) -> UInt8[Array, "*shape"]:
    """One byte of words, the lowest has index 0.

    XLA does not see that a shift by 0 changes nothing. Of int32, because random numbers
    are made with the same shifts of uint32, and constants that several loops share are
    read from memory.
    """
    if index:
        words = words.astype(jnp.int32) >> np.int32(8 * index)
    return words.astype(jnp.uint8)
