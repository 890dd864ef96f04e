"""The window: a frame scaled by a whole factor, and a panel of text beside it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pygame

from jax_core.rendering.palette import Color

PANEL_WIDTH = 320  # pixels, for the longest meaning of a key
FRAME_SIDE = 600  # pixels that a frame may have in a new window
MIN_HEIGHT = 500  # pixels, for the lines of the panel
MARGIN = 16
LINE_HEIGHT = 21
FONT_SIZE = 20
COLUMN = 80  # pixels from labels to values
BACKGROUND = Color.LINE.value


class NoDisplayError(RuntimeError):
    """There is no screen to open a window on."""


class Line(NamedTuple):
    """A line of the panel."""

    label: str = ""
    value: str = ""
    color: Color = Color.WHITE  # of the value


class Window:
    """A resizable window. Only one can be open, as in pygame."""

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        """Opens a window of a size in pixels; `require_screen` says if it is seen."""
        pygame.display.init()
        self.resize(size)
        pygame.display.set_caption(title)
        pygame.font.init()
        self._font = pygame.font.Font(None, FONT_SIZE)

    @property
    def surface(self) -> pygame.Surface:
        """The picture of the window, of its present size."""
        return pygame.display.get_surface()  # type: ignore[return-value]  # one is open

    def resize(self, size: tuple[int, int]) -> None:
        """Changes the size in pixels, as the player can too."""
        pygame.display.set_mode(size, pygame.RESIZABLE)

    def show(self, frame: np.ndarray, panel: Sequence[Line] = ()) -> pygame.Rect:
        """Shows a frame, uint8 [side, side, 3], and a panel if there are lines.

        Returns:
            Where the frame is, in pixels of the window.
        """
        room_width, room_height = self.surface.get_size()
        room_width -= PANEL_WIDTH if panel else 0
        side = len(frame)
        factor = max(1, min(room_width, room_height) // side)
        picture = pygame.image.frombuffer(frame.tobytes(), (side, side), "RGB")
        area = pygame.Rect(0, 0, side * factor, side * factor)
        area.left = max(0, (room_width - area.width) // 2)
        area.top = max(0, (room_height - area.height) // 2)
        self.surface.fill(BACKGROUND)
        self.surface.blit(pygame.transform.scale_by(picture, factor), area)
        for row, line in enumerate(panel):
            x = max(room_width, area.right) + MARGIN
            self._write(line, x, MARGIN + row * LINE_HEIGHT)
        pygame.display.flip()
        return area

    def announce(self, text: str) -> None:
        """Shows a line of text and nothing else."""
        self.surface.fill(BACKGROUND)
        picture = self._font.render(text, True, Color.WHITE.value)
        self.surface.blit(
            picture, picture.get_rect(center=self.surface.get_rect().center)
        )
        pygame.display.flip()

    def write(self, text: str, position: tuple[int, int], color: Color) -> None:
        """Writes text from its upper left corner on."""
        picture = self._font.render(text, True, color.value)
        self.surface.blit(picture, position)

    def _write(self, line: Line, x: int, y: int) -> None:
        self.write(line.label, (x, y), Color.SKY)
        self.write(line.value, (x + (COLUMN if line.label else 0), y), line.color)

    def save(self, path: Path) -> None:
        """Writes what the window shows as PNG.

        Raises:
            OSError: the file cannot be written.
        """
        with path.open("wb") as file:
            pygame.image.save(self.surface, file, ".png")

    def close(self) -> None:
        """Closes the window."""
        pygame.quit()


def size_for(obs_size: int, panel_width: int = PANEL_WIDTH) -> tuple[int, int]:
    """A good size of a new window: width and height in pixels."""
    side = obs_size * max(1, FRAME_SIDE // obs_size)
    return side + panel_width, max(side, MIN_HEIGHT if panel_width else 0)


def require_screen() -> None:
    """Refuses the driver without a screen that SDL falls back to unasked.

    Nobody can play there, but programs that only show frames may go on.

    Raises:
        NoDisplayError: there is no screen.
    """
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
    except pygame.error as error:
        raise NoDisplayError(_ADVICE.format(error)) from error
    if driver == "offscreen" and os.environ.get("SDL_VIDEODRIVER") != driver:
        pygame.quit()
        raise NoDisplayError(_ADVICE.format("there is no screen"))


_ADVICE = (
    "cannot open a window ({0}).\n"
    "Run this where there is a screen: on a desktop, with `ssh -X`, or with\n"
    "`xvfb-run` for a screen in memory. To see play without a screen, film it:\n"
    "arcade-gym record BreakoutEasy breakout.gif"
)
