"""From the options of the command to a running game."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from arcade_gym.films import film
from arcade_gym.playing import loading, menu, strip
from arcade_gym.playing.companion import Companion
from arcade_gym.playing.copilot import Copilot
from arcade_gym.playing.loop import Loop, Outputs
from arcade_gym.playing.match import Match
from arcade_gym.playing.menu import Menu
from arcade_gym.playing.pictures import Choice
from arcade_gym.playing.window import Window, require_screen, size_for
from jax_core import registry

TURN_BASED_FPS = 5  # of films of games whose time waits for the player


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to play; the fields are the options of the command.

    Attributes:
        id: the level; None shows the menu.
        partial_obs: begin with the partial view.
        obs_size: pixels of a side of a frame.
        seed: of the first episode.
        fps: steps per second; None is the game's own pace.
        turn_based: step on key presses in every game.
        record: path of a film.
        log: path of a log, one line of JSON per episode.
        companion: an agent that plays along; level, view and size are then its own.
    """

    id: str | None
    partial_obs: bool
    obs_size: int
    seed: int
    fps: int | None
    turn_based: bool
    record: Path | None
    log: Path | None
    companion: Companion | None = None


def play(options: Options) -> None:
    """Plays until the player quits; from the menu, one game after the other.

    Raises:
        NoDisplayError: there is no screen.
    """
    require_screen()
    size = _size(options) if options.id else menu.size()
    with (
        closing(Window("Arcade Gym", size)) as window,
        closing(_Session(window, options)) as session,
    ):
        if options.id:
            session.play(Choice(options.id, options.partial_obs), leave="quit")
            return
        shown = Menu(window, partial_obs=options.partial_obs)
        while choice := shown.run():
            window.suggest(_size(options))
            session.play(choice, leave="menu")
            window.suggest(menu.size())


def _size(options: Options) -> tuple[int, int]:
    return size_for(options.obs_size, footer=strip.HEIGHT if options.companion else 0)


class _Session:
    """Games in one window; all their episodes go into one film."""

    def __init__(self, window: Window, options: Options) -> None:
        self._window = window
        self._options = options
        self._film: film.Film | None = None

    def play(self, choice: Choice, leave: str) -> None:
        """Plays one game until the player leaves it; `leave` says where to."""
        options = self._options
        match = Match(
            choice.env_id,
            partial_obs=choice.partial_obs,
            obs_size=options.obs_size,
            seed=options.seed,
        )
        companion = options.companion

        def prepare() -> None:
            match.compile()
            if companion:
                companion.compile()

        if not loading.run(self._window, f"Compiling {choice.env_id}", prepare):
            return
        pace = registry.find_level(choice.env_id)[0].steps_per_second
        fps = options.fps or pace or TURN_BASED_FPS
        is_turn_based = options.turn_based or pace is None
        if options.record and not self._film:
            self._film = film.open_film(options.record, fps=fps)
        Loop(
            match,
            self._window,
            fps=None if is_turn_based else fps,
            outputs=Outputs(film=self._film, log=options.log),
            leave=leave,
            copilot=Copilot(companion) if companion else None,
        ).run()

    def close(self) -> None:
        """Completes the film."""
        if self._film:
            self._film.close()
