"""Heat over frames, as frames: for films and for the player. NumPy only."""

import numpy as np
from jaxtyping import Float, UInt8

Frames = UInt8[np.ndarray, "frames side side 3"]
Heat = Float[np.ndarray, "images rows columns"]
Levels = Float[np.ndarray, "*shape"]

LEVELS = 16  # of heat in films and on pages, which then need few colors

# Black, red, orange, yellow, white: brightness alone tells them apart as well.
_STOPS = np.array(
    [[0, 0, 0], [128, 0, 0], [240, 80, 0], [255, 200, 0], [255, 255, 255]], np.float32
)
_DIMMED = 0.45  # what is left of the frame's own light, in gray


def heat_of(maps: Float[np.ndarray, "frames side side channels"]) -> Heat:
    """Means over channels, scaled so that the largest of all frames is 1."""
    heat = np.abs(maps).mean(-1)
    return heat / max(float(heat.max()), np.finfo(np.float32).tiny)


def overlay(frames: Frames, heat: Heat) -> Frames:
    """Frames in gray, with the heat in color over them.

    Args:
        frames: what was seen.
        heat: 0..1, of the same frames; see `heat_of`.

    Raises:
        ValueError: heat of other frames.
    """
    if heat.shape != frames.shape[:3]:
        raise ValueError(
            f"heat must have the shape of the frames, {list(frames.shape[:3])}, got "
            f"{list(heat.shape)}"
        )
    gray = frames.astype(np.float32).mean(-1, keepdims=True) * _DIMMED
    level = np.sqrt(heat.clip(0, 1))  # small values are seen as well
    return np.maximum(gray, colors(level)).round().astype(np.uint8)


def colors(level: Levels) -> Float[np.ndarray, "*shape 3"]:
    """Colors from black over red and yellow to white, 0..255, for levels in 0..1."""
    at = np.linspace(0, 1, len(_STOPS))
    channels = [np.interp(level, at, channel) for channel in _STOPS.T]
    return np.stack(channels, axis=-1).astype(np.float32)
