"""What the keys mean."""

from enum import Enum

import pygame

from jax_core.game import Move

MOVES = {
    pygame.K_UP: Move.UP,
    pygame.K_DOWN: Move.DOWN,
    pygame.K_LEFT: Move.LEFT,
    pygame.K_RIGHT: Move.RIGHT,
    pygame.K_SPACE: Move.FIRE,
}


class Command(Enum):
    """Everything else that a player can ask for; the value is shown as help."""

    RESTART = "restart"
    PAUSE = "pause"
    VIEW = "switch view"
    NEXT_SEED = "next seed"
    SCREENSHOT = "screenshot"
    LEAVE = "quit"  # or "menu", where there is one to go back to


COMMANDS = {
    pygame.K_r: Command.RESTART,
    pygame.K_p: Command.PAUSE,
    pygame.K_v: Command.VIEW,
    pygame.K_n: Command.NEXT_SEED,
    pygame.K_s: Command.SCREENSHOT,
    pygame.K_ESCAPE: Command.LEAVE,
}


class Request(Enum):
    """What a player can ask of an agent that plays along; the value is its help."""

    CONTROL = "take over, give back"
    LOOK = "what it looks at"


REQUESTS = {pygame.K_a: Request.CONTROL, pygame.K_h: Request.LOOK}


def asks_to_quit(event: pygame.event.Event) -> bool:
    """Whether an event is Esc or the closing of the window."""
    is_escape = event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
    return is_escape or event.type == pygame.QUIT


def pass_on(event: pygame.event.Event) -> None:
    """Puts the closing of the window back, for who reads events next."""
    if event.type == pygame.QUIT:
        pygame.event.post(event)


class HeldMoves:
    """The moves whose keys are down, for games in real time."""

    def __init__(self) -> None:
        """Starts with no key down."""
        self._held: list[Move] = []
        self._tapped: Move | None = None

    def press(self, move: Move) -> None:
        """A key went down."""
        self._held.append(move)
        self._tapped = move

    def release(self, move: Move) -> None:
        """A key went up."""
        self._held = [held for held in self._held if held is not move]

    def take(self) -> Move:
        """The move of the next step.

        It is the last key that went down since the last step, however short, or else
        the last one that is still down, or else FIRE, which does nothing in the games
        that are played in real time.
        """
        newest = self._held[-1] if self._held else Move.FIRE
        move = newest if self._tapped is None else self._tapped
        self._tapped = None
        return move
