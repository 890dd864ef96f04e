"""Pixels from a scene: bands of stills, cells and polygons.

Two forms of drawing give the same bytes. A CPU wants long fused loops over whole rows
of bytes (`strips`, `selects`), a GPU one lookup for each word of 4 bytes (`words`).
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax

from jax_core.rendering.layout import Format
from jax_core.rendering.palette import Color
from jax_core.rendering.scene import (
    FIELD_BOTTOM,
    FIELD_TOP,
    UNITS,
    Band,
    Number,
    Rect,
    Scene,
    Text,
)
from jax_core.rendering.strips import draw_by_selects
from jax_core.rendering.words import draw_by_words
from jax_core.types import Count, Frame

Drawing = Callable[[Sequence[Band], Format], Frame]
"""Draws the bands of a frame, from top to bottom."""

_SCORE_RECT = Rect(34, 1, 60, FIELD_TOP - 2)
_TITLE_RECT = Rect(2, FIELD_BOTTOM + 1, UNITS - 4, UNITS - FIELD_BOTTOM - 2)


def render(scene: Scene, size: int, channels: int = 3) -> Frame:
    """Draws one frame of size x size pixels.

    Args:
        scene: what is visible; only its arrays may be traced.
        size: pixels of a side, 64 to 512.
        channels: 3 for RGB, 1 for brightness.
    """
    form = Format(size, channels)
    return jax.lax.platform_dependent(
        scene,
        cpu=partial(render_with, form=form, draw=draw_by_selects),
        default=partial(render_with, form=form, draw=draw_by_words),
    )


def render_with(scene: Scene, *, form: Format, draw: Drawing) -> Frame:
    """Draws in one form; for `render` and for comparing forms."""
    return draw((_header(scene.score), *scene.bands, _footer(scene)), form)


def _header(score: Count) -> Band:
    number = Number(value=score, rect=_SCORE_RECT, color=Color.WHITE)
    return Band(layers=(number,), still=(), top=0, bottom=FIELD_TOP)


def _footer(scene: Scene) -> Band:
    # The last line of a board that fills the field lies in the footer's first row.
    still = (*scene.bands[-1].still, Text(_TITLE_RECT, scene.title, scene.theme.accent))
    return Band(layers=(), still=still, top=FIELD_BOTTOM, bottom=UNITS)
