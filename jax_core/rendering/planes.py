"""Layers of cells as bytes: what the form of drawing for CPUs takes.

A pixel row is a row of bytes here and there, never `[width, channels]`, to keep
the innermost loop long.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Int, UInt8

from jax_core.rendering import painting
from jax_core.rendering.cells import Ids

Canvas = UInt8[Array | np.ndarray, "_height _bytes"]
Colors = UInt8[np.ndarray, "tiles height bytes"]
Covers = Bool[np.ndarray, "tiles height bytes"]


class Plane(NamedTuple):
    """One layer of cells over some pixel rows of the frame.

    Attributes:
        ids: uint8 [rows, cols], traced; 0 shows nothing, k shows tile k - 1.
        colors: uint8 [tiles, height, bytes]; the still where `covers` is false.
        covers: bool, same shape; bytes that a tile hides.
        row_of_pixel: int [height], the board row of each pixel row.
        col_edges: int [cols + 1], in bytes.
        lowest: nothing but the still lies under the cells.
    """

    ids: Ids
    colors: Colors
    covers: Covers
    row_of_pixel: np.ndarray
    col_edges: np.ndarray
    lowest: bool


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Flattens [..., width, channels] to [..., bytes]."""
    return picture.reshape(*picture.shape[:-2], -1)


def cut(
    ids: Ids,
    sheet: painting.Sheet,
    rows: Int[np.ndarray, " height"],
    shown: Bool[np.ndarray, " height"],
    still: np.ndarray,
    *,
    lowest: bool,
) -> Plane:
    """Cuts a sheet to some pixel rows of the frame.

    Args:
        ids: what the cells show.
        sheet: the tiles.
        rows: the pixel rows.
        shown: those in which the layer is drawn.
        still: uint8 [height, bytes], the picture below, these rows only.
        lowest: nothing but the still lies under the cells.
    """
    channels = sheet.pictures.shape[-1]
    covers = sheet.covers[:, rows].repeat(channels, axis=2) & shown[:, None]
    return Plane(
        ids=ids,
        colors=np.where(covers, to_bytes(sheet.pictures[:, rows]), still),
        covers=covers,
        row_of_pixel=sheet.row_of_pixel[rows],
        col_edges=channels * sheet.col_edges,
        lowest=lowest,
    )
