"""One run on many devices and in many processes (`jax.distributed`).

Every process runs the same program on its own devices. Only the first one, the main
process, evaluates and writes files; what it decides is told to the others.
"""

from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding

from arcade_gym.baselines.collective import AXIS
from arcade_gym.baselines.state import TrainState, layout


def is_main() -> bool:
    """Whether this process writes the files."""
    return jax.process_index() == 0


def all_devices(devices: int) -> Mesh:
    """The first devices of every process, in the order of the processes.

    Raises:
        ValueError: a process has fewer.
    """
    by_process: dict[int, list[Any]] = {}
    for device in jax.devices():
        by_process.setdefault(device.process_index, []).append(device)
    fewest = min(map(len, by_process.values()))
    if not 1 <= devices <= fewest:
        raise ValueError(
            f"devices must be from 1 to {fewest}, the number that JAX has "
            f"({', '.join(map(str, jax.local_devices()[:8]))}), got {devices}"
        )
    chosen = [by_process[index][:devices] for index in sorted(by_process)]
    return Mesh(np.array(chosen).ravel(), (AXIS,))


def any_says(flag: bool) -> bool:
    """Whether it is true in any process."""
    if jax.process_count() == 1:
        return flag
    return bool(np.any(multihost_utils.process_allgather(np.array(flag))))


def main_says(*flags: bool) -> tuple[bool, ...]:
    """The flags of the main process, in every process."""
    if jax.process_count() == 1:
        return flags
    told = multihost_utils.broadcast_one_to_all(np.array(flags))
    return tuple(bool(flag) for flag in told)


def gather(tree: Any) -> Any:
    """Arrays of all processes as NumPy arrays; every process must call it."""

    def whole(leaf: Any) -> Any:
        if not isinstance(leaf, jax.Array):
            return leaf
        if leaf.is_fully_addressable:
            return np.asarray(leaf)
        return multihost_utils.process_allgather(leaf, tiled=True)

    return jax.tree.map(whole, tree)


def spread(state: TrainState, mesh: Mesh) -> TrainState:
    """Lays a state that every process holds as a whole over the devices of all."""

    def place(spec: Any, part: Any) -> Any:
        sharding = NamedSharding(mesh, spec)
        return jax.tree.map(lambda leaf: _placed(leaf, sharding), part)

    plan = layout()
    return jax.tree.map(
        place, plan, state, is_leaf=lambda x: isinstance(x, jax.sharding.PartitionSpec)
    )


def _placed(leaf: Any, sharding: NamedSharding) -> Any:
    if not isinstance(leaf, jax.Array | np.ndarray):
        return leaf
    content = np.asarray(leaf)
    return jax.make_array_from_callback(
        content.shape, sharding, lambda index: content[index]
    )
