"""What is visible, as data: a few small integer arrays, and no size in pixels.

A frame is a stack of horizontal bands; a band is a still picture with layers on it.
Lengths are in *units* of 1/128 of the frame's side, so a unit is one pixel of the
default frame. Every name that a game needs to describe its look is exported here.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float32, Int32, UInt8

from jax_core.pytree import pytree, static
from jax_core.rendering import sprites
from jax_core.rendering.palette import Color, Theme
from jax_core.rendering.sprites import Art

__all__ = [
    "FIELD",
    "FIELD_BOTTOM",
    "FIELD_TOP",
    "UNITS",
    "WIDE_FIELD",
    "Art",
    "Band",
    "Color",
    "Fill",
    "Grid",
    "Layer",
    "Lines",
    "Number",
    "Paint",
    "Polygon",
    "Rect",
    "Scene",
    "Still",
    "Text",
    "Theme",
    "Tile",
    "Units",
    "sprites",
]

UNITS = 128
Units = int | float
FIELD_TOP = 14  # the header is above, the footer begins at FIELD_BOTTOM
FIELD_BOTTOM = 114


class Rect(NamedTuple):
    """A rectangle in units, from the frame's top left corner."""

    x: Units
    y: Units
    width: Units
    height: Units


FIELD = Rect(16, 16, 96, 96)  # boards whose side divides 96
WIDE_FIELD = Rect(14, 14, 100, 100)  # boards of 10 or 20 cells


@dataclass(frozen=True)
class Fill:
    """A rectangle of one color."""

    rect: Rect
    color: Color


@dataclass(frozen=True)
class Lines:
    """Grid lines around every cell of a board, at least one pixel wide."""

    rect: Rect
    rows: int
    cols: int
    color: Color = Color.LINE


@dataclass(frozen=True)
class Text:
    """One line of text, centred, as large as whole pixels per dot allow."""

    rect: Rect
    text: str
    color: Color


Still = tuple[Fill | Lines | Text, ...]
"""What never changes, painted in this order on black."""


@dataclass(frozen=True)
class Paint:
    """One coat of a tile.

    Attributes:
        art: text art, stretched to the cell; `#` is ink.
        color: of the ink; a tuple has one color per board row.
        inset: units left free on all four sides.
        on_line: covers the cell's share of the grid lines too.
    """

    art: Art
    color: Color | tuple[Color, ...]
    inset: Units = 0
    on_line: bool = False


Tile = tuple[Paint, ...]
"""The look of a cell: coats painted one over the other."""


@pytree
class Grid:
    """Cells that show tiles. Moving things that live on cells are tiles too."""

    ids: UInt8[Array, "rows cols"]  # 0 shows nothing, k shows tiles[k - 1]
    tiles: tuple[Tile, ...] = static()
    rect: Rect = static()


@pytree
class Number:
    """Decimal digits without leading zeros, centred; the value is clipped to 0..999."""

    value: Int32[Array, ""]
    rect: Rect = static()
    color: Color = static(default=Color.WHITE)


@pytree
class Polygon:
    """A convex polygon; with all corners in one point it is not drawn.

    Attributes:
        corners: (x, y) in units.
        color: of all of it.
        top: it is not drawn above this line; None is the top of its band.
        bottom: it is not drawn below this line; None is the bottom of its band. The
            fewer rows it may be in, the faster it is drawn on GPUs.
    """

    corners: Float32[Array | np.ndarray, "corners 2"]
    color: Color = static()
    top: Units | None = static(default=None)
    bottom: Units | None = static(default=None)


Layer = Grid | Number | Polygon


@pytree
class Band:
    """A horizontal strip of the frame; a later layer covers an earlier one."""

    layers: tuple[Layer, ...]
    still: Still = static()
    top: Units = static(default=FIELD_TOP)  # units
    bottom: Units = static(default=FIELD_BOTTOM)


@pytree
class Scene:
    """One picture: header with score, bands of the play field, footer with title."""

    score: Int32[Array, ""]
    bands: tuple[Band, ...]  # from FIELD_TOP to FIELD_BOTTOM without gaps
    title: str = static()
    theme: Theme = static(default=Theme.NIGHT)  # of the title; a still has its own
