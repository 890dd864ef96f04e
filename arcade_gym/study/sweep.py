"""Runs what is left of a grid, once, and says how it goes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arcade_gym.baselines.config import RunConfig
from arcade_gym.study.cells import BUSY, DONE, FAILED, STOPPED, Outcome
from arcade_gym.study.folder import StudyFolder, is_done

Execute = Callable[[Sequence[RunConfig]], Iterable[tuple[RunConfig, Outcome]]]
"""Trains cells, in any order, and gives each with its outcome once it ended."""


@dataclass
class Tally:
    """The cells of a grid by what has come of them."""

    done: list[RunConfig] = field(default_factory=list)
    failed: list[tuple[RunConfig, str]] = field(default_factory=list)
    busy: list[RunConfig] = field(default_factory=list)
    stopped: bool = False


def one_by_one(train: Callable[[RunConfig], Outcome]) -> Execute:
    """Trains cells in their order; stops when one was stopped."""

    def execute(cells: Sequence[RunConfig]) -> Iterator[tuple[RunConfig, Outcome]]:
        for config in cells:
            outcome = train(config)
            yield config, outcome
            if outcome.status == STOPPED:
                return

    return execute


def sweep(
    folder: StudyFolder,
    cells: Sequence[RunConfig],
    execute: Execute,
    *,
    retry_failed: bool = False,
    say: Callable[[str], None] = print,
) -> Tally:
    """Trains the cells that are not done.

    Cells at which another process is at work are looked at again at the end, as long
    as that brings something forward.

    Args:
        folder: of the study.
        cells: resolved.
        execute: trains.
        retry_failed: tries again what failed earlier.
        say: takes a line for every cell that ends.
    """
    tally, left = Tally(), []
    for config in cells:
        reason = folder.failed(config)
        if is_done(config):
            tally.done.append(config)
        elif reason is not None and not retry_failed:
            tally.failed.append((config, reason))
        else:
            folder.forgive(config)
            left.append(config)
    say(
        f"{len(cells)} cells: {len(tally.done)} done, {len(tally.failed)} failed "
        f"earlier, {len(left)} to do"
    )
    clock = _Clock(len(cells), left)
    while left and not tally.stopped:
        busy = []
        for config, outcome in execute(left):
            _count(folder, tally, config, outcome)
            if outcome.status == BUSY:
                busy.append(config)
            say(clock.line(config, outcome))
        if len(busy) == len(left):
            tally.busy = busy
            break
        left = busy
    return tally


def _count(
    folder: StudyFolder, tally: Tally, config: RunConfig, outcome: Outcome
) -> None:
    if outcome.status == DONE:
        tally.done.append(config)
    elif outcome.status == FAILED:
        tally.failed.append((config, outcome.text))
    elif outcome.status == STOPPED:
        tally.stopped = True
    if outcome.status in (DONE, FAILED):
        folder.note(config, outcome)


class _Clock:
    """Numbers the lines, and says how long the rest will take."""

    def __init__(self, count: int, left: Sequence[RunConfig]) -> None:
        self._count = count
        self._ended = count - len(left)
        self._steps_left = self._steps = sum(config.total_rows for config in left)
        self._started = time.perf_counter()

    def line(self, config: RunConfig, outcome: Outcome) -> str:
        said = f"{config.folder.name}: {outcome.status}, {outcome.text}"
        if outcome.status not in (DONE, FAILED):
            return said
        self._ended += 1
        self._steps_left -= config.total_rows
        if outcome.status == FAILED:  # its steps were not made
            self._steps -= config.total_rows
        return f"[{self._ended}/{self._count}] {said}{self._rest()}"

    def _rest(self) -> str:
        done = self._steps - self._steps_left
        if not self._steps_left or not done:
            return ""
        spent = time.perf_counter() - self._started
        return f"; about {in_words(spent / done * self._steps_left)} left"


def in_words(seconds: float) -> str:
    """A time that is known roughly: "40 s", "12 min", "3.4 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
