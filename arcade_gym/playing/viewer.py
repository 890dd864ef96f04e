"""The window of `render_mode="human"`."""

import numpy as np
import pygame

from arcade_gym.playing.window import (
    ADVICE_TO_PROGRAMS,
    Window,
    require_screen,
    size_for,
)


class Viewer:
    """Shows frames at a steady pace."""

    def __init__(self, title: str, obs_size: int, fps: int) -> None:
        """Opens a window for frames of a size in pixels.

        Raises:
            NoDisplayError: there is no screen.
        """
        require_screen(ADVICE_TO_PROGRAMS)
        self._window = Window(title, size_for(obs_size, panel_width=0))
        self._clock = pygame.Clock()
        self._fps = fps

    def show(self, frame: np.ndarray) -> None:
        """Shows a frame, uint8 [obs_size, obs_size, 3], and waits until it is due.

        Events stay in pygame's queue for those who want to read them.
        """
        self._window.show(frame)
        pygame.event.pump()
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Closes the window."""
        self._window.close()
