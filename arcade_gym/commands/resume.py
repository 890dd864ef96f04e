"""Goes on with runs that were stopped: `arcade-gym resume runs/x`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.running import refuse, run

_ABOUT = """\
Goes on with runs that were stopped, bit for bit, one after another.

  arcade-gym resume runs/CartPoleHard-partial-ppo-gru-s0

One without a checkpoint begins again; one that has ended is only reported.
"""


@dataclass(frozen=True)
class _Options:
    runs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIR [DIR ...]")
    ]
    """folders of the runs"""


def main(argv: Sequence[str] | None = None) -> int:
    """Trains on.

    Returns:
        The exit code: 0, 1 where the disk is full, 2 where a folder cannot be used, 130
        after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = tyro.cli(
        _Options, prog="arcade-gym resume", description=_ABOUT, args=arguments
    )
    compilation_cache.enable()
    try:
        if not options.runs:
            raise ValueError("name the folder of a run: arcade-gym resume DIR")
        configs = [
            replace(RunDirectory(path).read()[0], out=path).resolved()
            for path in options.runs
        ]
    except (FileNotFoundError, ValueError) as error:
        return refuse("resume", error)
    return run("resume", configs, resume=True)
