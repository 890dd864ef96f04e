"""The last frames that an agent has seen, and how much its decision hangs on each."""

import numpy as np
import pygame

from arcade_gym.playing.companion import FRAMES, Look
from arcade_gym.playing.window import BACKGROUND, LINE_HEIGHT, lettered
from jax_core.rendering.palette import Color

TILE = 64  # pixels of a side of a frame
GAP = 6
BAR = 32  # pixels of a weight of 1
PITCH = TILE + GAP
WIDTH = (FRAMES + 1) * PITCH + GAP
LEGEND = (
    "Colors: pixels the decision changes with, by gradient.",
    "Bars: how much it changes if a frame is exchanged for the same",
    "step's frame of another episode, as shares of all changes.",
)
_TOP = GAP + len(LEGEND) * LINE_HEIGHT + GAP  # of the ages of the frames
HEIGHT = _TOP + 2 * LINE_HEIGHT + TILE + BAR + 2 * GAP


def draw(look: Look) -> pygame.Surface:
    """Legend, frames with their ages, and a weight under each; the last one is now."""
    surface = pygame.Surface((WIDTH, HEIGHT))
    surface.fill(BACKGROUND)
    for row, text in enumerate(LEGEND):
        surface.blit(lettered(text, Color.SKY), (GAP, GAP + row * LINE_HEIGHT))
    count = len(look.frames)
    for index, (frame, weight) in enumerate(
        zip(look.frames, look.weights, strict=True)
    ):
        age = count - 1 - index
        left = WIDTH - (age + 1) * PITCH
        _caption(surface, "now" if age == 0 else f"-{age}", left, float(weight))
        surface.blit(_picture(frame), (left, _TOP + LINE_HEIGHT))
    _caption(surface, "earlier", GAP, look.earlier)
    box = pygame.Rect(GAP, _TOP + LINE_HEIGHT, TILE, TILE)
    pygame.draw.rect(surface, Color.SKY.value, box, 1)
    return surface


def _caption(surface: pygame.Surface, age: str, left: int, weight: float) -> None:
    """Age above a frame, bar and share below it."""
    surface.blit(lettered(age, Color.SKY), (left, _TOP))
    base = _TOP + LINE_HEIGHT + TILE + GAP + BAR
    height = round(weight * BAR)
    surface.fill(Color.YELLOW.value, (left, base - height, TILE, height))
    surface.fill(Color.SKY.value, (left, base, TILE, 1))
    share = lettered(f"{weight:.2f}", Color.WHITE)
    surface.blit(share, (left, base + GAP // 2))


def _picture(frame: np.ndarray) -> pygame.Surface:
    pixels = np.ascontiguousarray(frame).tobytes()
    picture = pygame.image.frombuffer(pixels, frame.shape[:2], "RGB")
    if len(frame) == TILE:
        return picture
    return pygame.transform.smoothscale(picture.convert(24), (TILE, TILE))
