"""Lays frames out for films: a grid of lanes under a caption."""

import math
import textwrap

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from arcade_gym.films.film import Picture
from jax_core.rendering.palette import Color

Frames = UInt8[np.ndarray, "lanes height width 3"]

GAP = 4  # pixels between two lanes, and around the caption
_GAP_LEVEL = 64  # grey


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
    font = ImageFont.load_default()
    letter = font.getlength("n")
    text = textwrap.fill(caption, max(1, int((width - 2 * GAP) / letter)))
    probe = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    bottom = probe.multiline_textbbox((GAP, GAP), text, font=font)[3]
    height = math.ceil(bottom) + GAP if caption else 0
    image = Image.new("RGB", (width, height), Color.INK.value)
    ImageDraw.Draw(image).multiline_text((GAP, GAP), text, Color.WHITE.value, font)
    return np.asarray(image).reshape(height, width, 3)
