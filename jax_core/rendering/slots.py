"""The order in which a CPU draws the pixel rows of a board.

A *swath* is what the innermost loop runs through: a pixel row, or two where rows are
short, so that it has whole vectors to write. Rows of a board can be of unequal height.
Each gets as many *slots* as the one with the most swaths has, so that what decides its
pixels is at hand in all of its slots and need not be copied to its swaths. A lookup
leaves out the slots that are too many; its indices are constants, so XLA fuses it with
the drawing, and nothing is drawn in them.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt8

from jax_core.rendering.planes import Canvas

Cells = UInt8[Array | np.ndarray, "_rows _slots _bytes"]
"""Swaths by board row. An axis has length 1 where it makes no difference."""

Table = np.ndarray  # [*tables, pixel rows, bytes]


@dataclass(frozen=True, eq=False)
class Slots:
    """Which swath is drawn where.

    Attributes:
        swaths: in each slot; one that is too many repeats the last of its row.
        alike: the same, but these repeat the slot of another row.
        is_used: false for those that are too many.
        slot_of_swath: counted through all rows.
        rows_below: how many board rows each pixel row lies below the first one of its
            swath.
    """

    swaths: Int[np.ndarray, "rows slots"]
    alike: Int[np.ndarray, "rows slots"]
    is_used: Bool[np.ndarray, "rows slots"]
    slot_of_swath: Int[np.ndarray, " swaths"]
    rows_below: Int[np.ndarray, " height"]

    @property
    def is_by_row(self) -> bool:
        """Whether there are several board rows."""
        return len(self.swaths) > 1

    @property
    def is_full(self) -> bool:
        """Whether no slot is too many."""
        return bool(self.is_used.all())

    @property
    def swath_height(self) -> int:
        """Pixel rows of a swath."""
        return len(self.rows_below) // len(self.slot_of_swath)

    def place(self, table: Table) -> np.ndarray:
        """Puts the swaths of tables into slots: [*tables, rows, slots, bytes]."""
        return self._in_swaths(table)[..., self.swaths, :]

    def take(self, table: Canvas) -> Cells:
        """Puts swaths into slots; of constant ones that are alike, keeps one.

        The tiles of a board then fit into the fastest cache. Swaths that are not
        constant can be taken where all slots are full.
        """
        if not isinstance(table, np.ndarray):
            return table.reshape(*self.swaths.shape, -1)
        swaths = self._in_swaths(table)
        cells = fold(swaths[self.alike])
        if len(cells) == 1:
            return cells
        own = fold(swaths[self.swaths])
        return own if own.shape[1] == 1 else cells

    def leave(self, cells: Cells) -> Canvas:
        """Takes the swaths out of their slots."""
        shape = *self.swaths.shape, cells.shape[2]
        drawn = jnp.broadcast_to(cells, shape).reshape(-1, cells.shape[2])
        if self.is_full:
            return drawn
        return drawn.at[self.slot_of_swath].get(mode="promise_in_bounds")

    def _in_swaths(self, table: Table) -> np.ndarray:
        return table.reshape(*table.shape[:-2], len(self.slot_of_swath), -1)


def make_slots(
    row_of_pixel: Int[np.ndarray, " height"], num_rows: int, num_swaths: int
) -> Slots:
    """Finds the slots of some pixel rows.

    Args:
        row_of_pixel: the board row of each, from top to bottom.
        num_rows: rows of the board.
        num_swaths: of as many pixel rows each.
    """
    rows = row_of_pixel.reshape(num_swaths, -1)
    first = rows[:, 0]
    swath = np.arange(num_swaths)
    slot = swath - np.searchsorted(first, first)
    swaths = np.zeros((num_rows, slot.max() + 1), np.int64)
    is_used = np.zeros(swaths.shape, np.bool_)
    swaths[first, slot], is_used[first, slot] = swath, True
    of_another = np.take_along_axis(swaths, is_used.argmax(axis=0)[None], axis=0)
    last = swaths.max(axis=1, keepdims=True)
    return Slots(
        swaths=np.where(is_used, swaths, last),
        alike=np.where(is_used, swaths, of_another),
        is_used=is_used,
        slot_of_swath=first * swaths.shape[1] + slot,
        rows_below=(rows - first[:, None]).reshape(-1),
    )


def fold(cells: np.ndarray) -> np.ndarray:
    """Keeps one of board rows that are alike, and of slots."""
    if (cells == cells[:1]).all():
        cells = cells[:1]
    if (cells == cells[:, :1]).all():
        cells = cells[:, :1]
    return cells
