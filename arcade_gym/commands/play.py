"""Plays a game by hand: `arcade-gym play BattleShipEasy --partial-obs`.

The published package's name of the command, `popgym-arcade-play`, works as well.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from arcade_gym.commands import compilation_cache, options
from arcade_gym.films import film
from arcade_gym.whole_files import WriteError
from jax_core import registry
from jax_core.game import Visibility

if TYPE_CHECKING:  # an agent's packages are imported where there is one
    from arcade_gym.introspection.live import LiveAgent

OBS_SIZE = 256  # pixels, as in the published package

_EPILOG = """\
keys:
  arrows, space   play; the window says what they do in each game
  R restart   N next seed   V switch view   P pause   S screenshot   Esc quit
  with --agent: A takes over and gives back, H shows what it looks at

examples:
  arcade-gym play                                  choose from a menu
  arcade-gym play BattleShipEasy -p -o 128         a memory game
  arcade-gym play TetrisHard --fps 3 --record tetris.mp4
  arcade-gym play --agent builtin:cartpole-hard-gru
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Plays what the command line asks for.

    Returns:
        The exit code: 0, 1 where a film or a log could not be written, 2 where a
        window could not be opened or an agent could not be loaded.
    """
    parser = _parser()
    chosen = parser.parse_args(argv)
    import pygame  # noqa: F401, PLC0415  # optional dependency

    from arcade_gym.playing import app, window  # noqa: PLC0415  # they need pygame

    compilation_cache.enable()
    try:
        given = _given(parser, chosen)
    except (FileNotFoundError, ImportError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    try:
        app.play(app.Options(**given))
    except window.NoDisplayError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except WriteError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def _given(
    parser: argparse.ArgumentParser, chosen: argparse.Namespace
) -> dict[str, Any]:
    """The options of the game; level, view and size are those of the agent, if any."""
    given = vars(chosen)
    name = given.pop("agent")
    if name is None:
        return given | {"obs_size": chosen.obs_size or OBS_SIZE}
    companion = _companion(name)
    own = {
        "id": registry.resolve(companion.env_id),
        "partial_obs": companion.visibility is Visibility.PARTIAL,
        "obs_size": companion.obs_size,
    }
    told = f"{name} was trained on {own['id']} in the {companion.visibility} view"
    if chosen.id not in (None, own["id"]):
        parser.error(f"{told}, and cannot play {chosen.id}: leave the level out")
    if chosen.partial_obs and not own["partial_obs"]:
        parser.error(f"{told}: leave --partial-obs out; V switches what you see")
    if chosen.obs_size not in (None, own["obs_size"]):
        parser.error(f"{told} at {own['obs_size']} pixels: leave --obs-size out")
    if chosen.log:
        parser.error("--log keeps what people play: leave --agent out")
    return given | own | {"companion": companion}


def _companion(name: str) -> "LiveAgent":
    """Loads an agent, and what looks inside it: imported here alone."""
    from arcade_gym.baselines import load_agent  # noqa: PLC0415
    from arcade_gym.introspection.live import LiveAgent  # noqa: PLC0415

    return LiveAgent(load_agent(name), name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arcade-gym play",
        description="Play a game by hand, in its full or its partial view.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "id",
        nargs="?",
        type=options.env_id,
        help="BattleShipEasy and so on, or module:LampEasy; without it, a menu",
    )
    options.add_view(parser, obs_size=OBS_SIZE)
    parser.set_defaults(obs_size=None)  # tells whether the player has chosen one
    parser.add_argument(
        "--agent",
        metavar="RUN",
        help="plays along: the folder of a run, or builtin:cartpole-hard-gru "
        "(`arcade-gym agents` lists these); brings its own level, view and size",
    )
    parser.add_argument(
        "--fps",
        metavar="N",
        type=options.whole_number(1, film.MAX_FPS),
        help="steps per second of games in real time, frames per second of the film",
    )
    parser.add_argument(
        "--turn-based",
        action="store_true",
        help="step on key presses in games whose time passes by itself too: Breakout, "
        "CartPole, NoisyCartPole, Skittles, Tetris",
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        type=options.film_path,
        help="film of all episodes, a frame per step; ends in .gif or .mp4",
    )
    parser.add_argument(
        "--log",
        metavar="FILE",
        type=options.log_path,
        help="adds a line of JSON per episode: id, view, seed, return, length, end "
        "and fps",
    )
    return parser
