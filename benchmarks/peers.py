"""Our games beside the published package, in one run on one machine.

The package gets an environment of its own: its console script has our name.

    python -m venv .venv-peers
    .venv-peers/bin/pip install popgym-arcade==0.0.7 six
    python benchmarks/peers.py --peer-python .venv-peers/bin/python

Both step the same number of environments with random actions from a Python loop, with
autoreset, and every frame of every step is read by a second program. Ours is measured
before and after, and the slower half counts.
"""

import argparse
import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

import fps
from timing import write_json

TIME_LIMIT = 600  # seconds for one game of the peer, compilation included


def main(arguments: list[str] | None = None) -> None:
    """Prints one line per game and writes the JSON record."""
    options = parse(arguments)
    rows = []
    print(f"{'id':<20} {'peer':>8} {'ours':>9} {'ratio':>7} {'ours, 512':>10}")
    for env_id in options.ids:
        row = compare(env_id, options)
        rows.append(row)
        peer = "n/a" if row["peer"] is None else f"{row['peer']['median']:,.0f}"
        ratio = "n/a" if row["ratio"] is None else f"{row['ratio']:.0f}x"
        print(
            f"{env_id:<20} {peer:>8} {row['ours']['median']:>9,.0f} {ratio:>7} "
            f"{row['ours_512']['median']:>10,.0f}",
            flush=True,
        )
    if options.json:
        write_json(options.json, {"num_envs": options.num_envs, "rows": rows})


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("ids", nargs="*", default=["BreakoutEasy"])
    parser.add_argument("--peer-python", required=True, help="its interpreter")
    parser.add_argument("--num-envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def compare(env_id: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measures one id: ours, the peer, ours again; the slower half of ours counts."""
    before = measure_ours(env_id, options.num_envs, options)
    peer = measure_peer(env_id, options)
    after = measure_ours(env_id, options.num_envs, options)
    ours = min(before, after, key=lambda rate: rate["median"])
    return {
        "id": env_id,
        "peer": peer,
        "ours": ours,
        "ratio": peer and ours["median"] / peer["median"],
        "ours_512": measure_ours(env_id, 512, options),
    }


def measure_ours(
    env_id: str, num_envs: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Frames per second of the functional step, each frame read."""
    settings = fps.parse([env_id, "--num-envs", str(num_envs)])
    settings.steps, settings.repeats = 8 * options.steps, options.repeats
    row = fps.measure_game(env_id, False, settings)
    return row.step_read._asdict() | {"compile": row.compile_seconds}


def measure_peer(env_id: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Frames per second of the published package; None if it ran out of time."""
    script = Path(__file__).with_name("peer_popgym_arcade.py")
    command = [options.peer_python, str(script), env_id]
    numbers = [options.num_envs, options.steps, options.repeats]
    try:
        done = subprocess.run(
            [*command, *map(str, numbers)],
            capture_output=True,
            text=True,
            check=True,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"The peer failed on {env_id}:\n{error.stderr}") from error
    result = json.loads(done.stdout.splitlines()[-1])
    rates = result["rates"]
    return {
        "median": statistics.median(rates),
        "least": min(rates),
        "largest": max(rates),
        "compile": result["compile"],
        "shape": result["shape"],
    }


if __name__ == "__main__":
    main()
