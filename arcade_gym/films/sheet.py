"""Lays frames out for films: a grid of lanes under a caption."""

import math

import numpy as np
from jaxtyping import UInt8

from arcade_gym.films import lettering
from arcade_gym.films.film import Picture
from jax_core.rendering.palette import Color

Frames = UInt8[np.ndarray, "lanes height width 3"]

GAP = 4  # pixels between two lanes, and around the caption
_GAP_LEVEL = 64  # grey
_DOT = 2  # pixels of a dot of the caption


def grid(frames: Frames, columns: int | None = None) -> Picture:
    """Lays lanes out row by row, gaps between them."""
    columns = min(columns or math.ceil(math.sqrt(len(frames))), len(frames))
    rows = math.ceil(len(frames) / columns)
    _, height, width, _ = frames.shape
    sheet = np.full(
        (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3),
        _GAP_LEVEL,
        np.uint8,
    )
    for index, frame in enumerate(frames):
        y, x = (height + GAP) * (index // columns), (width + GAP) * (index % columns)
        sheet[y : y + height, x : x + width] = frame
    return sheet


def title(caption: str, width: int) -> Picture:
    """Writes a caption, in as many lines as the width asks for; none gives no rows."""
    if not caption:
        return np.zeros((0, width, 3), np.uint8)
    lines = lettering.wrap(caption, (width - 2 * GAP) // _DOT)
    height = _DOT * lettering.LINE * len(lines) + GAP
    picture = np.full((height, width, 3), Color.INK.value, np.uint8)
    for number, line in enumerate(lines):
        ink = lettering.ink(line).repeat(_DOT, 0).repeat(_DOT, 1)[:, : width - GAP]
        top = GAP + number * _DOT * lettering.LINE
        window = picture[top : top + len(ink), GAP : GAP + ink.shape[1]]
        window[ink] = Color.WHITE.value
    return picture
