"""Keeps the window alive while a game compiles."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pygame

from arcade_gym.playing.keys import asks_to_quit, pass_on
from arcade_gym.playing.window import Window

_SECONDS_PER_PICTURE = 0.05
_PICTURES_PER_DOT = 6


def run(window: Window, text: str, work: Callable[[], None]) -> bool:
    """Does some work while the window shows a text and reacts.

    Returns:
        Whether the work was done; False if the player left before. An error of the
        work is raised here. A closed window is left to who reads the next event.
    """
    pool = ThreadPoolExecutor(1, "compile")
    done = pool.submit(work)
    pool.shutdown(wait=False)
    pictures = 0
    while True:
        window.announce(text + "." * (pictures // _PICTURES_PER_DOT % 4))
        wait([done], _SECONDS_PER_PICTURE)
        for event in pygame.event.get():
            if asks_to_quit(event):
                pass_on(event)
                return False
        if done.done():
            done.result()
            return True
        pictures += 1
