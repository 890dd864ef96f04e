"""`arcade-gym study run`: trains the cells of a grid that are not done."""

import importlib.util
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import arg

from arcade_gym.baselines.config import RunConfig
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.flags import FLAGS, NUMBERS
from arcade_gym.commands.running import fail, refuse
from arcade_gym.study import estimates
from arcade_gym.study.folder import StudyFolder, is_done
from arcade_gym.study.grid import VIEWS, Grid, shard
from arcade_gym.study.matching import WIDTH
from arcade_gym.study.stopping import passing_on
from arcade_gym.study.sweep import Tally, in_words, one_by_one, sweep
from arcade_gym.study.worker import Worker

_ABOUT = """\
Trains agents of many memories, levels and seeds, each in a folder of its own.

  arcade-gym study run --budget smoke --levels CartPoleEasy --memory none gru
  arcade-gym study run --budget tiny --out results --dry-run
  arcade-gym study run --budget paper --out results --shard 3/16

The same line goes on: finished cells are skipped, half-done ones resume.

Several processes and machines may share a folder.
"""

_CHANGES = (
    "total_steps",
    "obs_size",
    "width",
    "layers",
    "eval_episodes",
    "test_episodes",
    "eval_every",
    "chunk_steps",
    "checkpoint_minutes",
)
"""Options that replace fields of every run."""


@dataclass(frozen=True, kw_only=True)
class _Options:
    out: Annotated[Path, arg(metavar="DIR")] = Path("results")
    """folder of the study"""
    budget: Annotated[str, arg(metavar="NAME")] = "tiny"
    """smoke, tiny (minutes for each cell on a CPU), small (one GPU) or paper"""
    levels: Annotated[tuple[str, ...], arg(metavar="LEVEL ...")] = ()
    """ids, games (all their levels) or all; those of the budget, if none is named"""
    views: Annotated[tuple[str, ...], arg(metavar="VIEW ...")] = VIEWS
    """in which agents are trained; each is judged in both"""
    memory: Annotated[tuple[str, ...], arg(metavar="NAME ...")] = ()
    """memories; bias is told against none"""
    algorithm: Annotated[str, arg(metavar="NAME")] = "pqn"
    """pqn, ppo or dqn"""
    seeds: Annotated[int | None, arg(metavar="K")] = None
    """runs of each kind"""
    schedule: Annotated[str | None, arg(metavar="NAME")] = None
    """published (as PQN was run for the paper, faults included; the default of the
    budget paper) or sane"""
    match: Annotated[str, arg(metavar="NAME")] = WIDTH
    """what memories have in common: width or parameters"""
    total_steps: Annotated[int | None, arg(metavar="STEPS")] = None
    """of each run, instead of the budget's"""
    obs_size: Annotated[int | None, arg(metavar="PIXELS")] = None
    """side of a frame, instead of the budget's"""
    width: int | None = None
    """of networks, instead of the budget's"""
    layers: int | None = None
    """memories on top of one another, instead of the budget's"""
    eval_episodes: int | None = None
    """of an evaluation during training, instead of the budget's"""
    test_episodes: int | None = None
    """of each judgement at the end, instead of the budget's"""
    eval_every: Annotated[int | None, arg(metavar="STEPS")] = None
    """between two evaluations, about, instead of the budget's"""
    chunk_steps: Annotated[int | None, arg(metavar="STEPS")] = None
    """between two lines of the log, about"""
    checkpoint_minutes: float | None = None
    """between two checkpoints"""
    shard: Annotated[str, arg(metavar="I/N")] = "1/1"
    """trains the I-th of N parts of the grid only"""
    retry_failed: bool = False
    """tries again what failed earlier"""
    dry_run: bool = False
    """prints the cells, their steps and an estimate of the time, and trains nothing"""
    measure_seconds: float = 60.0
    """of --dry-run, for the estimate; 0 measures nothing"""
    cluster: Annotated[Literal["none", "ray"], arg(metavar="NAME")] = "none"
    """ray: cells are tasks of a Ray cluster (RAY_ADDRESS), or of one on this machine"""
    cpus: float = 1.0
    """of a cluster, for each cell"""
    gpus: float = 0.0
    """of a cluster, for each cell"""


def main(argv: Sequence[str]) -> int:
    """Trains what is left.

    Returns:
        The exit code: 0, 1 where cells failed, 2 where something cannot be used, 130
        after Ctrl-C.
    """
    options = tyro.cli(
        _Options,
        prog="arcade-gym study run",
        description=_ABOUT,
        args=list(argv),
        registry=NUMBERS,
        config=FLAGS,
    )
    folder = StudyFolder(options.out)
    try:
        _check_cluster(options)
        cells = shard(_grid(options).cells(), *_shard(options.shard))
        folder.check(cells)
    except (FileExistsError, TypeError, ValueError) as error:
        return refuse("study run", error)
    compilation_cache.enable()
    if options.dry_run:
        _foretell(folder, cells, options.measure_seconds)
        return 0
    try:
        folder.make()
        return _end(folder, _sweep(folder, cells, options))
    except BrokenPipeError:  # nobody reads what is said
        raise
    except ConnectionError as error:  # nobody is at RAY_ADDRESS
        return refuse("study run", error)
    except OSError as error:
        return fail("study run", error)


def _grid(options: _Options) -> Grid:
    changes = {name: getattr(options, name) for name in _CHANGES}
    return Grid(
        out=options.out,
        budget=options.budget,
        levels=options.levels,
        views=options.views,
        memory=options.memory,
        algorithm=options.algorithm,
        seeds=options.seeds,
        schedule=options.schedule,
        match=options.match,
        changes={k: v for k, v in changes.items() if v is not None},
    )


def _shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal()):
        raise ValueError(f"shard must be like 3/16, got {text!r}")
    return int(number), int(count)


def _check_cluster(options: _Options) -> None:
    has_cluster = options.cluster != "none"
    if has_cluster and importlib.util.find_spec(options.cluster) is None:
        raise ValueError("--cluster ray needs ray: pip install 'arcade-gym[cluster]'")
    if not has_cluster and (options.cpus, options.gpus) != (1, 0):
        raise ValueError("--cpus and --gpus are of a cluster: add --cluster ray")


def _sweep(folder: StudyFolder, cells: Sequence[RunConfig], options: _Options) -> Tally:
    if options.cluster == "none":
        trainer = Worker(folder)
        execute = one_by_one(trainer)
    else:
        from arcade_gym.study.ray_cluster import RayCluster  # noqa: PLC0415  # optional

        trainer = RayCluster(folder, cpus=options.cpus, gpus=options.gpus)
        execute = trainer
        if lacking := trainer.lacks():
            _say(lacking)
    with closing(trainer), passing_on(trainer.interrupt):
        return sweep(
            folder, cells, execute, retry_failed=options.retry_failed, say=_say
        )


def _foretell(folder: StudyFolder, cells: Sequence[RunConfig], seconds: float) -> None:
    """Prints the cells, and how long they will take."""
    for config in cells:
        state = "done" if is_done(config) else f"{config.total_rows:,} steps"
        reason = folder.failed(config)
        state += f", failed earlier: {reason}" if reason is not None else ""
        _say(f"{config.folder.name}: {state}")
    left = [config for config in cells if not is_done(config)]
    steps = sum(config.total_rows for config in left)
    _say(f"{len(cells)} cells, {len(left)} to do, {steps:,} steps")
    speeds = estimates.of_finished(cells)
    if seconds > 0 and left:
        speeds = speeds | estimates.measure(left, speeds, seconds=seconds, say=_say)
    total = estimates.total_seconds(left, speeds)
    if total is not None and left:
        said = f"about {in_words(total)}, one cell after another on this machine"
        is_measured = any(one.source == estimates.MEASURED for one in speeds.values())
        _say(said + "; what was measured leaves out evaluations" * is_measured)


def _end(folder: StudyFolder, tally: Tally) -> int:
    for config, reason in tally.failed:
        _say(f"failed: {config.folder.name}: {reason} ({folder.log(config)})")
    for config in tally.busy:
        _say(f"at work elsewhere: {config.folder.name}")
    if tally.stopped:
        _say("stopped; the same line goes on")
        return 130
    if tally.failed:
        _say("--retry-failed tries again what failed")
        return 1
    if not tally.busy:
        _say(f"all done; the table: arcade-gym study report {folder.path}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
