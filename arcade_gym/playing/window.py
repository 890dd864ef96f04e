"""The window: a frame scaled by a whole factor, and a panel of text beside it."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pygame

from arcade_gym.films import lettering
from jax_core.rendering.palette import Color

PANEL_WIDTH = 384  # pixels, for goals and legends
FRAME_SIDE = 960  # pixels that a frame may have in a new window
MIN_HEIGHT = 576  # pixels, for the lines of the panel
MARGIN = 16
DOT = 2  # pixels of a dot of the letters
LINE_HEIGHT = DOT * lettering.LINE
COLUMN = 96  # pixels from labels to values
BACKGROUND = Color.LINE.value
_SHARE = 0.9  # of the screen that a new window may take, beside bars and borders


class NoDisplayError(RuntimeError):
    """There is no screen to open a window on."""


class Line(NamedTuple):
    """A line of the panel; a value that is too long goes on below."""

    label: str = ""
    value: str = ""
    color: Color = Color.WHITE  # of the value
    column: int = COLUMN  # pixels from the label to the value, if there is a label
    bar: float = 0.0  # its length behind a short value, 0..1

    @property
    def indent(self) -> int:
        """Pixels from the left to the value."""
        return self.column if self.label else 0

    @property
    def rows(self) -> list[str]:
        """The value in pieces that fit into the panel."""
        room = PANEL_WIDTH - 2 * MARGIN - self.indent
        return lettering.wrap(self.value, room // DOT)


class Window:
    """A resizable window. Only one can be open, as in pygame."""

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        """Opens a window of a size in pixels; `require_screen` says if it is seen."""
        pygame.display.init()
        self.resize(size)
        pygame.display.set_caption(title)

    @property
    def surface(self) -> pygame.Surface:
        """The picture of the window, of its present size."""
        return pygame.display.get_surface()  # type: ignore[return-value]  # one is open

    def resize(self, size: tuple[int, int]) -> None:
        """Changes the size in pixels, as the player can too."""
        pygame.display.set_mode(size, pygame.RESIZABLE)
        self._size = size

    def suggest(self, size: tuple[int, int]) -> None:
        """Changes the size unless the player has chosen one."""
        if self.surface.get_size() == self._size:
            self.resize(size)

    def show(
        self,
        frame: np.ndarray,
        panel: Sequence[Line] = (),
        footer: pygame.Surface | None = None,
    ) -> pygame.Rect:
        """Shows a frame, uint8 [side, side, 3], and a panel if there are lines.

        Args:
            frame: at the largest whole factor that fits.
            panel: lines beside it.
            footer: shown below it; a narrow window shows its right end.

        Returns:
            Where the frame is, in pixels of the window.
        """
        room_width, room_height = self.surface.get_size()
        room_width -= PANEL_WIDTH if panel else 0
        room_height -= footer.get_height() if footer else 0
        side = len(frame)
        factor = max(1, min(room_width, room_height) // side)
        picture = pygame.image.frombuffer(frame.tobytes(), (side, side), "RGB")
        area = pygame.Rect(0, 0, side * factor, side * factor)
        area.left = max(0, (room_width - area.width) // 2)
        area.top = max(0, (room_height - area.height) // 2)
        self.surface.fill(BACKGROUND)
        self.surface.blit(pygame.transform.scale_by(picture, factor), area)
        if footer:
            self._put_below(footer, area, room_width)
        x, y = max(room_width, area.right) + MARGIN, MARGIN
        for line in panel:
            y += self._write(line, x, y)
        pygame.display.flip()
        return area

    def _put_below(
        self, footer: pygame.Surface, area: pygame.Rect, room_width: int
    ) -> None:
        shown = footer.get_rect()
        shown.width = min(shown.width, max(room_width, area.right))
        shown.right = footer.get_width()
        left = max(0, area.centerx - shown.width // 2)
        self.surface.blit(footer, (left, area.bottom), shown)

    def announce(self, text: str) -> None:
        """Shows a line of text and nothing else."""
        self.surface.fill(BACKGROUND)
        picture = lettered(text, Color.WHITE)
        self.surface.blit(
            picture, picture.get_rect(center=self.surface.get_rect().center)
        )
        pygame.display.flip()

    def write(self, text: str, position: tuple[int, int], color: Color) -> None:
        """Writes text from its upper left corner on."""
        if text:
            self.surface.blit(lettered(text, color), position)

    def _write(self, line: Line, x: int, y: int) -> int:
        """Writes a line of the panel and returns how high it is."""
        self.write(line.label, (x, y), Color.SKY)
        for row, text in enumerate(line.rows):
            position = (x + line.indent, y + row * LINE_HEIGHT)
            self.write(text, position, line.color)
        if line.bar > 0:
            left = x + line.indent + COLUMN
            room = PANEL_WIDTH - 2 * MARGIN - line.indent - COLUMN
            length = max(1, round(line.bar * room))
            bar = pygame.Rect(left, y, length, LINE_HEIGHT - 2 * DOT)
            self.surface.fill(line.color.value, bar)
        return len(line.rows) * LINE_HEIGHT

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


@functools.lru_cache(maxsize=256)
def lettered(text: str, color: Color) -> pygame.Surface:
    """Text in the font of the games, on nothing."""
    ink = lettering.ink(text).repeat(DOT, 0).repeat(DOT, 1)
    pixels = np.zeros((*ink.shape, 4), np.uint8)
    pixels[ink] = (*color.value, 255)
    size = ink.shape[::-1]
    return pygame.image.frombuffer(pixels.tobytes(), size, "RGBA")


def size_for(
    obs_size: int,
    panel_width: int = PANEL_WIDTH,
    screen: tuple[int, int] | None = None,
    footer: int = 0,
) -> tuple[int, int]:
    """A good size of a new window: the largest whole factor that fits on the screen.

    Args:
        obs_size: pixels of a side of a frame.
        panel_width: pixels beside the frame.
        screen: its pixels across and down; None asks the system.
        footer: pixels below the frame.

    Returns:
        Width and height in pixels.
    """
    if screen is None:
        pygame.display.init()
        screen = pygame.display.get_desktop_sizes()[0]
    width, height = (int(_SHARE * pixels) for pixels in screen)
    room = min(width - panel_width, height - footer, FRAME_SIDE)
    side = obs_size * max(1, room // obs_size)
    least = MIN_HEIGHT if panel_width else 0
    return side + panel_width, max(side, least) + footer


_WHERE = (
    "where there is a screen: on a desktop, with `ssh -X`, or with `xvfb-run`\n"
    "for a screen in memory"
)
ADVICE = (
    "cannot open a window ({reason}).\n"
    f"Run this {_WHERE}. To see play without a screen, film it:\n"
    "arcade-gym record BreakoutEasy breakout.gif"
)
ADVICE_TO_PROGRAMS = (
    "render_mode='human' cannot open a window ({reason}); pass\n"
    f"render_mode='rgb_array', whose render() returns frames, or run this\n{_WHERE}"
)


def require_screen(advice: str = ADVICE) -> None:
    """Refuses a driver without a screen, unless SDL_VIDEODRIVER asks for it.

    Args:
        advice: text of the error, with `{reason}` in it.

    Raises:
        NoDisplayError: there is no screen.
    """
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
    except pygame.error as error:
        raise NoDisplayError(advice.format(reason=error)) from error
    wanted = os.environ.get("SDL_VIDEODRIVER", "").split(",")
    if driver in ("offscreen", "dummy") and driver not in wanted:
        pygame.quit()
        raise NoDisplayError(advice.format(reason="there is no screen"))
