"""Arrays between JAX, PyTorch and NumPy, through DLPack and without copies.

Tensors and arrays made here share memory with JAX and can be written to, although JAX
arrays are immutable. Everything in this package therefore only ever hands out arrays
that it never reads again. Do not use `torch.asarray` on a JAX array: it reads the bytes
as if they were of another dtype; `to_torch` and `torch.from_dlpack` are right.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

if TYPE_CHECKING:
    import torch

_ALIGNMENT = 64  # bytes


def to_torch(array: jax.Array) -> "torch.Tensor":
    """Shares a JAX array with PyTorch, on the same device.

    Args:
        array: any shape; uint8, bool, int32, float32 and the like. Typed random keys
            cannot be shared.
    """
    return _torch().from_dlpack(array)


def copy_to_torch(array: jax.Array) -> "torch.Tensor":
    """Copies a JAX array on the CPU to a tensor of its own."""
    return _torch().from_numpy(np.array(array))


def to_jax(tensor: Any) -> jax.Array:
    """Shares a PyTorch tensor or NumPy array with JAX, on the same device.

    A tensor whose memory is not contiguous or not aligned to 64 bytes is copied, and
    so are 64-bit integers, which become 32-bit ones unless JAX runs in x64 mode.
    """
    if isinstance(tensor, np.ndarray):
        return jnp.asarray(tensor)
    return jax.dlpack.from_dlpack(aligned(tensor.detach()))


def aligned(tensor: "torch.Tensor") -> "torch.Tensor":
    """Gives a tensor as JAX's own arrays lie in memory, which is a copy if need be."""
    tensor = tensor.contiguous()
    return tensor.clone() if tensor.data_ptr() % _ALIGNMENT else tensor


def to_host(tensor: "torch.Tensor") -> np.ndarray:
    """Gives a tensor to NumPy: copied from an accelerator, shared on the CPU.

    The copy lies in memory that a GPU writes to by itself, which takes it a thirtieth
    of the time.
    """
    if not tensor.is_cuda:
        return tensor.cpu().numpy()
    torch = _torch()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor).numpy()  # waits, as NumPy cannot


def to_numpy(array: jax.Array) -> np.ndarray:
    """Views a JAX array as a read-only NumPy array; copied only from another device."""
    return np.asarray(array)


def writable(view: np.ndarray) -> np.ndarray:
    """Views the memory of a read-only array as one that can be written.

    Args:
        view: of a JAX array that nobody reads any more. Its memory stays for as long as
            the result, or a view of that.
    """
    return np.asarray(_Given(view))


class _Given:
    """Memory that NumPy may write to, although the view of it forbids that."""

    def __init__(self, view: np.ndarray) -> None:
        self._view = view
        address, _ = view.__array_interface__["data"]
        self.__array_interface__ = view.__array_interface__ | {"data": (address, False)}


def is_torch(value: object) -> bool:
    """Whether a value is a PyTorch tensor; does not import PyTorch."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(
        value, "__dlpack__"
    )


def watch_storage(tensor: "torch.Tensor") -> Callable[[], bool]:
    """Gives a function that tells whether all tensors on this one's memory are gone."""
    return _storage_watch()(tensor.untyped_storage()).expired


# Imported once: an import statement in every step would cost as much as the sharing.


@functools.cache
def _torch() -> Any:
    import torch  # noqa: PLC0415  # optional dependency

    return torch


@functools.cache
def _storage_watch() -> Callable[[Any], Any]:
    from torch.multiprocessing.reductions import (  # noqa: PLC0415  # as above
        StorageWeakRef,
    )

    return StorageWeakRef
