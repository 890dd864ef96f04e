"""One cell of a study: a run that is begun, gone on with, or found to be done."""

import contextlib
import os
import socket
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax

from arcade_gym.baselines import Interrupted, RunConfig, train
from arcade_gym.baselines.runs.run_directory import FolderBusyError

CACHE_SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
)
"""Of the compilation cache, which the processes that train share with this one."""

DONE, FAILED, BUSY, STOPPED = "done", "failed", "busy", "stopped"


class Outcome(NamedTuple):
    """How a cell ended for now.

    Attributes:
        status: "done"; "failed"; "busy": another process has it; "stopped": it was
            asked to stop and can go on.
        text: what is to be said about it, on one line.
    """

    status: str
    text: str


def carry_out(config: RunConfig, log: Path) -> Outcome:
    """Trains a cell in this process, or goes on with it; a done one is left alone.

    Args:
        config: resolved; its folder is the cell's.
        log: takes all that is said on stderr, after a line that says who is at work.
    """
    _forget_other_programs(config)
    try:
        with said_in(log):
            return _train(config)
    except OSError as error:  # the log cannot be written
        return Outcome(FAILED, _line(error))


def _train(config: RunConfig) -> Outcome:
    try:
        report = train(config, resume=True)
    except FolderBusyError as error:
        return Outcome(BUSY, str(error))
    except Interrupted as stop:
        return Outcome(STOPPED, str(stop))
    except Exception as error:  # whatever it is: the other cells go on
        traceback.print_exc()
        return Outcome(FAILED, _line(error))
    return Outcome(DONE, f"return {report.mean():.3f} in {report.seconds:,.0f} s")


@contextlib.contextmanager
def said_in(log: Path) -> Iterator[None]:
    """Sends stderr to a file, also what compilers and the system say."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1) as file:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(f"{now} process {os.getpid()} on {socket.gethostname()}\n")
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stderr(file):
                yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def cache_settings() -> dict[str, Any]:
    """How this process keeps what it compiles."""
    return {name: getattr(jax.config, name) for name in CACHE_SETTINGS}


def last_line(log: Path) -> str:
    """The last line of a log that says anything; "" without one."""
    if not log.is_file():
        return ""
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _line(error: Exception) -> str:
    lines = str(error).split("\n")
    return f"{type(error).__name__}: {lines[0]}"


@cache
def _seen() -> list[tuple[str, ...]]:
    return []


def _forget_other_programs(config: RunConfig) -> None:
    """Programs of cells that differ in more than the seed would only fill memory."""
    kind = (config.env_id, config.view, config.algorithm, config.memory)
    if _seen() and _seen()[-1] != kind:
        jax.clear_caches()
        _seen().clear()
    _seen().append(kind)
