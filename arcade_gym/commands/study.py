"""Many runs, one table: `arcade-gym study run`, then `arcade-gym study report`."""

import sys
from collections.abc import Sequence

from arcade_gym.commands.running import refuse
from arcade_gym.commands.studying import reporting, sweeping
from jax_core.registry import unknown

_PARTS = {"run": sweeping.main, "report": reporting.main}

_USAGE = """\
usage: arcade-gym study {run,report} [OPTIONS]

Trains agents of many memories, levels and seeds, and compares them.

  arcade-gym study run --budget tiny --memory none gru lru --out results
  arcade-gym study report results

`arcade-gym study run --help` lists the options.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a part of the study.

    Returns:
        The exit code: 0, 1 where cells failed, 2 where something cannot be used, 130
        after Ctrl-C.
    """
    part, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if part in ("-h", "--help"):
        print(_USAGE, end="")
        raise SystemExit(0)
    if part not in _PARTS:
        return refuse("study", ValueError(unknown("part", part, tuple(_PARTS))))
    return _PARTS[part](rest)
