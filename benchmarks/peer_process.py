"""Runs a peer's script with the peer's interpreter and gathers what it measured."""

import json
import os
import signal
import statistics
import subprocess
from pathlib import Path
from typing import Any

TIME_LIMIT = 1800  # seconds for one game or case: 600 for each of three compilations


def measure(python: str, script: str, *arguments: object) -> dict[str, Any]:
    """Every way of stepping that the script reported in time, and what went wrong.

    Returns:
        `ways`: by name, the median, least and largest rate and all else it reported;
        `best`: the fastest of them, which counts; None if there is none;
        `error`: None, "n/a: ..." past the time limit, or "failed: ...".
    """
    path = Path(__file__).with_name(script)
    process = subprocess.Popen(
        [python, str(path), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that its children can be ended with it
    )
    error = None
    try:
        out, err = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        error = f"n/a: not finished after {TIME_LIMIT} s"
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    if error is None and process.returncode:
        last = err.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        error = f"failed: {last[0]}"
    ways = _read_ways(out)
    if error is None and not ways:
        error = "failed: it printed no measurement"
    best = max(ways.values(), key=lambda way: way["median"], default=None)
    return {"ways": ways, "best": best and best["way"], "error": error}


def _read_ways(out: str) -> dict[str, dict[str, Any]]:
    """The lines of JSON among those that the packages print."""
    ways = {}
    for line in out.splitlines():
        if line.startswith("{") and line.endswith("}"):
            way = json.loads(line)
            rates = way["rates"]
            summary = {
                "median": statistics.median(rates),
                "least": min(rates),
                "largest": max(rates),
            }
            ways[way["way"]] = summary | way
    return ways
