"""Plays a game by hand: `arcade-gym play BattleShipEasy --partial-obs`.

The published package's name of the command, `popgym-arcade-play`, works as well.
"""

import argparse
import sys
from collections.abc import Sequence

from arcade_gym.commands import compilation_cache, options
from arcade_gym.films import film

OBS_SIZE = 256  # pixels, as in the published package

_EPILOG = """\
keys:
  arrows, space   play; the window says what they do in each game
  R restart   N next seed   V switch view   P pause   S screenshot   Esc quit

examples:
  arcade-gym play                                  choose from a menu
  arcade-gym play BattleShipEasy -p -o 128         a memory game
  arcade-gym play TetrisHard --fps 3 --record tetris.mp4
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Plays what the command line asks for.

    Returns:
        The exit code: 0, 1 where a film or a log could not be written, 2 where a
        window could not be opened.
    """
    parser = _parser()
    chosen = parser.parse_args(argv)
    import pygame  # noqa: F401, PLC0415  # optional dependency

    from arcade_gym.playing import app, window  # noqa: PLC0415  # they need pygame

    compilation_cache.enable()
    try:
        app.play(app.Options(**vars(chosen)))
    except window.NoDisplayError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except film.WriteError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


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
