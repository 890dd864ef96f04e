"""One person playing: events in, pictures, films and logs out."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygame

from arcade_gym.films.film import Film
from arcade_gym.listing import find_game
from arcade_gym.playing.copilot import Copilot
from arcade_gym.playing.keys import (
    COMMANDS,
    MOVES,
    REQUESTS,
    Command,
    HeldMoves,
    asks_to_quit,
    pass_on,
)
from arcade_gym.playing.match import Match
from arcade_gym.playing.window import Line, Window
from arcade_gym.whole_files import explained
from jax_core.game import Move
from jax_core.rendering.palette import Color

WATCH_FPS = 5  # steps per second of an agent in a game that waits for the player

_PATIENCE = 1.0  # seconds without an event after which the loop looks up


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where play is kept.

    Attributes:
        film: gets the frame of every step.
        log: gets a line of JSON for every episode.
        screenshots: folder of the pictures that the player takes.
    """

    film: Film | None = None
    log: Path | None = None
    screenshots: Path = Path()


class Loop:
    """Turns events into moves and commands until the player quits.

    Attributes:
        match: the game.
        is_paused: moves and time have no effect.
    """

    def __init__(  # noqa: PLR0913  # what is played, and with whom
        self,
        match: Match,
        window: Window,
        *,
        fps: int | None,
        outputs: Outputs,
        leave: str = Command.LEAVE.value,
        copilot: Copilot | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes a compiled match.

        Args:
            match: the game, at the beginning of an episode.
            window: where it is shown.
            fps: steps per second; None steps when a key is pressed.
            outputs: where play is kept.
            leave: what Esc does, for the panel.
            copilot: an agent that plays along.
            now: a clock in seconds.
        """
        self.match = match
        self.is_paused = False
        self._window = window
        self._fps = fps
        self._outputs = outputs
        self._copilot = copilot
        self._now = now
        self._moves = HeldMoves()
        self._note = Line()
        self._is_over = False
        self._help = _help(match.env_id, leave)
        self._goal = find_game(match.env_id).goal
        self._begin()

    def run(self) -> None:
        """Plays until the player quits; an episode that has begun is logged."""
        try:
            while self.turn():
                pass
        finally:
            self._log_if_unfinished()

    def turn(self) -> bool:
        """Waits for events or the next step and acts on them; False ends it all."""
        events = [pygame.event.wait(self._milliseconds_to_wait()), *pygame.event.get()]
        while events:
            self._react(events.pop(0))
            if self._is_over:
                for event in events:  # for who comes next
                    pygame.event.post(event)
                return False
        if self._is_running and self._now() >= self._due:
            self._step(self._next_move())
            self._schedule()
        if self._is_stale:
            self._show()
        return True

    @property
    def _pace(self) -> int | None:
        """Steps per second; None waits for keys, but an agent does not wait."""
        is_driven = self._copilot is not None and self._copilot.is_driving
        return self._fps or (WATCH_FPS if is_driven else None)

    @property
    def _is_running(self) -> bool:
        """Whether time passes."""
        return self._pace is not None and not self.is_paused and not self.match.end

    def _next_move(self) -> Move:
        """The agent's move while it is at the controls, or else the player's."""
        of_player = self._moves.take()
        copilot = self._copilot
        return copilot.move if copilot and copilot.is_driving else of_player

    def _milliseconds_to_wait(self) -> int:
        wait = self._due - self._now() if self._is_running else _PATIENCE
        return max(1, round(1000 * wait))  # 0 would wait for ever

    def _schedule(self) -> None:
        """Sets the time of the next step; late steps are not made up for."""
        self._due = max(self._due + 1 / (self._pace or 1), self._now())

    def _wait(self) -> None:
        """Lets a whole step pass before the next one."""
        self._due = self._now() + 1 / (self._pace or 1)

    def _begin(self) -> None:
        self.is_paused = False
        self._wait()
        if self._copilot:
            self._copilot.follow(self.match)
        self._film()
        self._show()

    def _react(self, event: pygame.event.Event) -> None:
        if asks_to_quit(event):
            self._is_over = True
            pass_on(event)
        elif event.type == pygame.KEYDOWN and event.key in MOVES:
            self._press(MOVES[event.key])
        elif event.type == pygame.KEYUP and event.key in MOVES:
            self._moves.release(MOVES[event.key])
        elif event.type == pygame.KEYDOWN and event.key in COMMANDS:
            self._obey(COMMANDS[event.key])
        elif self._copilot and event.type == pygame.KEYDOWN and event.key in REQUESTS:
            self._copilot.obey(REQUESTS[event.key])
            self._wait()
            self._is_stale = True
        elif event.type in (pygame.WINDOWEXPOSED, pygame.VIDEORESIZE):
            self._is_stale = True

    def _press(self, move: Move) -> None:
        if self._pace is not None:
            self._moves.press(move)
        elif not self.is_paused:
            self._step(move)

    def _obey(self, command: Command) -> None:
        self._note = Line()
        self._is_stale = True
        match command:
            case Command.RESTART:
                self._log_if_unfinished()
                self.match.restart()
                self._begin()
            case Command.NEXT_SEED:
                self._log_if_unfinished()
                self.match.next_seed()
                self._begin()
            case Command.PAUSE:
                self.is_paused = not self.is_paused
                self._wait()
            case Command.VIEW:
                self.match.switch_view()
            case Command.SCREENSHOT:
                self._take_screenshot()

    def _step(self, move: Move) -> None:
        if self.match.end:
            return
        self.match.step(move)
        if self._copilot:
            self._copilot.follow(self.match, move)
        self._note = Line()
        self._is_stale = True
        self._film()
        if self.match.end:
            self._log()

    def _film(self) -> None:
        if self._outputs.film:
            self._outputs.film.add(self.match.frame)

    def _log_if_unfinished(self) -> None:
        if self.match.length and not self.match.end:
            self._log()

    def _log(self) -> None:
        if self._outputs.log:
            line = json.dumps({**self.match.summary(), "fps": self._fps})
            with explained(self._outputs.log), self._outputs.log.open("a") as log:
                log.write(line + "\n")

    def _take_screenshot(self) -> None:
        match = self.match
        name = f"{match.env_id}-{match.visibility}-seed{match.seed}-step{match.length}"
        paths = (
            self._outputs.screenshots / f"{name}{number}.png"
            for number in ("", *(f"-{i}" for i in range(2, 1000)))
        )
        path = next(path for path in paths if not path.exists())
        try:
            self._window.save(path)
            self._note = Line(value="saved in the present folder", color=Color.GREEN)
        except OSError as error:
            self._note = Line(value=f"not saved: {error.strerror}", color=Color.RED)

    def _show(self) -> None:
        status, match, copilot = self._status(), self.match, self._copilot
        if copilot:
            copilot.show(self._window, match, status, self._help)
        else:
            self._window.show(match.frame, (*status, Line(), *self._help))
        self._is_stale = False

    def _status(self) -> list[Line]:
        match = self.match
        return [
            Line(value=match.env_id, color=Color.YELLOW),
            Line(value=self._goal),
            Line(),
            Line("view", match.visibility),
            Line("seed", str(match.seed)),
            Line("return", f"{match.total:+.3f}"),
            Line("steps left", str(match.steps_left)),
            self._headline(),
            self._note,
        ]

    def _headline(self) -> Line:
        match = self.match
        if match.end:
            how, color = {
                None: (f"Episode {match.end}", Color.YELLOW),
                True: ("Won", Color.GREEN),
                False: (_DEFEATS[match.end], Color.RED),
            }[match.is_won]
            return Line(value=f"{how}: R again, N next", color=color)
        return Line(value="Paused: P goes on" if self.is_paused else "")


_DEFEATS = {"terminated": "Lost", "truncated": "Out of time"}


def _help(env_id: str, leave: str) -> list[Line]:
    """Keys and signs of a game; moves that do nothing are left out."""
    game = find_game(env_id)
    moves = [
        Line(_name(key), game.moves[move])
        for key, move in MOVES.items()
        if game.moves[move] != "-"
    ]
    commands = [
        Line(_name(key), leave if command is Command.LEAVE else command.value)
        for key, command in COMMANDS.items()
    ]
    signs = [Line(sign, meaning, column=_SIGN_COLUMN) for sign, meaning in game.signs]
    return [*moves, Line(), *commands, Line(), *signs]


_SIGN_COLUMN = 168  # pixels from signs to their meaning


def _name(key: int) -> str:
    name = pygame.key.name(key).capitalize()
    return "Esc" if name == "Escape" else name
