"""What the options of the commands mean, and how they are refused."""

import argparse
from collections.abc import Callable
from pathlib import Path

from arcade_gym.films import film
from arcade_gym.lanes import arguments
from jax_core import registry


def add_view(parser: argparse.ArgumentParser, obs_size: int) -> None:
    """Adds the view, the size of its frames and the seed."""
    parser.add_argument(
        "-p",
        "--partial-obs",
        action="store_true",
        help="partial view (POMDP) instead of the full one (MDP)",
    )
    parser.add_argument(
        "-o",
        "--obs-size",
        metavar="PIXELS",
        type=whole_number(registry.MIN_OBS_SIZE, registry.MAX_OBS_SIZE),
        default=obs_size,
        help=f"side of a frame, 64 to 512 (default: {obs_size})",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, arguments.MAX_SEED),
        default=0,
        help="of the first episode (default: %(default)s)",
    )


def env_id(text: str) -> str:
    """Reads an id or "module:id"; argparse shows the nearest one for a wrong one."""
    try:
        registry.find_level(text)
        return registry.resolve(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def film_path(text: str) -> Path:
    """Reads the path of a film and refuses it if nothing can be written there."""
    try:
        film.check_path(path := Path(text))
    except (ValueError, ImportError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return path


def log_path(text: str) -> Path:
    """Reads the path of a log and refuses it if nothing can be written there."""
    try:
        film.check_writable(path := Path(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return path


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Makes a reader of integers from `low` to `high`."""

    def read(text: str) -> int:
        rule = f"must be an integer from {low} to {high}, got {text!r}"
        try:
            value = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(rule) from error
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(rule)
        return value

    return read
