"""Our games beside the published package and other pixel environments, in one run.

Each peer gets an environment of its own; the published package's console script has
our name.

    python -m venv .venv-peers
    .venv-peers/bin/pip install popgym-arcade==0.0.7 six
    python -m venv .venv-others
    .venv-others/bin/pip install envpool ale-py navix xminigrid gymnax
    python benchmarks/peers.py --peer-python .venv-peers/bin/python \
        --others-python .venv-others/bin/python \
        --json benchmarks/results/peers_cpu.json --plot docs/peers.png

All step with random actions and autoreset, and every byte of every frame is read after
it was written. Ours is measured before and after a peer, and the slower half counts; of
the ways of stepping a peer, its fastest. See "Peers" in README.md.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

import peer_process
from peer_others import CASES
from peers_ours import prepare_ours, slower
from peers_plot import plot, ratio_text
from timing import write_json

from jax_core import registry

WAYS = ("step", "scan")  # of stepping the published package


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Prints a table for each interpreter given, writes the record and the picture."""
    options = parse(arguments)
    record: dict[str, Any] = {
        "settings": {
            "lanes": options.lanes,
            "our_lanes": options.our_lanes,
            "steps": options.steps,
            "repeats": options.repeats,
            "view": view(options),
            "time_limit": peer_process.TIME_LIMIT,
        }
    }
    if options.peer_python:
        record["rows"] = compare_all(options)
    if options.others_python:
        record["others"] = compare_others(options)
    if options.json:
        write_json(options.json, record)
    if options.plot:
        plot(record["rows"], options.plot)
    return record


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    easy = [env_id for env_id in registry.levels if env_id.endswith("Easy")]
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="every <Game>Easy if none")
    parser.add_argument("--peer-python", help="interpreter of the published package")
    parser.add_argument("--others-python", help="interpreter of the other packages")
    parser.add_argument("--partial", action="store_true", help="the partial view")
    parser.add_argument("--lanes", type=int, default=64, help="of the package")
    parser.add_argument("--our-lanes", type=int, default=192)
    parser.add_argument("--steps", type=int, default=8, help="of it, in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--plot", type=Path, help="draw the games (needs matplotlib)")
    options = parser.parse_args(arguments)
    options.ids = options.ids or easy
    for env_id in options.ids:
        if env_id not in registry.levels:
            parser.error(registry.unknown("id", env_id, tuple(registry.levels)))
    if not (options.peer_python or options.others_python):
        parser.error("give --peer-python, --others-python or both; see its docstring")
    for name in ("peer_python", "others_python"):
        python = getattr(options, name)
        if python and not shutil.which(python):
            flag = "--" + name.replace("_", "-")
            parser.error(f"{flag}: there is no interpreter at {python!r}; make one")
    if options.plot and not options.peer_python:
        parser.error("--plot draws the published package: give --peer-python too")
    return options


def view(options: argparse.Namespace) -> str:
    """The view of the games."""
    return "partial" if options.partial else "full"


def compare_all(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Prints one line for each id beside the published package."""
    few, many = options.lanes, options.our_lanes
    heads = f"peer step, {few}", f"peer scan, {few}", f"ours, {few}", f"ours, {many}"
    print(f"Frames/s at a number of environments, {view(options)} view")
    print(f"{'id':<18} " + " ".join(f"{head:>14}" for head in heads) + f" {'ratio':>7}")
    rows = []
    for env_id in options.ids:
        row = compare(env_id, options)
        rows.append(row)
        ways = row["peer"]["ways"]
        theirs = [ways[way]["median"] if way in ways else None for way in WAYS]
        rates = [*theirs, row["ours_same_lanes"]["median"], row["ours"]["median"]]
        numbers = [f"{'n/a' if rate is None else f'{rate:,.0f}':>14}" for rate in rates]
        note = row["peer"]["error"] or ""
        line = f"{env_id:<18} {' '.join(numbers)} {ratio_text(row):>7} {note}"
        print(line.rstrip(), flush=True)
    return rows


def compare(env_id: str, options: argparse.Namespace) -> dict[str, Any]:
    """One id: ours, the published package, ours again."""
    lanes = options.lanes, options.our_lanes
    ours = [prepare_ours(env_id, count, options) for count in lanes]
    before = [measure_once() for measure_once in ours]
    numbers = options.lanes, options.steps, options.repeats
    peer = peer_process.measure(
        options.peer_python, "peer_popgym_arcade.py", env_id, view(options), *numbers
    )
    same, most = (
        slower(first, measure_once())
        for first, measure_once in zip(before, ours, strict=True)
    )
    rate = peer["best"] and peer["ways"][peer["best"]]["median"]
    return {
        "id": env_id,
        "lanes": options.lanes,
        "peer": peer,
        "ours_same_lanes": same,
        "ours": most,
        "ratio": rate and most["median"] / rate,
        "ratio_same_lanes": rate and same["median"] / rate,
    }


def compare_others(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Prints one line for each case of the other packages, and our Breakout's."""
    print(
        f"{'other packages':<28} {'lanes':>5} {'frames/s':>10} {'B/frame':>8} "
        f"{'GB/s':>6}  what a frame is"
    )
    ours = prepare_ours("BreakoutEasy", options.our_lanes, options)
    before = ours()
    rows = []
    for case in CASES:
        peer = peer_process.measure(
            options.others_python, "peer_others.py", case.name, options.repeats
        )
        rows.append({"name": case.name, "frame": case.frame, **peer})
        best = peer["best"] and peer["ways"][peer["best"]]
        print_other(rows[-1], best)
    measured = slower(before, ours())
    name, frame = "ours, BreakoutEasy", "RGB, 128x128"
    rows.append({"name": name, "frame": frame, "error": None, "best": "step"})
    rows[-1]["ways"] = {"step": measured}
    print_other(rows[-1], measured)
    return rows


def print_other(row: dict[str, Any], best: dict[str, Any] | None) -> None:
    """Prints one line of the second table."""
    if best is None:
        print(f"{row['name']:<28} {row['error']}", flush=True)
        return
    rate, size = best["median"], best["bytes"]
    note = f" ({row['error']})" if row["error"] else ""
    print(
        f"{row['name']:<28} {best['lanes']:>5} {rate:>10,.0f} {size:>8,} "
        f"{rate * size / 1e9:>6.3f}  {row['frame']}{note}",
        flush=True,
    )


if __name__ == "__main__":
    main()
