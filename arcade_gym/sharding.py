"""Where lanes live: one device, several devices of one process, several processes.

Several devices: `ArcadeVectorEnv(devices=...)` cuts the lanes into equal runs, one for
each device, and no device ever waits for another.

Several processes (one for each GPU, started by torchrun, or one for each host, joined
by `jax.distributed`): each makes an environment of its own lanes on its own devices and
resets it with `process_seed(seed, num_envs)`. Process r of R then plays lanes
r * num_envs up to (r + 1) * num_envs of one environment of R * num_envs lanes with that
seed, bit for bit. `jax.make_array_from_process_local_data` makes global arrays of what
the processes hold, where a learner wants them.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from arcade_gym import interop
from arcade_gym.arguments import MAX_SEED
from arcade_gym.kernel import AXIS

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Placement:
    """The devices that share the lanes, in the order of the lanes."""

    devices: tuple[Any, ...]  # of jax.Device

    @property
    def platform(self) -> str:
        """The platform of all devices: "cpu", "gpu" or "tpu"."""
        return self.devices[0].platform

    @property
    def is_spread(self) -> bool:
        """Whether there is more than one device."""
        return len(self.devices) > 1

    @property
    def mesh(self) -> jax.sharding.Mesh | None:
        """The devices as a mesh of one axis, or None if there is one device only."""
        if not self.is_spread:
            return None
        return jax.sharding.Mesh(np.array(self.devices), (AXIS,))

    @property
    def sharding(self) -> jax.sharding.Sharding:
        """How arrays with the lanes as their first axis lie on the devices."""
        if self.mesh is None:
            return jax.sharding.SingleDeviceSharding(self.devices[0])
        return jax.sharding.NamedSharding(self.mesh, jax.sharding.PartitionSpec(AXIS))


def process_seed(seed: int, num_envs: int, process: int | None = None) -> int:
    """Seed of this process's first lane, so that seeds are global.

    Args:
        seed: of the first lane of the first process.
        num_envs: number of lanes of every process.
        process: index of this process; None asks torchrun (the variable RANK) and then
            `jax.process_index()`.

    Returns:
        seed + process * num_envs, for `reset(seed=...)`.

    Raises:
        ValueError: a negative argument, or seeds beyond `arguments.MAX_SEED`.
    """
    if process is None:
        rank = os.environ.get("RANK")
        process = jax.process_index() if rank is None else int(rank)
    for name, value, least in (
        ("seed", seed, 0),
        ("num_envs", num_envs, 1),
        ("process", process, 0),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    first = seed + process * num_envs
    last = first + num_envs - 1
    if last > MAX_SEED:
        raise ValueError(
            f"seed must leave room for {num_envs} lanes of process {process}: the last "
            f"one would have the seed {last}, and the largest is {MAX_SEED}; use a "
            "smaller seed"
        )
    return first


def shards_to_torch(array: jax.Array) -> tuple["torch.Tensor", ...]:
    """Shares the part on every device with PyTorch, in the order of the lanes."""
    shards = sorted(
        array.addressable_shards, key=lambda shard: shard.index[0].start or 0
    )
    return tuple(interop.to_torch(shard.data) for shard in shards)


def join_shards(
    parts: Sequence[jax.Array], sharding: jax.sharding.NamedSharding
) -> jax.Array:
    """Makes one array of the parts on every device, without copying between devices.

    Args:
        parts: [num_envs / devices] each, on its device, in the order of the lanes.
        sharding: of the result.

    Returns:
        An array [num_envs], spread over the devices.
    """
    devices = np.asarray(sharding.mesh.devices).flat
    placed = [jax.device_put(p, d) for p, d in zip(parts, devices, strict=True)]
    length = sum(len(part) for part in placed)
    return jax.make_array_from_single_device_arrays((length,), sharding, placed)
