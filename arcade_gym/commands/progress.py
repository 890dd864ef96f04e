"""How far a command is, on one line of stderr."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_SECONDS_PER_LINE = 0.1


def shown(items: Iterable[T], total: int, unit: str) -> Iterator[T]:
    """Passes items on and counts them: "120/201 frames, 35.1/s".

    A terminal gets a line that changes, a file one line at the end.

    Args:
        items: what is counted.
        total: how many there will be.
        unit: what they are.
    """
    is_live = sys.stderr.isatty()
    count, first, latest = 0, 0.0, 0.0  # times in seconds

    def show(end: str) -> None:
        rate = (count - 1) / max(time.monotonic() - first, 1e-9)  # without compiling
        start = "\r" if is_live else ""
        sys.stderr.write(f"{start}{count}/{total} {unit}, {rate:.1f}/s{end}")
        sys.stderr.flush()

    try:
        for item in items:
            count += 1
            first = first or time.monotonic()
            yield item
            if is_live and time.monotonic() - latest > _SECONDS_PER_LINE:
                latest = time.monotonic()
                show("")
    finally:
        if count:
            show("\n")
