"""Gray frames beside colors: the same steps, drawn both ways, in turn.

A gray frame has a third of the bytes of a color frame, so that a step limited by memory
may make three times as many. What is not drawing stays as it is.

    python benchmarks/gray.py
    python benchmarks/gray.py Breakout Tetris --sizes 84 --json gray.json
"""

import argparse
import statistics
from pathlib import Path
from typing import NamedTuple

import fps
from timing import Rate, write_json

from jax_core import registry


class Row(NamedTuple):
    """One game at one size, in the full view; rates in frames per second."""

    game: str
    size: int
    color: Rate
    color_read: Rate  # a second program reads each frame
    gray: Rate
    gray_read: Rate
    fill: Rate  # memory of gray frames filled with one value

    @property
    def ratio(self) -> float:
        """How many gray frames are made in the time of one in color."""
        return self.gray.median / self.color.median


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measures the games that the command line names and prints a table."""
    options = parse(arguments)
    print(f"{options.num_envs} environments, full view; frames/s of whole steps")
    print(
        f"{'game':<14} {'px':>4} {'color':>9} {'+read':>9} {'gray':>9} {'+read':>9} "
        f"{'fill':>9} {'ratio':>6}"
    )
    rows = []
    for size in options.sizes:
        for game in options.games or sorted(registry.games):
            rows.append(measure(game, size, options))
            print_row(rows[-1])
        ratios = [row.ratio for row in rows if row.size == size]
        print(f"{size} px: median ratio {statistics.median(ratios):.2f}")
    if options.json:
        settings = {
            k: v for k, v in vars(options).items() if k not in ("json", "games")
        }
        record = [
            {
                k: v._asdict() if isinstance(v, Rate) else v
                for k, v in row._asdict().items()
            }
            | {"ratio": row.ratio}
            for row in rows
        ]
        write_json(options.json, {"settings": settings, "rows": record})
    return rows


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Gray frames beside colors, in turn.")
    parser.add_argument("games", nargs="*", help="games; all if none")
    parser.add_argument("--sizes", type=int, nargs="+", default=[84, 128])
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=4, help="steps in a repeat")
    parser.add_argument("--repeats", type=int, default=11)
    fps.add_queued(parser)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    for game in options.games:
        if game not in registry.games:
            parser.error(registry.unknown("game", game, tuple(registry.games)))
    return options


def measure(game: str, size: int, options: argparse.Namespace) -> Row:
    """Measures one game, all ways in every repeat."""
    color, gray = (
        fps.functional(
            game, False, argparse.Namespace(**settings(size, number, options))
        )
        for number in (3, 1)
    )
    works = [
        (color.step, fps.unread),
        (color.step, color.consume),
        (gray.step, fps.unread),
        (gray.step, gray.consume),
        (gray.fill, fps.unread),
    ]
    return Row(game, size, *fps.measure_loops(works, options))


def settings(size: int, channels: int, options: argparse.Namespace) -> dict[str, int]:
    """What `fps.functional` reads of its command line."""
    return {
        "obs_size": size,
        "channels": channels,
        "num_envs": options.num_envs,
        "steps": options.steps,
    }


def print_row(row: Row) -> None:
    """Prints one line of the table."""
    rates = (row.color, row.color_read, row.gray, row.gray_read, row.fill)
    print(
        f"{row.game:<14} {row.size:>4} "
        + " ".join(f"{rate.median:>9,.0f}" for rate in rates)
        + f" {row.ratio:>6.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
