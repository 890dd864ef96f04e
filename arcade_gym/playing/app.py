"""From the options of the command to a running game."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from arcade_gym.films import film
from arcade_gym.playing import loading, menu
from arcade_gym.playing.loop import Loop, Outputs
from arcade_gym.playing.match import Match
from arcade_gym.playing.menu import Choice, Menu
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
    """

    id: str | None
    partial_obs: bool
    obs_size: int
    seed: int
    fps: int | None
    turn_based: bool
    record: Path | None
    log: Path | None


def play(options: Options) -> None:
    """Plays until the player quits.

    Raises:
        NoDisplayError: there is no screen.
    """
    require_screen()
    size = size_for(options.obs_size) if options.id else menu.size()
    with closing(Window("Arcade Gym", size)) as window:
        choice = _choose(options, window)
        if choice is None:
            return
        match = Match(
            choice.env_id,
            partial_obs=choice.partial_obs,
            obs_size=options.obs_size,
            seed=options.seed,
        )
        if loading.run(window, f"Compiling {choice.env_id}", match.compile):
            _run(match, window, options)


def _choose(options: Options, window: Window) -> Choice | None:
    if options.id:
        return Choice(options.id, options.partial_obs)
    choice = Menu(window, partial_obs=options.partial_obs).run()
    window.resize(size_for(options.obs_size))
    return choice


def _run(match: Match, window: Window, options: Options) -> None:
    pace = registry.find_level(match.env_id)[0].steps_per_second
    film_fps = options.fps or pace or TURN_BASED_FPS
    is_turn_based = options.turn_based or pace is None
    with ExitStack() as stack:
        opened = None
        if options.record:
            opened = film.open_film(options.record, fps=film_fps)
            stack.enter_context(closing(opened))
        Loop(
            match,
            window,
            fps=None if is_turn_based else film_fps,
            outputs=Outputs(film=opened, log=options.log),
        ).run()
