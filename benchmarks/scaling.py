"""How the cost of a frame grows with the number of environments and with their pixels.

Whole steps of the functional interface, written into the memory of the frames before,
beside a fill of the same memory in the same run. Draws a picture of both curves.

    python benchmarks/scaling.py --json benchmarks/results/scaling_cpu.json \
        --plot docs/scaling.png
"""

import argparse
from pathlib import Path
from typing import Any

import fps
from timing import Rate, write_json

from jax_core import registry

LANES = (64, 512, 2048, 4096, 8192, 16384)
PIXELS = (64, 96, 128, 192, 256)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Measures both curves of every game, prints them and draws them."""
    parser = argparse.ArgumentParser(description="Cost of a frame by lanes and pixels.")
    parser.add_argument("games", nargs="*", default=sorted(registry.games))
    parser.add_argument("--lanes", type=int, nargs="+", default=list(LANES))
    parser.add_argument("--pixels", type=int, nargs="+", default=list(PIXELS))
    parser.add_argument("--base-lanes", type=int, default=512, help="of all sizes")
    parser.add_argument("--frames", type=int, default=16384, help="in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    fps.add_queued(parser)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--plot", type=Path, help="draw the curves (needs matplotlib)")
    options = parser.parse_args(arguments)
    print(f"{'game':<14} {'lanes':>6} {'pixels':>6} {'frames/s':>10} {'of fill':>8}")
    points = [(lanes, 128) for lanes in sorted({*options.lanes, options.base_lanes})]
    points += [(options.base_lanes, size) for size in options.pixels if size != 128]
    rows = [row for point in points for row in measure_point(*point, options)]
    record = {"rows": rows}
    for game in options.games:
        print(growth([row for row in rows if row["game"] == game], options))
    if options.plot:
        plot(rows, options)
    if options.json:
        write_json(options.json, record)
    return record


def measure_point(
    lanes: int, pixels: int, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Measures all games at one number of environments and one size."""
    settings = argparse.Namespace(
        channels=3,
        num_envs=lanes,
        obs_size=pixels,
        steps=max(2, options.frames // lanes),
        repeats=options.repeats,
        queued=options.queued,
        backend="functional",
    )
    rows = []
    for game in options.games:
        rate, fill = fps.measure_step(game, settings)
        rows.append(as_row(game, lanes, pixels, rate, fill))
        print(
            f"{game:<14} {lanes:>6} {pixels:>6} {rate.median:>10,.0f} "
            f"{rate.median / fill.median:>8.0%}",
            flush=True,
        )
    return rows


def as_row(
    game: str, lanes: int, pixels: int, rate: Rate, fill: Rate
) -> dict[str, Any]:
    """One measurement as plain data."""
    return {
        "game": game,
        "num_envs": lanes,
        "obs_size": pixels,
        "step": rate._asdict(),
        "fill": fill._asdict(),
        "nanoseconds_per_pixel": 1e9 / rate.median / pixels**2,
    }


def growth(rows: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """What a frame of one game costs at most lanes and pixels, beside at fewest.

    Lanes are compared from `--base-lanes` on: with fewer, calls cost more than frames.
    """

    def cost(lanes: int, pixels: int) -> float:
        point = lanes, pixels
        [row] = [row for row in rows if (row["num_envs"], row["obs_size"]) == point]
        return 1 / row["step"]["median"]

    base, most = options.base_lanes, max(options.lanes)
    small, large = min(options.pixels), max(options.pixels)
    return (
        f"{rows[0]['game']:<14} a frame costs {cost(most, 128) / cost(base, 128):.2f} "
        f"times as much at {most} lanes as at {base}, "
        f"{cost(base, large) / cost(base, small):.1f} times at {large} px as at {small}"
        f" px ({(large / small) ** 2:.0f} times the pixels)"
    )


def plot(rows: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Draws frames per second over lanes, and time per frame over pixels."""
    import matplotlib  # noqa: PLC0415  # optional, for the picture only

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415  # as above

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), dpi=110)
    for game in options.games:
        mine = [row for row in rows if row["game"] == game]
        by_lanes = [row for row in mine if row["obs_size"] == 128]
        lanes = [row["num_envs"] for row in by_lanes]
        left.plot(lanes, [_thousands(row) for row in by_lanes], "o-", label=game)
        by_size = sorted(
            (row for row in mine if row["num_envs"] == options.base_lanes),
            key=lambda row: row["obs_size"],
        )
        squares = [row["obs_size"] ** 2 / 1e3 for row in by_size]
        right.plot(
            squares, [1e3 / _thousands(row) for row in by_size], "o-", label=game
        )
    left.set(xscale="log", xlabel="environments", ylabel="thousand frames/s", ylim=0)
    left.set_title("128 px")
    right.set(xlabel="thousand pixels", ylabel="microseconds per frame", ylim=0, xlim=0)
    right.set_title(f"{options.base_lanes} environments")
    left.legend(ncol=2, fontsize="x-small")
    figure.tight_layout()
    figure.savefig(options.plot)
    print(f"Wrote {options.plot}")


def _thousands(row: dict[str, Any]) -> float:
    return row["step"]["median"] / 1e3


if __name__ == "__main__":
    main()
