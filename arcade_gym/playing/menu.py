"""The menu: a picture of every game, from which one chooses."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pygame

import jax_core
from arcade_gym.lanes import chain
from arcade_gym.listing import GameInfo, list_games
from arcade_gym.playing.keys import asks_to_quit
from arcade_gym.playing.window import BACKGROUND, LINE_HEIGHT, MARGIN, Window
from jax_core.environment import select
from jax_core.game import Move
from jax_core.rendering.palette import Color

COLUMNS = 5
PICTURE_SIDE = 128  # pixels
CELL = (PICTURE_SIDE + MARGIN, PICTURE_SIDE + 2 * MARGIN)  # pixels, with the name
_STEPS = 24  # after which most games have something to show
_WAIT = 200  # milliseconds after which new pictures are looked for

_SHIFTS = {
    pygame.K_LEFT: -1,
    pygame.K_RIGHT: 1,
    pygame.K_UP: -COLUMNS,
    pygame.K_DOWN: COLUMNS,
}


class Choice(NamedTuple):
    """What the player wants to play."""

    env_id: str
    partial_obs: bool


class Menu:
    """All games with their pictures; they appear as they are drawn.

    Attributes:
        choice: set once the player has chosen.
    """

    def __init__(self, window: Window, *, partial_obs: bool) -> None:
        """Begins with the first game on its first level."""
        self.choice: Choice | None = None
        self._window = window
        self._games = list_games()
        self._selected = 0
        self._level = 0
        self._partial_obs = partial_obs
        self._is_over = False
        self._pool = ThreadPoolExecutor(1, "pictures")
        self._pictures = [self._pool.submit(picture, game) for game in self._games]

    def run(self) -> Choice | None:
        """Waits for a choice; None if the player quits."""
        try:
            while self.turn():
                pass
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
        return self.choice

    def turn(self) -> bool:
        """Shows the menu and acts on one event; False ends it."""
        self._show()
        self._react(pygame.event.wait(_WAIT))
        return not (self._is_over or self.choice)

    def _react(self, event: pygame.event.Event) -> None:
        if asks_to_quit(event):
            self._is_over = True
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(event.pos)
        elif event.type == pygame.KEYDOWN:
            self._press(event.key)

    def _press(self, key: int) -> None:
        if key in _SHIFTS:
            self._selected = (self._selected + _SHIFTS[key]) % len(self._games)
        elif key == pygame.K_l:
            self._level += 1
        elif key == pygame.K_v:
            self._partial_obs = not self._partial_obs
        elif key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE):
            self.choice = Choice(self._env_id(), self._partial_obs)

    def _click(self, position: tuple[int, int]) -> None:
        for index in range(len(self._games)):
            if self._place(index).collidepoint(position):
                self._selected = index
                self.choice = Choice(self._env_id(), self._partial_obs)

    def _env_id(self) -> str:
        levels = self._games[self._selected].env_ids
        return levels[self._level % len(levels)]

    def _place(self, index: int) -> pygame.Rect:
        """Where the picture of a game is."""
        row, column = divmod(index, COLUMNS)
        corner = MARGIN + column * CELL[0], MARGIN + row * CELL[1]
        return pygame.Rect(corner, (PICTURE_SIDE, PICTURE_SIDE))

    def _show(self) -> None:
        self._window.surface.fill(BACKGROUND)
        for index, (game, made) in enumerate(
            zip(self._games, self._pictures, strict=True)
        ):
            self._show_game(index, game, made)
        self._show_text()
        pygame.display.flip()

    def _show_text(self) -> None:
        view = "partial view" if self._partial_obs else "full view"
        y = _rows(len(self._games)) * CELL[1] + MARGIN
        for text, color in (
            (f"{self._env_id()}, {view}", Color.YELLOW),
            (self._games[self._selected].goal, Color.WHITE),
            (
                "Arrows choose    L level    V view    Enter plays    Esc quits",
                Color.SKY,
            ),
        ):
            self._window.write(text, (MARGIN, y), color)
            y += LINE_HEIGHT

    def _show_game(self, index: int, game: GameInfo, made: "Future[Any]") -> None:
        surface, place = self._window.surface, self._place(index)
        surface.fill(Color.INK.value, place)
        if made.done():
            frame = made.result()
            image = pygame.image.frombuffer(frame.tobytes(), frame.shape[:2], "RGB")
            surface.blit(image, place)
        is_selected = index == self._selected
        color = Color.YELLOW if is_selected else Color.WHITE
        if is_selected:
            pygame.draw.rect(surface, color.value, place.inflate(6, 6), 3)
        self._window.write(game.name, (place.left, place.bottom + 6), color)


def size() -> tuple[int, int]:
    """Size of a window for the menu: width and height in pixels."""
    rows = _rows(len(list_games()))
    return MARGIN + COLUMNS * CELL[0], rows * CELL[1] + 2 * MARGIN + 3 * LINE_HEIGHT


def _rows(num_games: int) -> int:
    return -(-num_games // COLUMNS)


def picture(game: GameInfo) -> np.ndarray:
    """A frame of random play on the first level: uint8 [side, side, 3]."""
    env, _ = jax_core.make(game.env_ids[0], obs_size=PICTURE_SIDE)

    def step(_: Any, carry: Any) -> Any:
        key, state, ended = carry
        action = jax.random.bits(key, dtype=jnp.uint32) % len(Move)
        next_key, transition = chain.advance(env, key, state, action.astype(jnp.int32))
        ended |= transition.done
        return next_key, select(ended, state, transition.state), ended

    def play(seed: Any) -> Any:
        start = (*chain.start(env, seed), jnp.bool_(False))
        return env.get_obs(jax.lax.fori_loop(0, _STEPS, step, start)[1])

    return np.asarray(jax.jit(play)(np.uint32(0)))
