"""The menu: a picture of every game, from which one chooses."""

import numpy as np
import pygame

from arcade_gym.listing import GameInfo, list_games
from arcade_gym.playing.keys import asks_to_quit
from arcade_gym.playing.pictures import SIDE, Choice, Pictures
from arcade_gym.playing.window import BACKGROUND, LINE_HEIGHT, MARGIN, Window
from jax_core.rendering.palette import Color

COLUMNS = 5
CELL = (SIDE + MARGIN, SIDE + 2 * MARGIN)  # pixels, with the name
_WAIT = 200  # milliseconds after which new pictures are looked for

_SHIFTS = {
    pygame.K_LEFT: -1,
    pygame.K_RIGHT: 1,
    pygame.K_UP: -COLUMNS,
    pygame.K_DOWN: COLUMNS,
}


class Menu:
    """All games in the level and view that are chosen; pictures appear when drawn.

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
        self._pictures = Pictures()
        self._wish()

    def run(self) -> Choice | None:
        """Waits for a choice, from where the last one left off; None if there is none.

        A menu that nothing was chosen from is closed.
        """
        self.choice = None
        try:
            while self.turn():
                pass
        finally:
            if not self.choice:
                self.close()
        return self.choice

    def close(self) -> None:
        """Stops drawing pictures."""
        self._pictures.close()

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
            self._wish()
        elif key == pygame.K_v:
            self._partial_obs = not self._partial_obs
            self._wish()
        elif key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE):
            self.choice = self._choice(self._selected)

    def _click(self, position: tuple[int, int]) -> None:
        for index in range(len(self._games)):
            if self._place(index).collidepoint(position):
                self._selected = index
                self.choice = self._choice(index)

    def _choice(self, index: int) -> Choice:
        """A game in the present level and view."""
        levels = self._games[index].env_ids
        return Choice(levels[self._level % len(levels)], self._partial_obs)

    def _wish(self) -> None:
        """Asks for pictures of the present level and view, the selected one first."""
        order = np.roll(range(len(self._games)), -self._selected).tolist()
        self._pictures.want([self._choice(index) for index in order])

    def _place(self, index: int) -> pygame.Rect:
        """Where the picture of a game is."""
        row, column = divmod(index, COLUMNS)
        corner = MARGIN + column * CELL[0], MARGIN + row * CELL[1]
        return pygame.Rect(corner, (SIDE, SIDE))

    def _show(self) -> None:
        self._window.surface.fill(BACKGROUND)
        for index, game in enumerate(self._games):
            self._show_game(index, game)
        self._show_text()
        pygame.display.flip()

    def _show_text(self) -> None:
        env_id, partial_obs = self._choice(self._selected)
        y = _rows(len(self._games)) * CELL[1] + MARGIN
        for text, color in (
            (f"{env_id}, {'partial' if partial_obs else 'full'} view", Color.YELLOW),
            (self._games[self._selected].goal, Color.WHITE),
            ("Arrows choose  L level  V view  Enter plays  Esc quits", Color.SKY),
        ):
            self._window.write(text, (MARGIN, y), color)
            y += LINE_HEIGHT

    def _show_game(self, index: int, game: GameInfo) -> None:
        surface, place = self._window.surface, self._place(index)
        surface.fill(Color.INK.value, place)
        frame = self._pictures.find(self._choice(index))
        if frame is None:
            self._window.write("...", (place.centerx - 10, place.centery), Color.SKY)
        else:
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
