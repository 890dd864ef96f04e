"""Ctrl-C and SIGTERM: the first one asks, the second one ends."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


STOPPING = "\nStopping after this chunk; once more stops at once.\n"


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, and has saved all that it needs to go on."""


class Interrupts:
    """Remembers that somebody wants the run to stop, while a `with` block is entered.

    Outside the main thread, where Python delivers no signals, nothing is changed.

    Attributes:
        requested: whether a signal came.
    """

    def __init__(self) -> None:
        """Listens to nothing yet."""
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        """Begins to listen."""
        if threading.current_thread() is threading.main_thread():
            self._before = {n: signal.signal(n, self._remember) for n in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives the signals back."""
        self._stop_listening()

    def _remember(self, number: int, frame: FrameType | None) -> None:
        del number, frame  # both signals mean the same
        self.requested = True
        self._stop_listening()  # the next one acts as if we were not here
        sys.stderr.write(STOPPING)

    def _stop_listening(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
