"""Timing and reporting shared by the benchmarks."""

import datetime
import importlib.metadata
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax


class Rate(NamedTuple):
    """Items per second over several repeats."""

    median: float
    least: float
    largest: float

    @property
    def spread(self) -> float:
        """Largest over least."""
        return self.largest / self.least


def measure(work: Callable[[], Any], items: int, repeats: int) -> Rate:
    """Times `work`, which handles `items` items and waits for the device.

    One more call before the first measured one warms up.
    """
    return measure_in_turn([work], items, repeats)[0]


def measure_in_turn(
    works: Sequence[Callable[[], Any]], items: int, repeats: int
) -> list[Rate]:
    """Times several works, all of them in every repeat.

    A shared host is faster at some times than at others. Taking turns, all works meet
    the same of it, so that their ratios hold.
    """
    for work in works:
        work()
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, measured in zip(works, rates, strict=True):
            start = time.perf_counter()
            work()
            measured.append(items / (time.perf_counter() - start))
    return [Rate(statistics.median(r), min(r), max(r)) for r in rates]


def wait(arrays: Any) -> None:
    """Waits until arrays or tensors are written.

    JAX passes over PyTorch's tensors, whose stream it does not know.
    """
    if getattr(arrays, "is_cuda", False):
        import torch  # noqa: PLC0415  # only this backend needs it

        torch.cuda.synchronize(arrays.device)
    jax.block_until_ready(arrays)


def machine() -> dict[str, Any]:
    """Where and with what a benchmark ran."""
    device = jax.devices()[0]
    names = ("jax", "jaxlib", "numpy", "gymnasium", "torch", "arcade-gym")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "device": f"{device.platform}: {device.device_kind}",
        "cpu": _cpu_name(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in names},
        "commit": _commit(),
    }


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Writes a result beside what it was measured with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(machine() | record, indent=2) + "\n")
    print(f"Wrote {path}")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


def _commit() -> str | None:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip() or None
