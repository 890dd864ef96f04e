"""Refuses a run whose state has no room in memory or on the disk, before it begins."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import jax

from arcade_gym.baselines.runs import checkpoint

MIB, GIB = 2**20, 2**30


class NoRoomError(ValueError):
    """A run that needs more memory or disk than there is."""


def check(state: Any, folder: Path, devices: int = 1) -> None:
    """Compares the state of a run with what is free.

    Args:
        state: the arrays of all lanes; they may be `jax.ShapeDtypeStruct`.
        folder: where checkpoints are going to be written; need not exist yet.
        devices: that share the lanes.

    Raises:
        NoRoomError: there is no room; the message has both sizes and the way out.
    """
    needed = checkpoint.nbytes(state)
    memory = free_memory()
    # CPU devices share the memory of the process.
    share = 1 if jax.default_backend() == "cpu" else devices
    if memory is not None and needed / share > memory:
        raise NoRoomError(
            f"the state of the run{_replay(state)} takes {_size(needed / share)}, and "
            f"{_size(memory)} of memory are free; use fewer lanes, smaller frames or a "
            "smaller replay (--num-envs, --obs-size, --replay-rows)"
        )
    disk = shutil.disk_usage(_existing(folder)).free
    # The old checkpoint stays until the new one is whole.
    if 2 * needed > disk:
        raise NoRoomError(
            f"checkpoints of the run{_replay(state)} take {_size(needed)}, two of them "
            f"for a moment, and {_size(disk)} are free in {folder}; choose another "
            "folder (--out), fewer lanes, smaller frames or a smaller replay "
            "(--num-envs, --obs-size, --replay-rows)"
        )


def free_memory() -> int | None:
    """Bytes that the first device still has, or None where that cannot be known."""
    statistics = jax.local_devices()[0].memory_stats()
    if statistics and "bytes_limit" in statistics:
        return statistics["bytes_limit"] - statistics.get("bytes_in_use", 0)
    sizes = [size for size in (_free_in_machine(), _free_in_container()) if size]
    return min(sizes, default=None)


def _free_in_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError):  # only Linux has this file
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
    return None


def _free_in_container() -> int | None:
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        statistics = (group / "memory.stat").read_text().split()
        # Cached files count as used, but give way.
        cached = int(statistics[statistics.index("inactive_file") + 1])
        return limit - used + cached
    return None


def _replay(state: Any) -> str:
    size = checkpoint.nbytes(getattr(state, "store", None))
    return f" with a replay of {_size(size)}" if size else ""


def _size(num_bytes: int | float) -> str:
    if num_bytes < GIB / 10:
        return f"{num_bytes / MIB:.2f} MiB"
    return f"{num_bytes / GIB:,.2f} GiB"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
