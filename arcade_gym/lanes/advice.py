"""Warnings about setups in which JAX and PyTorch do not share a device well."""

import functools
import os

import gymnasium

_MEMORY_VARIABLES = (
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "XLA_CLIENT_MEM_FRACTION",
    "XLA_PYTHON_CLIENT_ALLOCATOR",
)


def on_sharing(platform: str, *, device_was_named: bool) -> None:
    """Warns, once per process, where frames for PyTorch would surprise their user.

    Args:
        platform: where the lanes live, "cpu" or "gpu".
        device_was_named: whether the user asked for that platform.
    """
    if platform == "gpu" and not _memory_is_limited():
        _warn(
            "JAX takes three quarters of the GPU's memory when it starts, which leaves "
            "a quarter to PyTorch. Set XLA_PYTHON_CLIENT_PREALLOCATE=false (memory as "
            "needed) or XLA_CLIENT_MEM_FRACTION=.25 in the environment of the process, "
            "before JAX starts"
        )
    if platform == "cpu" and not device_was_named and _torch_has_cuda():
        _warn(
            "PyTorch has a GPU but JAX has none, so frames will be CPU tensors. "
            "For JAX on NVIDIA GPUs: pip install 'arcade-gym[cuda]'. Pass device='cpu' "
            "if the CPU is what you want"
        )


def _memory_is_limited() -> bool:
    preallocates = os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "true").lower()
    return preallocates in ("false", "0") or any(
        name in os.environ for name in _MEMORY_VARIABLES
    )


def _torch_has_cuda() -> bool:
    import torch  # noqa: PLC0415  # optional dependency; its user has it

    return torch.cuda.is_available()


@functools.cache
def _warn(message: str) -> None:
    gymnasium.logger.warn(message)
