"""What the verbs of training have in common: running, and saying how it went."""

import sys
from collections.abc import Sequence

from arcade_gym.baselines import CheckpointError, Interrupted, Report, RunConfig, train
from arcade_gym.baselines.runs.capacity import NoRoomError


def run(verb: str, configs: Sequence[RunConfig], *, resume: bool) -> int:
    """Trains one configuration after another.

    Args:
        verb: named in messages.
        configs: resolved.
        resume: goes on with what is there.

    Returns:
        The exit code: 0, 1 where the disk is full, 2 where a folder cannot be used, 130
        after Ctrl-C.
    """
    for config in configs:
        try:
            print(_summary(train(config, resume=resume)))
        except Interrupted as stop:
            refuse(verb, stop)
            return 130
        except (CheckpointError, FileExistsError, NoRoomError, ImportError) as error:
            return refuse(verb, error)
        except OSError as error:
            refuse(verb, error)
            return 1
    return 0


def refuse(verb: str, reason: BaseException) -> int:
    """Prints why something was not done; returns the exit code."""
    print(f"arcade-gym {verb}: {reason}", file=sys.stderr)
    return 2


def fail(verb: str, reason: BaseException) -> int:
    """The same; the exit code tells 1, a file cannot be written, from 2, all else."""
    code = refuse(verb, reason)
    is_missing = isinstance(reason, FileNotFoundError)
    return 1 if isinstance(reason, OSError) and not is_missing else code


def _summary(report: Report) -> str:
    return (
        f"{report.path}: {report.steps:,} steps in {report.seconds:,.0f} s "
        f"({report.stopped}); greedy return in the {report.config.view} view: "
        f"{report.mean():.3f} last network, {report.mean(network='best'):.3f} best "
        "network"
    )
