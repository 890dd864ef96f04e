"""From units to pixels. All rounding of positions happens here."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from jax_core.rendering.font import GLYPH_HEIGHT
from jax_core.rendering.scene import UNITS, Band, Polygon, Rect, Units

SUBPIXELS = 16  # in a pixel; corners of polygons are rounded to them
NUMBER_DOTS = 12  # across; a number has three digits of three dots and one of spacing

Edges = Int[np.ndarray, " _edges"]


@dataclass(frozen=True)
class Format:
    """The shape of frames.

    Attributes:
        size: pixels of a side.
        channels: bytes of a pixel; 3 are RGB, 1 is brightness.
    """

    size: int
    channels: int = 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a frame: rows, columns, channels."""
        return self.size, self.size, self.channels


def to_pixels(units: Units, size: int) -> int:
    """Rounds a position to the nearest pixel edge, halves up."""
    return int(np.floor(units * size / UNITS + 0.5))


def band_edges(band: Band, form: Format) -> tuple[int, int]:
    """The first pixel row of a band and the one behind its last."""
    return to_pixels(band.top, form.size), to_pixels(band.bottom, form.size)


def polygon_rows(polygon: Polygon, band: Band, form: Format) -> tuple[int, int]:
    """The first pixel row that a polygon may be in and the one behind the last.

    In a row is what reaches its middle, and corners are rounded to subpixels.
    """
    edges = list(band_edges(band, form))
    rounding = 1 / (2 * SUBPIXELS)
    if polygon.top is not None:
        middle = polygon.top * form.size / UNITS - rounding
        edges[0] = max(edges[0], math.ceil(middle - 0.5))
    if polygon.bottom is not None:
        middle = polygon.bottom * form.size / UNITS + rounding
        edges[1] = min(edges[1], math.ceil(middle - 0.5))
    return edges[0], max(edges)


def line_width(size: int) -> int:
    """Pixels of a line that is one unit wide, at least one."""
    return max(1, to_pixels(1, size))


def edges(start: Units, length: Units, count: int, size: int) -> Edges:
    """Pixel edges of `count` equal cells; sizes may differ by one pixel."""
    return np.array(
        [to_pixels(start + length * k / count, size) for k in range(count + 1)]
    )


def grid_edges(rect: Rect, rows: int, cols: int, size: int) -> tuple[Edges, Edges]:
    """Pixel edges of the rows and of the columns of a board."""
    return (
        edges(rect.y, rect.height, rows, size),
        edges(rect.x, rect.width, cols, size),
    )


def text_box(rect: Rect, dots_wide: int, size: int) -> tuple[int, int, int]:
    """Fits a line of text into a rectangle: (top, left, pixels per dot).

    Dots are whole pixels, at least one, so small text may stand over its rectangle.
    """
    width, height = to_pixels(rect.width, size), to_pixels(rect.height, size)
    dot = max(1, min(width // dots_wide, height // GLYPH_HEIGHT))
    top = to_pixels(rect.y, size) + (height - dot * GLYPH_HEIGHT) // 2
    left = to_pixels(rect.x, size) + (width - dot * dots_wide) // 2
    return top, left, dot


def number_edges(rect: Rect, size: int) -> tuple[Edges, Edges]:
    """Pixel edges of the rows and of the columns of a number's dots."""
    top, left, dot = text_box(rect, NUMBER_DOTS, size)
    return (
        top + dot * np.arange(GLYPH_HEIGHT + 1),
        left + dot * np.arange(NUMBER_DOTS + 1),
    )
