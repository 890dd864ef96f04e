"""Frame buffers that are written again once nobody can see them any more.

On a CPU every fresh output of hundreds of megabytes is paid for with page faults, which
cost several times as much as drawing. So the environment lends its frames, asks later
whether a view of them is still alive, and donates the forgotten ones to the next step.
Accelerators reuse memory by themselves and need none of this.
"""

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import lax

from arcade_gym import interop

if TYPE_CHECKING:
    import torch

IsForgotten = Callable[[], bool]
"""Tells whether the last view of some lent frames is gone."""

KEPT_FREE = 2  # a loop holds one batch of frames while it receives the next
MOST_LENT = 8  # batches held longer than this many steps belong to their holder


class FrameMemory:
    """Batches of frames on one CPU device.

    Frames are handed out as tensors or NumPy arrays only, because the holders of their
    memory can be counted. Those of a JAX array cannot: two arrays may share a buffer
    without knowing of each other.
    """

    def __init__(self, shape: tuple[int, ...], device: Any) -> None:
        """Prepares for frames of one shape; takes no memory yet."""
        self._lent: list[tuple[jax.Array, IsForgotten]] = []
        self._free: list[jax.Array] = []
        self._new = _maker(tuple(shape), device)

    def take(self) -> jax.Array:
        """Gives a buffer to write into, to be donated; its bytes mean nothing."""
        still_lent = []
        for frames, is_forgotten in self._lent:
            if is_forgotten():
                self._free.append(frames)
            else:
                still_lent.append((frames, is_forgotten))
        self._lent = still_lent[-MOST_LENT:]
        buffer = self._free.pop() if self._free else self._new()
        del self._free[KEPT_FREE - 1 :]
        return buffer

    def lend_torch(self, frames: jax.Array) -> "torch.Tensor":
        """Hands frames out as a tensor."""
        tensor = interop.to_torch(frames)
        self._lent.append((frames, interop.watch_storage(tensor)))
        return tensor

    def lend_numpy(self, frames: jax.Array) -> np.ndarray:
        """Hands frames out as a NumPy array."""
        # Not `np.asarray`, whose result JAX keeps: donating would then mean copying.
        view = np.from_dlpack(frames)  # type: ignore[arg-type]  # a protocol too narrow
        array = interop.writable(view)
        # Every view of the array keeps it alive as its base.
        holder = weakref.ref(array)
        self._lent.append((frames, lambda: holder() is None))
        return array

    def clear(self) -> None:
        """Forgets all buffers; lent ones live on with their holders."""
        self._lent, self._free = [], []


@functools.cache  # one program for all environments with frames of this shape
def _maker(shape: tuple[int, ...], device: Any) -> Callable[[], jax.Array]:
    return jax.jit(
        lambda: lax.empty(shape, np.uint8),
        out_shardings=jax.sharding.SingleDeviceSharding(device),
    )


def can_reuse(device: Any) -> bool:
    """Whether frames on a device gain from being written again."""
    return device.platform == "cpu"
