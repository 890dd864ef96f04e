"""Runs a peer's script with the peer's interpreter and gathers what it printed."""

import json
import os
import signal
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

TIME_LIMIT = 1800  # seconds for one game or case: 600 for each of three compilations


def measure(python: str, script: str, *arguments: object) -> dict[str, Any]:
    """Every way of stepping that the script reported in time, and what went wrong.

    Returns:
        `ways`: by name, the median, least and largest rate and all else it reported;
        `best`: the fastest of them, which counts; None if there is none;
        `error`: None, "n/a: ..." past the time limit, or "failed: ...".
    """
    process = start(python, script, *arguments)
    error = None
    try:
        out, err = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        error = f"n/a: not finished after {TIME_LIMIT} s"
        end(process)
        out, err = process.communicate()
    if error is None and process.returncode:
        error = f"failed: {reason(err, process.returncode)}"
    ways = _read_ways(out)
    if error is None and not ways:
        error = "failed: it printed no measurement"
    best = max(ways.values(), key=lambda way: way["median"], default=None)
    return {"ways": ways, "best": best and best["way"], "error": error}


def start(
    python: str,
    script: str,
    *arguments: object,
    out: IO[bytes] | int = subprocess.PIPE,
    err: IO[bytes] | int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Starts a script of this folder, in a group of its own with its children."""
    path = Path(__file__).with_name(script)
    return subprocess.Popen(
        [python, str(path), *map(str, arguments)],
        stdout=out,
        stderr=err,
        # Or notes of JAX would stand behind the reason of a failure.
        env=os.environ | {"JAX_TRACEBACK_FILTERING": "off"},
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Kills a script and its children."""
    os.killpg(process.pid, signal.SIGKILL)


def reason(err: str, code: int | None) -> str:
    """Why a script failed: the last line of its errors, or else how it ended."""
    return (err.strip().splitlines() or [f"exit status {code}"])[-1]


def records(out: str) -> Iterator[dict[str, Any]]:
    """The lines of JSON among those that the packages print."""
    for line in out.splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


def _read_ways(out: str) -> dict[str, dict[str, Any]]:
    ways = {}
    for way in records(out):
        rates = way["rates"]
        summary = {
            "median": statistics.median(rates),
            "least": min(rates),
            "largest": max(rates),
        }
        ways[way["way"]] = summary | way
    return ways
