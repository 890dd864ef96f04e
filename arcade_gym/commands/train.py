"""Trains agents: `arcade-gym train ppo CartPoleHard -p --memory gru --budget tiny`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from arcade_gym.baselines import RunConfig, preset
from arcade_gym.baselines.config import ALGORITHMS
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.flags import FLAGS, NUMBERS
from arcade_gym.commands.running import refuse, run
from jax_core.registry import unknown

_ABOUT = """\
Trains an agent on one level, from frames, with or without memory.

  arcade-gym train ppo CartPoleHard -p --memory gru --budget tiny
  arcade-gym train pqn SkittlesEasy -o 64 --total-steps 1e6 --seeds 3
  arcade-gym train ppo mine:LampEasy          a game of your own, in mine.py

A step is one frame shown to the learner in one lane.

Ctrl-C saves the run; `arcade-gym resume DIR` goes on with it.
"""

_USAGE = f"""\
usage: arcade-gym train {{{",".join(ALGORITHMS)}}} LEVEL [OPTIONS]

{_ABOUT}
`arcade-gym train ppo --help` lists the options; other algorithms have others.
"""


class _Unchecked(RunConfig):
    """The run."""

    def __post_init__(self) -> None:
        """Leaves the checks to `RunConfig`, whose messages then have their own line."""


@dataclass(frozen=True, kw_only=True)
class _Options:
    level: Annotated[str, tyro.conf.Positional, arg(metavar="LEVEL")] = tyro.MISSING
    """CartPoleEasy and so on; module:LampEasy for a game of your own"""
    budget: Annotated[str | None, arg(metavar="NAME")] = None
    """smoke, tiny (minutes on a CPU), small (hours on a GPU) or paper: sizes and steps,
    which other options change"""
    seeds: Annotated[int | None, arg(metavar="K")] = None
    """number of runs, one after another, with the seeds from --seed on; their folders
    are DIR-s0, DIR-s1 and so on"""
    resume: bool = False
    """goes on with runs that are there, and leaves alone those that have ended"""
    run: _Unchecked


def main(argv: Sequence[str] | None = None) -> int:
    """Trains what the command line asks for.

    Returns:
        The exit code: 0, 1 where the disk is full, 2 where the command line is wrong or
        a folder is taken, 130 after Ctrl-C.
    """
    algorithm, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if algorithm in ("-h", "--help"):
        print(_USAGE, end="")
        raise SystemExit(0)
    try:
        if algorithm not in ALGORITHMS:
            raise ValueError(unknown("algorithm", algorithm, tuple(ALGORITHMS)))
        options = _parsed(algorithm, rest)
        configs = [config.resolved() for config in _configs(options)]
        for config in configs:
            _check_folder(config, resume=options.resume)
    except (FileExistsError, TypeError, ValueError) as error:
        return refuse("train", error)
    compilation_cache.enable()
    return run("train", configs, resume=options.resume)


def _parsed(algorithm: str, arguments: list[str]) -> _Options:
    """Parses twice: budgets depend on the level, and flags override them."""
    flags = _parse(algorithm, arguments, RunConfig(algorithm=algorithm, env_id="?"))
    if flags.budget is None:
        return flags
    return _parse(algorithm, arguments, preset(flags.budget, algorithm, flags.level))


def _parse(algorithm: str, arguments: list[str], default: RunConfig) -> _Options:
    return tyro.cli(
        _Options,
        prog=f"arcade-gym train {algorithm}",
        description=_ABOUT,
        args=arguments,
        default=_Options(run=_Unchecked(**_values(default))),
        registry=NUMBERS,
        config=FLAGS,
    )


def _values(config: RunConfig) -> dict[str, Any]:
    return {f.name: getattr(config, f.name) for f in fields(RunConfig)}


def _configs(options: _Options) -> list[RunConfig]:
    values: dict[str, Any] = {**_values(options.run), "env_id": options.level}
    config = RunConfig(**values)
    if options.seeds is None:
        return [config]
    if options.seeds < 1:
        raise ValueError(f"seeds must be at least 1, got {options.seeds}")
    seeds = range(config.seed, config.seed + options.seeds)
    return [replace(config, seed=s, out=_numbered(config.out, s)) for s in seeds]


def _numbered(out: Path | str | None, seed: int) -> str | None:
    return None if out is None else f"{out}-s{seed}"


def _check_folder(config: RunConfig, *, resume: bool) -> None:
    directory = RunDirectory(config.folder)
    if not (resume and directory.is_run):
        directory.check_is_free(overwrite=config.overwrite)
