"""From units to pixels. All rounding of positions happens here."""

import numpy as np
from jaxtyping import Int

from jax_core.rendering.font import GLYPH_HEIGHT
from jax_core.rendering.scene import UNITS, Rect, Units

NUMBER_DOTS = 12  # across; a number has three digits of three dots and one of spacing

Edges = Int[np.ndarray, " _edges"]


def to_pixels(units: Units, size: int) -> int:
    """Rounds a position to the nearest pixel edge, halves up."""
    return int(np.floor(units * size / UNITS + 0.5))


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
