"""Films lanes of a batch: `arcade-gym record BreakoutEasy breakout.gif`."""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax_core
from arcade_gym.commands import compilation_cache, options, progress
from arcade_gym.films import film
from arcade_gym.films.recording import (
    FPS,
    random_policy,
    save,
    watch,
    watch_script,
)
from arcade_gym.films.sheet import Frames
from arcade_gym.lanes import arguments
from arcade_gym.vector_env import ArcadeVectorEnv
from arcade_gym.whole_files import WriteError

MAX_LANES = 64
MAX_STEPS = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Films what the command line asks for.

    Returns:
        The exit code: 0, 1 where the film could not be written, 130 after Ctrl-C,
        when the film is complete up to there.
    """
    parser = _parser()
    chosen = parser.parse_args(argv)
    try:
        arguments.seeds(chosen.seed, chosen.lanes)
    except ValueError as error:
        parser.error(str(error))
    compilation_cache.enable()
    before = _written_at(chosen.file)
    try:
        _film(chosen)
    except WriteError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if _written_at(chosen.file) != before:
            print(f"Wrote {chosen.file}, up to the interruption")
        return 130
    print(f"Wrote {chosen.file}")
    return 0


def _film(chosen: argparse.Namespace) -> None:
    save(
        chosen.file,
        progress.shown(_batches(chosen), total=chosen.steps + 1, unit="frames"),
        columns=chosen.columns,
        caption=_caption(chosen) if chosen.caption is None else chosen.caption,
        fps=chosen.fps,
        scale=chosen.scale,
    )


def _written_at(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.exists() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arcade-gym record",
        description="Films lanes of a batch as a GIF or MP4 while a policy plays.",
        epilog="example: arcade-gym record BreakoutEasy breakout.gif --lanes 9",
    )
    parser.add_argument(
        "id", type=options.env_id, help="BreakoutEasy and so on, or module:LampEasy"
    )
    parser.add_argument(
        "file", type=options.film_path, help="ends in .gif or .mp4; is replaced"
    )
    options.add_view(parser, obs_size=128)
    players = parser.add_mutually_exclusive_group()
    players.add_argument(
        "--policy",
        metavar="MODULE:FUNCTION",
        type=_function,
        help="gives actions for a batch of observations (default: random actions)",
    )
    players.add_argument(
        "--script",
        metavar="MODULE:FUNCTION",
        type=_function,
        help="gives an action for one environment's state and params",
    )
    parser.add_argument(
        "--backend",
        choices=arguments.BACKENDS,
        default="numpy",
        help="what observations are for the policy (default: %(default)s)",
    )
    _add_numbers(parser)
    parser.add_argument("--caption", help="text above the grid; '' is none")
    return parser


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    for name, low, high, default, text in (
        ("--lanes", 1, MAX_LANES, 4, "environments in the film"),
        ("--columns", 1, MAX_LANES, None, "of the grid (default: nearly square)"),
        ("--steps", 1, MAX_STEPS, 200, "of every environment"),
        ("--fps", 1, film.MAX_FPS, FPS, "frames per second"),
        ("--scale", 1, 16, None, "enlargement (default: 1 for GIF, 2 for MP4)"),
    ):
        help_text = text if default is None else f"{text} (default: {default})"
        reader = options.whole_number(low, high)
        parser.add_argument(
            name, metavar="N", type=reader, default=default, help=help_text
        )


def _function(text: str) -> Callable[..., Any]:
    """Loads "module:function"."""
    module, _, name = text.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"must be a function that can be imported, as in players.breakout:act; got "
            f"{text!r} ({error})"
        ) from error


def _batches(chosen: argparse.Namespace) -> Iterator[Frames]:
    view = {"partial_obs": chosen.partial_obs, "obs_size": chosen.obs_size}
    length = {"num_steps": chosen.steps, "seed": chosen.seed}
    if chosen.script:
        env, _ = jax_core.make(chosen.id, **view)
        return watch_script(env, chosen.script, num_lanes=chosen.lanes, **length)
    envs = ArcadeVectorEnv(chosen.lanes, game=chosen.id, backend=chosen.backend, **view)
    policy = chosen.policy or random_policy(envs, chosen.seed)
    return watch(envs, policy, **length)


def _caption(chosen: argparse.Namespace) -> str:
    view = "partial" if chosen.partial_obs else "full"
    player = chosen.policy or chosen.script
    name = f"{player.__module__}.{player.__name__}" if player else "random actions"
    return f"{chosen.id}, {view} view, {name}, seed {chosen.seed}"
