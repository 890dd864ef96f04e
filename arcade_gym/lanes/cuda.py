"""Arrays between JAX and PyTorch on one CUDA device, for every step of every lane.

`torch.from_dlpack` and `jax.dlpack.from_dlpack` would do the same. But they look up
devices and streams and make an event for each tensor, which takes longer than a step of
thousands of lanes. What is here is looked up and made once.
"""

from typing import Any

import jax
import torch
from torch.utils import dlpack

from arcade_gym import interop

# PyTorch's name for the default stream is 0, which CUDA's interface for arrays of
# others leaves undefined; 1 is the same stream there.
_DEFAULT_STREAM = 1


class CudaSharing:
    """Shares arrays of one device between JAX and the present stream of PyTorch.

    Whoever gets an array waits for the other's work on it, on the device; the host
    never waits. One object serves one environment: two threads would disturb each
    other.
    """

    def __init__(self, index: int) -> None:
        """Takes the number of the device among those that this process sees."""
        self.index = index
        self._event = torch.cuda.Event()
        self._streams: dict[int, torch.cuda.ExternalStream] = {}  # JAX's, by address

    def to_torch(self, *arrays: jax.Array) -> list[torch.Tensor]:
        """Shares arrays of any shape; uint8, bool, int32, float32 and the like."""
        stream = torch.cuda.current_stream(self.index).cuda_stream or _DEFAULT_STREAM
        return [
            dlpack.from_dlpack(array.__dlpack__(stream=stream))  # type: ignore[reportCallIssue]  # JAX's stub lacks it
            for array in arrays
        ]

    def to_jax(self, tensor: torch.Tensor) -> jax.Array:
        """Shares a tensor of this device without a gradient, as `interop.to_jax`."""
        return jax.dlpack.from_dlpack(_Lent(interop.aligned(tensor), self))

    def let_wait(self, stream: int) -> None:
        """Makes a stream of JAX wait for what PyTorch has been given to do."""
        follower = self._streams.get(stream)
        if follower is None:
            follower = torch.cuda.ExternalStream(stream, self.index)
            self._streams[stream] = follower
        self._event.record(torch.cuda.current_stream(self.index))
        follower.wait_event(self._event)


class _Lent:
    """A tensor as `jax.dlpack.from_dlpack` asks for it."""

    def __init__(self, tensor: torch.Tensor, sharing: CudaSharing) -> None:
        self._tensor = tensor
        self._sharing = sharing

    def __dlpack_device__(self) -> tuple[Any, int]:
        return self._tensor.__dlpack_device__()

    def __dlpack__(self, *, stream: int) -> Any:
        self._sharing.let_wait(stream)
        return dlpack.to_dlpack(self._tensor)  # type: ignore[reportPrivateImportUsage]  # documented there
