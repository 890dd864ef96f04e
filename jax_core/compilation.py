"""What makes a compiler's steps faster and leaves their results as they are."""

import functools
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32, UInt32

Numbers = TypeVar(
    "Numbers",
    Float32[Array, "*shape"],
    Int32[Array, "*shape"],
    UInt32[Array, "*shape"],
)

_WIDE_VECTORS = {"xla_cpu_prefer_vector_width": 512}


def compiler_options(platform: str | None = None) -> dict[str, Any]:
    """Options for `jax.jit(step, compiler_options=...)`; results stay the same.

    On a CPU, XLA is told to use vectors of 512 bits where the processor has them: it
    prefers 256, and drawing is arithmetic on bytes. Elsewhere nothing is set. JAX takes
    options in the outermost `jax.jit` only.

    Args:
        platform: "cpu", "gpu" or "tpu", where the function will run; None is JAX's
            default.
    """
    platform = platform or jax.default_backend()
    return dict(_WIDE_VECTORS) if platform == "cpu" and _are_known() else {}


@functools.cache
def _are_known() -> bool:
    """Whether this XLA has the option; an unknown one makes every compilation fail."""
    trial = jax.jit(lambda: 0, compiler_options=_WIDE_VECTORS)
    try:
        with jax.default_device(jax.local_devices(backend="cpu")[0]):
            trial.lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def compute_once(numbers: Numbers) -> Numbers:
    """Keeps a CPU's compiler from computing numbers anew for each of their readers.

    XLA fuses cheap operations with whatever reads them. A number that many rows of
    pixels read, or four corners, is then found once for each of them, and with it all
    that it depends on, down to the random numbers of a step. Divisions are not taken
    for cheap. So numbers are divided by a one which only this function knows to be one,
    and that changes no bit of them (but makes zeros of subnormal ones, as all of XLA's
    arithmetic on CPUs does). Elsewhere they are returned as they are.

    Args:
        numbers: float32; int32 from -2**24 to 2**24, which floats hold exactly; or any
            uint32, whose halves are divided.
    """
    ways = {"float32": _divide_by_one, "int32": _divide_small, "uint32": _divide_halves}
    return jax.lax.platform_dependent(
        numbers, cpu=ways[numbers.dtype.name], default=lambda same: same
    )


def compute_apart(*numbers: Array) -> tuple[Array, ...]:
    """Gives numbers a kernel of their own on GPUs; elsewhere they stay as they are.

    XLA would find sines in the branches of all that reads them, where the registers
    that they take for large angles become local memory.
    """
    return jax.lax.platform_dependent(
        *numbers,
        cpu=lambda *same: same,
        default=lambda *same: tuple(jax.lax.optimization_barrier(same)),
    )


def _divide_by_one(numbers: Float32[Array, "*shape"]) -> Float32[Array, "*shape"]:
    # Not a number is not equal to itself, and remains what it is. One for each number,
    # or XLA multiplies by the inverse, which it takes for cheap.
    one = jnp.where(numbers == numbers, jnp.float32(1.0), jnp.float32(2.0))  # noqa: PLR0124
    return numbers / one


def _divide_small(numbers: Int32[Array, "*shape"]) -> Int32[Array, "*shape"]:
    return _divide_by_one(numbers.astype(jnp.float32)).astype(jnp.int32)


def _divide_halves(words: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    halves = words >> np.uint32(16), words & np.uint32(0xFFFF)
    high, low = (_divide_by_one(half.astype(jnp.float32)) for half in halves)
    return high.astype(jnp.uint32) << np.uint32(16) | low.astype(jnp.uint32)
