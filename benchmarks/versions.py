"""Speed of whole steps in two checkouts of the project, in turn.

Runs of two versions one after the other say nothing on a host whose speed drifts by
half within minutes. Here both versions are compiled first, in a process each, and then
take turns of a fraction of a second: each turn of one is divided by the turns of the
other beside it, and the row's figure is the median of these ratios.

    git worktree add ../before v0.1.0
    python benchmarks/versions.py ../before
    python benchmarks/versions.py ../before BreakoutEasy TetrisHard --repeats 41
    python benchmarks/versions.py ../before --obs-size 84 --channels 1 --work draw
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from timing import write_json

from jax_core import registry

HERE = Path(__file__).resolve().parents[1]
# Runs in the checkout that it measures, with that checkout's own benchmark.
WORKER = """
import json, sys, time
import jax, fps
kind, game, partial, *arguments = json.loads(sys.argv[1])
options = fps.parse(arguments)
runner = fps.functional(game, partial, options)
works = {"step": runner.step, "draw": runner.draw, "fill": runner.fill}
works = {name: works[name] for name in (kind, "fill")}
for work in works.values():
    jax.block_until_ready(work(0))
print("ready", flush=True)
for line in sys.stdin:
    work = works[line.strip()]
    start = time.perf_counter()
    for index in range(options.steps):
        jax.block_until_ready(work(index))
    seconds = time.perf_counter() - start
    print(options.num_envs * options.steps / seconds, flush=True)
"""

KINDS = {"step": "whole steps", "draw": "programs that return frames alone"}


class Row(NamedTuple):
    """One level and view: medians in frames per second, and ratios after / before."""

    env_id: str
    view: str
    before: float
    after: float
    fill: float  # by the newer version's process
    ratio: float  # median of the ratios of turns side by side
    least: float  # quarter of the ratios below
    largest: float  # and above
    same: float  # the older version beside itself, median: how well this can be known
    same_least: float
    same_largest: float


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measures the levels that the command line names in both versions."""
    options = parse(arguments)
    print(
        f"{options.num_envs} environments, {options.obs_size} px, {options.channels} "
        f"channels; frames/s of {KINDS[options.work]}; ratios are after / before, "
        f"medians and middle halves of {options.repeats} turns"
    )
    print(
        f"{'id':<20} {'view':<8} {'before':>9} {'after':>9} {'fill':>9} {'ratio':>6} "
        f"{'middle half':>13}   before beside itself"
    )
    rows = []
    for env_id in options.ids or sorted(registry.levels):
        for partial_obs in (False, True):
            rows.append(measure(env_id, partial_obs, options))
            print_row(rows[-1])
    ratios = [row.ratio for row in rows]
    slower = [f"{row.env_id} {row.view}" for row in rows if is_slower(row)]
    print(f"median of {len(rows)} rows: {statistics.median(ratios):.2f}")
    print(f"slower by more than their spread: {', '.join(slower) or 'none'}")
    if options.json:
        settings = {k: v for k, v in vars(options).items() if k not in ("json", "ids")}
        settings["before"] = commit(options.before)
        record = {"settings": settings, "rows": [row._asdict() for row in rows]}
        write_json(options.json, record)
    return rows


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Speed of two versions, in turn.")
    parser.add_argument("before", type=Path, help="checkout of the older version")
    parser.add_argument("ids", nargs="*", help="levels, such as BreakoutEasy; or all")
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--obs-size", type=int, default=128)
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3)
    parser.add_argument(
        "--work", choices=tuple(KINDS), default="step", help="steps, or frames alone"
    )
    parser.add_argument("--steps", type=int, default=4, help="steps in a turn")
    parser.add_argument("--repeats", type=int, default=15, help="turns of each")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    if not (options.before / "benchmarks" / "fps.py").is_file():
        parser.error(f"before: {options.before} is no checkout of this project")
    for env_id in options.ids:
        if env_id not in registry.levels:
            parser.error(registry.unknown("level", env_id, tuple(registry.levels)))
    return options


def measure(env_id: str, partial_obs: bool, options: argparse.Namespace) -> Row:
    """Compiles both versions of one level and view, and lets them take turns."""
    older, newer = (
        start(tree, env_id, partial_obs, options) for tree in (options.before, HERE)
    )
    with older, newer:  # which end when their pipes are closed
        for worker in (older, newer):
            wait_until_ready(worker)
        turns = [
            tuple(turn(worker, options.work) for worker in (older, newer, older))
            for _ in range(options.repeats)
        ]
        fills = [turn(newer, "fill") for _ in range(options.repeats)]
    before = [rate for first, _, last in turns for rate in (first, last)]
    # The neighbours on both sides: a drift of the host cancels.
    ratios = [2 * after / (first + last) for first, after, last in turns]
    same = [last / first for first, _, last in turns]
    return Row(
        env_id,
        "partial" if partial_obs else "full",
        statistics.median(before),
        statistics.median(after for _, after, _ in turns),
        statistics.median(fills),
        *middle(ratios),
        *middle(same),
    )


def start(
    tree: Path, env_id: str, partial_obs: bool, options: argparse.Namespace
) -> subprocess.Popen[str]:
    """A process that compiles one level of a checkout and then waits for its turns."""
    task = json.dumps([options.work, env_id, partial_obs, *flags(options)])
    paths = os.pathsep.join(str(tree.resolve() / name) for name in ("", "benchmarks"))
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
        cwd=tree,
        text=True,
    )


def flags(options: argparse.Namespace) -> list[str]:
    """What both versions are told; older ones do not know all that `fps.py` takes."""
    given = ["--num-envs", options.num_envs, "--obs-size", options.obs_size]
    given += ["--steps", options.steps]
    if options.channels != 3:
        given += ["--channels", options.channels]
    return [str(word) for word in given]


def wait_until_ready(worker: Any) -> None:
    """Returns when the worker has compiled; ends the program if it failed."""
    for line in worker.stdout:
        if line.strip() == "ready":
            time.sleep(0.1)  # threads of the compiler go to sleep
            return
    sys.exit("a version could not be measured; its error is above")


def turn(worker: Any, work: str) -> float:
    """Frames per second of one turn."""
    print(work, file=worker.stdin, flush=True)
    return float(worker.stdout.readline())


def middle(ratios: list[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile."""
    least, median, largest = statistics.quantiles(ratios, n=4)
    return median, least, largest


def is_slower(row: Row) -> bool:
    """Whether the middle half of the ratios lies below that of the older by itself."""
    return row.largest < min(1, row.same_least)


def print_row(row: Row) -> None:
    """Prints one line of the table."""
    print(
        f"{row.env_id:<20} {row.view:<8} {row.before:>9,.0f} {row.after:>9,.0f} "
        f"{row.fill:>9,.0f} {row.ratio:>6.2f} {row.least:>6.2f}-{row.largest:<6.2f}   "
        f"{row.same:.2f} ({row.same_least:.2f}-{row.same_largest:.2f})",
        flush=True,
    )


def commit(tree: Path) -> str:
    """Name of the commit that a checkout has."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tree, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
