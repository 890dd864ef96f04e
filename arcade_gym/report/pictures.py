"""Frames and heat as PNGs inside the page: many small pictures on one sheet."""

import base64
import io
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from arcade_gym.introspection.overlay import LEVELS, colors

COLUMNS = 16  # frames beside each other on a sheet
MAX_SIDE = 128  # pixels of a frame; larger ones are shown smaller
_MAX_COLORS = 256  # of a PNG with a palette

Frames = UInt8[np.ndarray, "frames side side 3"]
Heat = Float[np.ndarray, "decisions window side side"]


class Sheet(NamedTuple):
    """Square pictures in rows, from the top left.

    Attributes:
        uri: the PNG, as an address that holds it.
        side: pixels of a picture.
        columns: pictures in a row.
    """

    uri: str
    side: int
    columns: int


def frame_sheet(frames: Frames) -> Sheet:
    """Frames of an episode; exact where they have no more than 256 colors."""
    frames = _shrunk(frames)
    picture = _grid(frames, min(COLUMNS, len(frames)))
    return Sheet(_uri(_with_palette(picture)), frames.shape[1], COLUMNS)


def heat_sheet(heat: Heat, side: int) -> Sheet:
    """Heat in 0..1, a row for each decision, in the colors of films.

    Args:
        heat: of the frames up to each decision.
        side: pixels of a picture on the sheet, which has the largest of those it joins.
    """
    window = heat.shape[1]
    starts = np.arange(side) * heat.shape[-1] // side
    for axis in (-1, -2):
        heat = np.maximum.reduceat(heat, starts, axis=axis)
    tiles = np.rint((LEVELS - 1) * np.sqrt(heat)).astype(np.uint8)
    image = Image.fromarray(_grid(tiles.reshape(-1, side, side), window))
    palette = colors(np.linspace(0, 1, LEVELS, dtype=np.float32))
    image.putpalette(palette.round().astype(np.uint8).tobytes())
    return Sheet(_uri(image, bits=4), side, window)


def _shrunk(frames: Frames) -> UInt8[np.ndarray, "frames shown shown 3"]:
    side = frames.shape[1] // math.ceil(frames.shape[1] / MAX_SIDE)
    if side == frames.shape[1]:
        return frames
    size, way = (side, side), Image.Resampling.BOX
    return np.stack([np.asarray(Image.fromarray(f).resize(size, way)) for f in frames])


def _grid(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Lays tiles out row by row, black where the last row is not full."""
    missing = -len(tiles) % columns
    tiles = np.pad(tiles, [(0, missing), *[(0, 0)] * (tiles.ndim - 1)])
    rows = tiles.reshape(-1, columns, *tiles.shape[1:]).swapaxes(1, 2)
    return rows.reshape(-1, columns * tiles.shape[2], *tiles.shape[3:])


def _with_palette(picture: UInt8[np.ndarray, "rows columns 3"]) -> Image.Image:
    packed = picture.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    known, which = np.unique(packed, return_inverse=True)
    if len(known) > _MAX_COLORS:
        way = Image.Dither.NONE
        return Image.fromarray(picture).quantize(_MAX_COLORS, dither=way)
    image = Image.fromarray(which.reshape(packed.shape).astype(np.uint8))
    channels = np.stack([known >> 16, known >> 8, known], axis=-1) & 255
    image.putpalette(channels.astype(np.uint8).tobytes())
    return image


def _uri(image: Image.Image, **options: int) -> str:
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
