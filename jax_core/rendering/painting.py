"""Paints stills and tiles with NumPy at trace time; every frame shares the result."""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8

from jax_core.rendering import layout
from jax_core.rendering.font import write
from jax_core.rendering.layout import Format
from jax_core.rendering.palette import Color, brightness
from jax_core.rendering.scene import (
    Art,
    Fill,
    Grid,
    Lines,
    Number,
    Paint,
    Rect,
    Still,
    Text,
    Tile,
    sprites,
)

_SAMPLES = 4  # per pixel and axis, to fit art to cells of any size

Picture = UInt8[np.ndarray, "height width channels"]
Cover = Bool[np.ndarray, "height width"]


@dataclass(frozen=True, eq=False)
class Sheet:
    """All tiles of a layer, each painted into every cell of the whole frame.

    Equal layers share one, so sheets are compared by identity.

    Attributes:
        pictures: colors where `covers` is true.
        covers: pixels that the tile hides.
        row_of_pixel: board row of each pixel row, the nearest one outside the board.
        row_edges: pixel edges of the board's rows.
        col_edges: pixel edges of the board's columns.
    """

    pictures: UInt8[np.ndarray, "tiles height width channels"]
    covers: Bool[np.ndarray, "tiles height width"]
    row_of_pixel: Int[np.ndarray, " height"]
    row_edges: layout.Edges
    col_edges: layout.Edges

    @property
    def cells(self) -> tuple[slice, slice]:
        """The pixels of all cells together."""
        return (
            slice(self.row_edges[0], self.row_edges[-1]),
            slice(self.col_edges[0], self.col_edges[-1]),
        )


@functools.cache
def paint_still(still: Still, form: Format) -> Picture:
    """Paints a still over a black frame."""
    size = form.size
    picture = np.zeros((size, size, 3), np.uint8)
    for item in still:
        match item:
            case Fill(rect, color):
                picture[_window(rect, size)] = color.value
            case Lines():
                _paint_lines(picture, item)
            case Text():
                _paint_text(picture, item)
    return in_channels(picture, form)


def in_channels(picture: UInt8[np.ndarray, "*shape 3"], form: Format) -> np.ndarray:
    """RGB as the bytes that a frame has for a pixel."""
    return picture if form.channels == 3 else brightness(picture)


def color_row(color: Color, form: Format) -> UInt8[np.ndarray, " bytes"]:
    """A pixel row of one color."""
    pixel = in_channels(np.array(color.value, np.uint8), form)
    return np.tile(pixel, form.size)


@functools.cache
def _paint_sheet(
    tiles: tuple[Tile, ...],
    row_edges: tuple[int, ...],
    col_edges: tuple[int, ...],
    form: Format,
) -> Sheet:
    size = form.size
    pictures = np.zeros((len(tiles), size, size, 3), np.uint8)
    covers = np.zeros((len(tiles), size, size), np.bool_)
    for tile, picture, cover in zip(tiles, pictures, covers, strict=True):
        for row, (top, bottom) in enumerate(itertools.pairwise(row_edges)):
            for left, right in itertools.pairwise(col_edges):
                window = np.s_[top:bottom, left:right]
                picture[window], cover[window] = _paint_cell(
                    tile, row, (bottom - top, right - left), size
                )
    rows = np.searchsorted(row_edges, np.arange(size), side="right") - 1
    return Sheet(
        pictures=in_channels(pictures, form),
        covers=covers,
        row_of_pixel=rows.clip(0, len(row_edges) - 2),
        row_edges=np.array(row_edges),
        col_edges=np.array(col_edges),
    )


def grid_sheet(grid: Grid, form: Format) -> Sheet:
    """Paints the tiles of a board."""
    num_rows, num_cols = grid.ids.shape
    rows, cols = layout.grid_edges(grid.rect, num_rows, num_cols, form.size)
    return _paint_sheet(grid.tiles, tuple(rows.tolist()), tuple(cols.tolist()), form)


def number_sheet(number: Number, form: Format) -> Sheet:
    """Paints the only tile of a number, a dot."""
    rows, cols = layout.number_edges(number.rect, form.size)
    dot = (Paint(sprites.FULL, number.color, on_line=True),)
    return _paint_sheet((dot,), tuple(rows.tolist()), tuple(cols.tolist()), form)


def _window(rect: Rect, size: int) -> tuple[slice, slice]:
    """Rows and columns of pixels that a rectangle covers, at least one of each."""
    (top, bottom), (left, right) = layout.grid_edges(rect, 1, 1, size)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _paint_lines(picture: Picture, lines: Lines) -> None:
    """Paints a line at every edge; the last ones lie just outside the board."""
    size, width = len(picture), layout.line_width(len(picture))
    row_edges, col_edges = layout.grid_edges(lines.rect, lines.rows, lines.cols, size)
    bottom, right = row_edges[-1] + width, col_edges[-1] + width
    for top in row_edges:
        picture[top : top + width, col_edges[0] : right] = lines.color.value
    for left in col_edges:
        picture[row_edges[0] : bottom, left : left + width] = lines.color.value


def _paint_text(picture: Picture, text: Text) -> None:
    """Paints text with square dots of whole pixels."""
    ink = _ink(write(text.text))
    top, left, dot = layout.text_box(text.rect, ink.shape[1], len(picture))
    ink = ink.repeat(dot, axis=0).repeat(dot, axis=1)
    height, width = ink.shape
    picture[top : top + height, left : left + width][ink] = text.color.value


def _paint_cell(
    tile: Tile, row: int, shape: tuple[int, int], size: int
) -> tuple[Picture, Cover]:
    """Paints a tile into a cell of `shape` pixels of board row `row`."""
    height, width = shape
    picture = np.zeros((height, width, 3), np.uint8)
    cover = np.zeros((height, width), np.bool_)
    for paint in tile:
        line = 0 if paint.on_line else layout.line_width(size)
        inset = layout.to_pixels(paint.inset, size)
        window = np.s_[line + inset : height - inset, line + inset : width - inset]
        ink = _fit(paint.art, *cover[window].shape)
        color = paint.color[row] if isinstance(paint.color, tuple) else paint.color
        cover[window] |= ink
        picture[window][ink] = color.value
    return picture, cover


def _ink(art: Art) -> Bool[np.ndarray, "rows cols"]:
    """Text art as an array, true where there is ink."""
    return np.array([list(row) for row in art]) == "#"


def _fit(art: Art, height: int, width: int) -> Cover:
    """Stretches art to a box; a pixel has ink when half of it lies on inked dots."""
    ink = _ink(art)
    rows, cols = (
        (2 * np.arange(pixels * _SAMPLES) + 1) * dots // (2 * _SAMPLES * max(pixels, 1))
        for pixels, dots in zip((height, width), ink.shape, strict=True)
    )
    samples = ink[np.ix_(rows, cols)].reshape(height, _SAMPLES, width, _SAMPLES)
    return samples.mean(axis=(1, 3)) >= 0.5
