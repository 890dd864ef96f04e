"""The three kinds of arrays that an environment hands out."""

from typing import Any

import jax
import numpy as np

from arcade_gym import interop
from arcade_gym.lanes.frame_memory import FrameMemory, can_reuse
from arcade_gym.lanes.placement import PINNED_HOST, Placement, shards_to_torch

Axes = tuple[int, ...] | None
"""The order in which the axes of frames are viewed; None as they lie in memory."""


class JaxBackend:
    """JAX arrays, as the compiled functions return them."""

    is_on_host = False  # whether results have reached the host when they are given
    _can_lend = False  # whether it can be told when the last holder of frames is gone

    def __init__(
        self, placement: Placement, shape: tuple[int, ...], axes: Axes = None
    ) -> None:
        """Prepares for frames, uint8 [shape], which are viewed in an order of axes."""
        self._axes = axes
        self._is_spread = placement.is_spread
        self._is_cpu = placement.platform == "cpu"
        self._memory: FrameMemory | None = None
        if self._can_lend and not self._is_spread and can_reuse(placement.devices[0]):
            self._memory = FrameMemory(shape, placement.devices[0])

    def buffer(self) -> jax.Array | None:
        """Gives memory for the next frames, or None where JAX should find it."""
        return None if self._memory is None else self._memory.take()

    def hand_out_obs(self, frames: jax.Array) -> Any:
        """Hands out frames that were written into `buffer`."""
        return self.hand_out_new(frames)

    def hand_out_new(self, frames: jax.Array) -> Any:
        """Hands out frames that were written elsewhere."""
        return self.hand_out(frames)

    def hand_out(self, array: jax.Array) -> Any:
        """Hands out rewards or flags."""
        return array

    def hand_out_step(self, arrays: tuple[jax.Array, ...]) -> tuple[Any, ...]:
        """Hands out the frames, that were written into `buffer`, and all else."""
        frames, *few = arrays
        return self.hand_out_obs(frames), *map(self.hand_out, few)

    def close(self) -> None:
        """Gives memory back."""
        if self._memory is not None:
            self._memory.clear()


class TorchBackend(JaxBackend):
    """PyTorch tensors that share memory with JAX, on the same devices."""

    _can_lend = True

    def __init__(
        self, placement: Placement, shape: tuple[int, ...], axes: Axes = None
    ) -> None:
        """Prepares for frames, uint8 [shape], which are viewed in an order of axes."""
        super().__init__(placement, shape, axes)
        self._cuda = placement.cuda

    def hand_out_obs(self, frames: jax.Array) -> Any:
        """Hands out frames that were written into `buffer`."""
        if self._memory is None:
            return self.hand_out_new(frames)
        return self._turned(self._memory.lend_torch(frames))

    def hand_out_new(self, frames: jax.Array) -> Any:
        """Hands out frames that were written elsewhere."""
        shared = self._share(frames)
        if self._is_spread:
            return tuple(map(self._turned, shared))
        return self._turned(shared)

    def hand_out(self, array: jax.Array) -> Any:
        """Hands out a tensor; one for each device, if there are several."""
        if self._is_cpu and not self._is_spread:
            # Copying a few bytes per lane takes a quarter of the time of sharing them.
            return interop.copy_to_torch(array)
        return self._share(array)

    def hand_out_step(self, arrays: tuple[jax.Array, ...]) -> tuple[Any, ...]:
        """Hands out the frames, that were written into `buffer`, and all else."""
        if self._cuda is None:
            return super().hand_out_step(arrays)
        frames, *few = self._cuda.to_torch(*arrays)
        return self._turned(frames), *few

    def _share(self, array: jax.Array) -> Any:
        if self._cuda is not None:
            return self._cuda.to_torch(array)[0]
        return shards_to_torch(array) if self._is_spread else interop.to_torch(array)

    def _turned(self, frames: Any) -> Any:
        return frames if self._axes is None else frames.permute(self._axes)


class NumpyBackend(JaxBackend):
    """NumPy arrays, which can be written, as those of `SyncVectorEnv`."""

    is_on_host = True
    _can_lend = True

    def __init__(
        self, placement: Placement, shape: tuple[int, ...], axes: Axes = None
    ) -> None:
        """Prepares for frames, uint8 [shape], which are viewed in an order of axes."""
        super().__init__(placement, shape, axes)
        self._pins = placement.has_pinned_host and not self._is_cpu

    def hand_out_obs(self, frames: jax.Array) -> np.ndarray:
        """Hands out frames that were written into `buffer`."""
        if self._memory is None:
            return self.hand_out_new(frames)
        return self._turned(self._memory.lend_numpy(frames))

    def hand_out_new(self, frames: jax.Array) -> np.ndarray:
        """Hands out frames that were written elsewhere."""
        return self._view(self._fetch(frames))

    def hand_out_step(self, arrays: tuple[jax.Array, ...]) -> tuple[Any, ...]:
        """Hands out the frames, that were written into `buffer`, and all else."""
        if not self._pins:
            return super().hand_out_step(arrays)
        frames, *few = self._fetch(arrays)
        return self._view(frames), *map(self.hand_out, few)

    def _fetch(self, arrays: Any) -> Any:
        """Begins to bring one or all of a step to the host, if they are not there.

        All at once, and into memory that a GPU writes to by itself, which takes it a
        thirtieth of the time. NumPy views such arrays as they are.
        """
        if not self._pins:
            return arrays
        return jax.device_put(arrays, jax.tree.map(_pinned, arrays))

    def _view(self, frames: jax.Array) -> np.ndarray:
        return self._turned(interop.writable(interop.to_numpy(frames)))

    def hand_out(self, array: jax.Array) -> np.ndarray:
        """Copies, because wrappers write into rewards and flags."""
        return np.array(array)

    def _turned(self, frames: np.ndarray) -> np.ndarray:
        return frames if self._axes is None else frames.transpose(self._axes)


def _pinned(array: jax.Array) -> jax.sharding.Sharding:
    return array.sharding.with_memory_kind(PINNED_HOST)


BACKENDS = {"jax": JaxBackend, "torch": TorchBackend, "numpy": NumpyBackend}
