"""The devices on which lanes live, and arrays that are spread over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from arcade_gym import interop
from arcade_gym.lanes.kernel import AXIS

if TYPE_CHECKING:
    import torch

    from arcade_gym.lanes.cuda import CudaSharing


PINNED_HOST = "pinned_host"
"""JAX's name for host memory that devices write to by themselves."""


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

    @property
    def has_pinned_host(self) -> bool:
        """Whether there is host memory that the devices write to by themselves."""
        memories = self.devices[0].addressable_memories()
        return PINNED_HOST in {memory.kind for memory in memories}

    @cached_property
    def cuda(self) -> "CudaSharing | None":
        """What shares arrays with PyTorch where all lanes are on one GPU."""
        if self.platform != "gpu" or self.is_spread:
            return None
        from arcade_gym.lanes.cuda import CudaSharing  # noqa: PLC0415  # needs PyTorch

        return CudaSharing(self.devices[0].local_hardware_id)


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
        parts: [num_envs / devices, ...] each, on its device, in the order of the lanes.
        sharding: of the result.

    Returns:
        An array [num_envs, ...], spread over the devices.
    """
    devices = np.asarray(sharding.mesh.devices).flat
    placed = [jax.device_put(p, d) for p, d in zip(parts, devices, strict=True)]
    length = sum(len(part) for part in placed)
    shape = length, *placed[0].shape[1:]
    return jax.make_array_from_single_device_arrays(shape, sharding, placed)
