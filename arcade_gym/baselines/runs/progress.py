"""How far a run is: one line that is refreshed, or plain lines in a log file."""

import math
import sys
import time
from typing import Any

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0  # where stderr is no terminal


def progress(rows: int, total_rows: int, title: str) -> "Bar | Lines":
    """A bar where a person can see it, lines elsewhere."""
    kind = Bar if sys.stderr.isatty() else Lines
    return kind(rows, total_rows, title, sys.stderr)


class Bar:
    """The bar of tqdm: percent, steps, steps/s, return, time left."""

    def __init__(self, rows: int, total_rows: int, title: str, out: Any) -> None:
        """Starts at `rows` of `total_rows`."""
        self._bar: Any = tqdm(
            desc=title,
            total=total_rows,
            initial=rows,
            unit=" steps",
            unit_scale=True,
            dynamic_ncols=True,
            file=out,
        )

    def advance(self, rows: int, mean_return: float) -> None:
        """Moves to `rows` with the mean return of the last episodes; nan is none."""
        self._bar.set_postfix_str(_return(mean_return), refresh=False)
        self._bar.update(rows - self._bar.n)

    def say(self, text: str) -> None:
        """Prints a line above the bar."""
        self._bar.write(text, file=self._bar.fp)

    def close(self) -> None:
        """Leaves the bar as it is."""
        self._bar.close()


class Lines:
    """A line every ten seconds, and one at the end."""

    def __init__(self, rows: int, total_rows: int, title: str, out: Any) -> None:
        """Starts at `rows` of `total_rows`."""
        self._total = total_rows
        self._title = title
        self._out = out
        self._first_rows = rows
        self._started = self._said = time.perf_counter()
        self._unsaid = ""

    def advance(self, rows: int, mean_return: float) -> None:
        """Moves to `rows` with the mean return of the last episodes; nan is none."""
        now = time.perf_counter()
        speed = (rows - self._first_rows) / max(now - self._started, 1e-9)
        left = (self._total - rows) / max(speed, 1e-9)
        self._unsaid = (
            f"{rows:,} steps ({rows / self._total:.0%})  {speed:,.0f} steps/s  "
            f"{_return(mean_return)}  {tqdm.format_interval(left)} left"
        )
        if now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            self._say_it()

    def say(self, text: str) -> None:
        """Prints a line."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def close(self) -> None:
        """Prints where the run stands, unless that was the last line."""
        self._say_it()

    def _say_it(self) -> None:
        if self._unsaid:
            self.say(f"{self._title}: {self._unsaid}")
        self._unsaid = ""


def _return(mean_return: float) -> str:
    known = math.isfinite(mean_return)
    return f"return {mean_return:.3f}" if known else "return -"
