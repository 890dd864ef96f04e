"""All that is measured on a GPU, by one command, in less than 20 minutes.

Most important first. What it finds is written with device and versions: each benchmark
a JSON file of its own, and `gpu_day.json` what ran, for how long, and what bounds each
game. A stage that the time is too short for is stopped and says so; the others count.

    python benchmarks/gpu_day.py
    python benchmarks/gpu_day.py --folder results --minutes 10 --games Breakout Tetris
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
from timing import write_json

from jax_core import registry

HERE = Path(__file__).resolve().parent
FIRST_GAMES = ("Breakout", "Tetris")
MEMORY_BOUND = 0.8  # of filling the same memory
LAUNCH_BOUND = 0.8  # of drawing alone


class Stage(NamedTuple):
    """One program, and the question that it answers."""

    name: str
    question: str
    command: list[str]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Runs all stages, prints a summary and writes it."""
    options = parse(arguments)
    end = time.monotonic() + 60 * options.minutes
    done = [run(stage, end, options.folder) for stage in stages(options)]
    rows = remarks(options.folder)
    for row in rows:
        print("{game:<20} {view:<8} {remark}".format(**row))
    record = {"stages": done, "bounds": rows}
    write_json(options.folder / "gpu_day.json", record)
    return record


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Measures everything on one GPU.")
    parser.add_argument("--folder", type=Path, default=HERE / "results" / "gpu")
    parser.add_argument("--minutes", type=float, default=19, help="at most, for all")
    parser.add_argument("--games", nargs="+", default=sorted(registry.games))
    parser.add_argument("--num-envs", type=int, default=16_384)
    parser.add_argument("--obs-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--trial", action="store_true", help="on a CPU: to see that it works"
    )
    options = parser.parse_args(arguments)
    device = jax.devices()[0]
    if device.platform == "cpu" and not options.trial:
        parser.error("no GPU is visible to JAX; --trial runs on a CPU, for no figures")
    return options


def stages(options: argparse.Namespace) -> list[Stage]:
    """What runs, in this order."""
    fps = (
        *("--num-envs", str(options.num_envs), "--obs-size", str(options.obs_size)),
        *("--steps", str(options.steps), "--repeats", str(options.repeats)),
        "--queued",
    )
    first = [game for game in FIRST_GAMES if game in options.games]
    rest = [game for game in options.games if game not in first]
    hard = [f"{game}Hard" for game in options.games]
    lanes = ("--many", str(options.num_envs), "--steps", str(50 * options.steps))
    planned = [
        ("fps_first", "Is the estimate of the drawing right?", "fps.py", *first, *fps),
        ("tests", "Do the tests for GPUs pass?", "pytest"),
        ("fps", "How fast are the other games?", "fps.py", *rest, *fps),
        ("adapter", "What does the environment add?", "adapter.py", *lanes),
        (
            *("fps_torch", "And with PyTorch?", "fps.py"),
            *(*first, "--backend", "torch", *fps),
        ),
        ("fps_gray", "Gray?", "fps.py", *first, "--channels", "1", *fps),
        ("fps_hard", "How fast are hard levels?", "fps.py", *hard, "--partial", *fps),
    ]
    skipped = {"tests"} if options.trial else set()
    if not first:
        skipped |= {"fps_first", "fps_torch", "fps_gray"}
    if not rest:
        skipped.add("fps")
    return [
        Stage(name, question, _command(name, script, rest_of, options.folder))
        for name, question, script, *rest_of in planned
        if name not in skipped
    ]


def _command(name: str, script: str, rest: list[str], folder: Path) -> list[str]:
    if script == "pytest":
        return [sys.executable, "-m", "pytest", "-m", "gpu", "-n", "8", "-q"]
    path = folder.resolve() / f"{name}.json"
    return [sys.executable, str(HERE / script), *rest, "--json", str(path)]


def run(stage: Stage, end: float, folder: Path) -> dict[str, Any]:
    """Runs a stage until the end of all time at the latest."""
    print(f"\n{stage.name}: {stage.question}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        done = subprocess.run(
            stage.command, cwd=HERE.parent, timeout=max(end - start, 0.1), check=False
        )
        outcome = "done" if done.returncode == 0 else f"failed: {done.returncode}"
    except subprocess.TimeoutExpired:
        outcome = "stopped: no time left"
    print(f"{stage.name}: {outcome}", flush=True)
    seconds = time.monotonic() - start
    return {**stage._asdict(), "outcome": outcome, "seconds": seconds}


def remarks(folder: Path) -> list[dict[str, Any]]:
    """What bounds each game that was measured in the functional interface."""
    rows = []
    for name in ("fps_first", "fps", "fps_hard"):
        path = folder / f"{name}.json"
        if path.exists():
            rows += [remark(row) for row in json.loads(path.read_text())["rows"]]
    return rows


def remark(row: dict[str, Any]) -> dict[str, Any]:
    """Where a game stands under the roof: the memory, its drawing, or the rest."""
    fill, draw, step = (row[name]["median"] for name in ("fill", "draw", "step"))
    if step < LAUNCH_BOUND * draw:
        bound = "rules and launches around the drawing"
    elif draw < MEMORY_BOUND * fill:
        bound = "instructions of the drawing"
    else:
        bound = "memory"
    return {
        "game": row["game"],
        "view": row["view"],
        "draw_of_fill": draw / fill,
        "step_of_draw": step / draw,
        "bound": bound,
        "remark": (
            f"{step:,.0f} frames/s; drawing at {draw / fill:.0%} of the fill, steps at "
            f"{step / draw:.0%} of drawing: bound by {bound}"
        ),
    }


if __name__ == "__main__":
    main()
