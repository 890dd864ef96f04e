"""Keys, windows and clocks for the tests of human play."""

import numpy as np
import pygame

from arcade_gym.playing import window
from arcade_gym.playing.loop import Loop, Outputs

SIDE = 64
ARROWS = [pygame.K_UP, pygame.K_DOWN, pygame.K_LEFT, pygame.K_RIGHT, pygame.K_SPACE]


class Clock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def open_window():
    return window.Window("test", window.size_for(SIDE))


def key_down(key):
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


def key_up(key):
    pygame.event.post(pygame.Event(pygame.KEYUP, key=key))


def press(loop, *keys):
    """Presses and releases keys, one after the other."""
    for key in keys:
        key_down(key)
        key_up(key)
        assert loop.turn()


def same_state(left, right):
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in left.__dataclass_fields__
    )


def real_time(compiled, clock, **outputs):
    match = compiled("SkittlesEasy", seed=1)
    opened = open_window()
    return Loop(match, opened, fps=50, outputs=Outputs(**outputs), now=clock)


def column(loop):
    return int(loop.match.state.agent_x)


def pixels():
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
