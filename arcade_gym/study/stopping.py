"""Ctrl-C and SIGTERM of a study: passed on to whoever trains, and the study ends."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from arcade_gym.baselines.runs.interrupts import SIGNALS, STOPPING


@contextlib.contextmanager
def passing_on(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` for every signal that asks to end; for the main thread only."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame  # both signals mean the same
        sys.stderr.write(STOPPING)
        stop()

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
