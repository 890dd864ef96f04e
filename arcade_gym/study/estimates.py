"""How long a study will take: from cells that are done, or from a measured minute."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.session import Session

Kind = tuple[str, str]
"""What speed depends on most: memory and level."""


MEASURED, FINISHED = "measured", "finished cells"


class Speed(NamedTuple):
    """How fast cells of a kind go.

    Attributes:
        steps_per_second: of training.
        overhead: seconds of a cell that do not grow with its steps.
        source: `MEASURED` or `FINISHED`.
    """

    steps_per_second: float
    overhead: float
    source: str


def kind_of(config: RunConfig) -> Kind:
    """Memory and level of a cell."""
    return config.memory, config.env_id


def of_finished(cells: Sequence[RunConfig]) -> dict[Kind, Speed]:
    """Speeds of the kinds of which cells are done, everything included."""
    seconds: dict[Kind, list[float]] = {}
    for config in cells:
        directory = RunDirectory(config.folder)
        if directory.is_done:
            done = json.loads(directory.done.read_text())
            seconds.setdefault(kind_of(config), []).append(
                done["seconds"] / done["steps"]
            )
    return {
        kind: Speed(1 / statistics.mean(some), 0.0, FINISHED)
        for kind, some in seconds.items()
    }


def measure(
    cells: Sequence[RunConfig],
    known: Mapping[Kind, Speed],
    *,
    seconds: float,
    say: Callable[[str], None] = print,
) -> dict[Kind, Speed]:
    """Trains a little of one cell for each memory, until the time is up.

    At least one is measured. Nothing is written.

    Args:
        cells: that are to be estimated.
        known: is not measured again.
        seconds: after which no further memory is begun.
        say: takes a line for each measurement.
    """
    started = time.perf_counter()
    found: dict[Kind, Speed] = {}
    done = {memory for memory, _ in known}
    for config in cells:
        if config.memory in done:
            continue
        if found and time.perf_counter() - started > seconds:
            break
        done.add(config.memory)
        speed = found[kind_of(config)] = _speed(config, seconds)
        say(
            f"measured {config.memory} on {config.env_id}: "
            f"{speed.steps_per_second:,.0f} steps/s after {speed.overhead:.0f} s"
        )
    return found


def total_seconds(
    cells: Sequence[RunConfig], speeds: Mapping[Kind, Speed]
) -> float | None:
    """Time of all cells, one after another; None where nothing is known.

    A kind that was not seen is taken to be as fast as its memory on another level, and
    a memory that was not seen as fast as the slowest one.
    """
    if not speeds:
        return None
    total = 0.0
    for config in cells:
        speed = _nearest(config, speeds)
        total += speed.overhead + config.total_rows / speed.steps_per_second
    return total


def _nearest(config: RunConfig, speeds: Mapping[Kind, Speed]) -> Speed:
    kind = kind_of(config)
    if kind in speeds:
        return speeds[kind]
    same = [speed for (memory, _), speed in speeds.items() if memory == config.memory]
    return min(same or speeds.values(), key=lambda speed: speed.steps_per_second)


def _speed(config: RunConfig, seconds: float) -> Speed:
    """Compiles, and trains for a quarter of the time, in chunks of one update."""
    one = replace(config, chunk_steps=config.hyper_parameters.rows_per_iteration)
    began = time.perf_counter()
    session = Session(one, None)
    session.begin()
    session.advance()
    overhead = time.perf_counter() - began
    began, rows = time.perf_counter(), session.rows
    while session.rows == rows or time.perf_counter() - began < seconds / 4:
        if session.is_over:
            break
        session.advance()
    spent = time.perf_counter() - began
    if session.rows == rows:  # the run is a single update
        return Speed(rows / overhead, 0.0, MEASURED)
    return Speed((session.rows - rows) / spent, overhead, MEASURED)
