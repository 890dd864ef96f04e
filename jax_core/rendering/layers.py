"""Layers as cells that show one of few looks: what the words of a frame are made of.

Boards have such cells. Polygons have them too: each of their pixel rows is cut into
groups of words, and what a group shows is where the polygon begins and ends in it.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int, UInt8

from jax_core.rendering.layout import Format
from jax_core.rendering.painting import Sheet, color_row
from jax_core.rendering.palette import Color

NO_CELL = np.int32(2**31 - 1)

CellOfByte = Int[np.ndarray, " _bytes"]
Features = UInt8[np.ndarray, "_words _features"]
Look = tuple[
    UInt8[np.ndarray, "_looks _words _bytes"], Bool[np.ndarray, "_looks _words _bytes"]
]
"""Colors, and which of them the layer shows; 0 where it shows nothing."""


def word_bytes(form: Format) -> int:
    """Bytes of a word: 4, or 1 in frames of an odd size."""
    return 4 if form.size**2 * form.channels % 4 == 0 else 1


class Bytes(NamedTuple):
    """Some bytes of a frame, by words, and the one cell of each word that counts."""

    byte: Int[np.ndarray, "_words _bytes"]
    own: Bool[np.ndarray, "_words _bytes"]  # of the cell
    cell: Int[np.ndarray, " _words"]  # of its layer


@runtime_checkable
class CellLayer(Protocol):
    """A layer over some pixel rows; hashable, and equal ones are alike."""

    @property
    def num_cells(self) -> int:
        """Cells, whether or not they can show something."""
        ...

    @property
    def num_looks(self) -> int:
        """Ids that a cell can have; 0 shows nothing."""
        ...

    def cells(self) -> CellOfByte:
        """The cell of each byte of a frame, NO_CELL where the layer never shows."""
        ...

    def looks(self, some: Bytes) -> Look:
        """What each id shows in some bytes."""
        ...

    def features(self, some: Bytes) -> Features:
        """Words with equal features look alike for every id."""
        ...


class Tiles(NamedTuple):
    """A board over the pixel rows from `top` to before `bottom`."""

    sheet: Sheet
    top: int
    bottom: int

    @property
    def num_cells(self) -> int:
        """Cells of all rows and columns."""
        return (len(self.sheet.row_edges) - 1) * (len(self.sheet.col_edges) - 1)

    @property
    def num_looks(self) -> int:
        """Nothing, and the tiles."""
        return 1 + len(self.sheet.pictures)

    def cells(self) -> CellOfByte:
        """The cell of each byte that some tile covers."""
        sheet = self.sheet
        _, size, _, channels = sheet.pictures.shape
        pixel = np.arange(size)
        col = np.searchsorted(sheet.col_edges, pixel, side="right") - 1
        cell = sheet.row_of_pixel[:, None] * (len(sheet.col_edges) - 1) + col
        in_band = (pixel >= self.top) & (pixel < self.bottom)
        shown = sheet.covers.any(axis=0) & in_band[:, None]
        return np.where(shown, cell, NO_CELL).reshape(-1).repeat(channels)

    def looks(self, some: Bytes) -> Look:
        """Nothing, and the tiles as they are painted there."""
        num_tiles, channels = len(self.sheet.covers), self.sheet.pictures.shape[-1]
        covers = self.sheet.covers.reshape(num_tiles, -1)[:, some.byte // channels]
        colors = self.sheet.pictures.reshape(num_tiles, -1)[:, some.byte]
        pad = ((1, 0), (0, 0), (0, 0))
        covers = np.pad(covers & some.own, pad)
        return np.where(covers, np.pad(colors, pad), 0), covers

    def features(self, some: Bytes) -> Features:
        """All looks."""
        parts = [part.swapaxes(0, 1).astype(np.uint8) for part in self.looks(some)]
        return np.concatenate(parts, axis=1).reshape(len(some.byte), -1)


class Spans(NamedTuple):
    """A polygon over the pixel rows from `top` to before `bottom`.

    A cell shows the pixels from `first` to before `last` of it. The pairs are numbered
    in their order, so the id is first * (2 * pixels - 1 - first) / 2 + last.
    """

    color: Color
    top: int
    bottom: int
    words: int  # of a cell
    form: Format

    @property
    def _bytes(self) -> int:
        return self.words * word_bytes(self.form)

    @property
    def starts(self) -> Int[np.ndarray, " cols"]:
        """The first pixel of each cell of a pixel row."""
        row_bytes = self.form.size * self.form.channels
        return np.arange(0, row_bytes, self._bytes) // self.form.channels

    @property
    def pixels(self) -> int:
        """Most pixels that a cell has bytes of."""
        return most_pixels(self.words, self.form)

    @property
    def num_cells(self) -> int:
        """Groups of words in all rows."""
        return (self.bottom - self.top) * len(self.starts)

    @property
    def num_looks(self) -> int:
        """Nothing, and all pairs of ends."""
        return 1 + self.pixels * (self.pixels + 1) // 2

    def cells(self) -> CellOfByte:
        """The cell of each byte of the rows."""
        row_bytes = self.form.size * self.form.channels
        row = np.arange(self.form.size)[:, None] - self.top
        cell = row * len(self.starts) + np.arange(row_bytes) // self._bytes
        in_rows = (row >= 0) & (row < self.bottom - self.top)
        return np.where(in_rows, cell, NO_CELL).reshape(-1)

    def looks(self, some: Bytes) -> Look:
        """The color between all pairs of ends."""
        first, width = np.triu_indices(self.pixels)
        first, last = (np.append(0, ends) for ends in (first, width + 1))
        pixel = self._pixel(some)
        covers = (first[:, None, None] <= pixel) & (pixel < last[:, None, None])
        covers &= some.own
        row = color_row(self.color, self.form)
        return np.where(covers, row[some.byte % len(row)], 0), covers

    def features(self, some: Bytes) -> Features:
        """The pixels and the channels of the bytes."""
        channel = some.byte % self.form.channels
        place = np.where(some.own, self._pixel(some) * self.form.channels + channel, -1)
        return np.ascontiguousarray(place).view(np.uint8)

    def _pixel(self, some: Bytes) -> Int[np.ndarray, "_words _bytes"]:
        """The pixel of each byte, from the start of the cell."""
        pixel = some.byte // self.form.channels % self.form.size
        return pixel - self.starts[some.cell % len(self.starts)][:, None]


def most_pixels(words: int, form: Format) -> int:
    """Most pixels that a cell of some words has bytes of; rows begin with a cell."""
    size = words * word_bytes(form)
    first = np.arange(0, form.size * form.channels, size)
    pixels = (first + size - 1) // form.channels - first // form.channels + 1
    return int(pixels.max())
