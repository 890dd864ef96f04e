"""Random numbers: bit for bit those of `jax.random`, made faster on CPUs.

On a CPU, JAX makes the rounds of Threefry a `while` loop, which compiles faster; but a
lane draws few words, and entering the loop costs more than they do. Here the rounds are
unrolled, so XLA fuses them, and makes a draw again for each cell that reads it, where
`compilation.compute_once` does not keep it apart. Keys of other generators go to
`jax.random`.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2,
3" (Threefry-2x32 with 20 rounds). Word i of a draw is that of the counter i, as in the
partitionable mode of JAX, its default; also where that mode is switched off, so that a
key stands for one episode whatever the settings.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, UInt32

from jax_core.types import AnyKey, Key

Shape = tuple[int, ...]
Words = UInt32[Array, "*shape"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))  # of the paper, table 2
_PARITY = np.uint32(0x1BD11BDA)
_MANTISSA_BITS = 23


def typed(key: AnyKey) -> Key:
    """A typed key of a raw one; typed keys stay as they are."""
    is_typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    return key if is_typed else jax.random.wrap_key_data(key)


def split(key: Key, num: int = 2) -> Array:
    """Splits a key, as `jax.random.split`: typed keys [num]."""
    if not _is_threefry(key):
        return jax.random.split(key, num)
    words = jnp.stack(_threefry(key, (num,)), axis=-1)
    return jax.random.wrap_key_data(words, impl="threefry2x32")


def bits(key: Key, shape: Shape = ()) -> UInt32[Array, "*shape"]:
    """Random words, as `jax.random.bits`."""
    if not _is_threefry(key):
        return jax.random.bits(key, shape)
    high, low = _threefry(key, shape)
    return high ^ low


def uniform(
    key: Key, shape: Shape = (), minval: float = 0.0, maxval: float = 1.0
) -> Float32[Array, "*shape"]:
    """Numbers in [minval, maxval), as `jax.random.uniform` of float32."""
    least, span = np.float32(minval), np.float32(maxval) - np.float32(minval)
    # Mantissas with the exponent of 1 are the floats in [1, 2).
    mantissas = bits(key, shape) >> np.uint32(32 - _MANTISSA_BITS)
    one = np.float32(1)
    floats = jax.lax.bitcast_convert_type(mantissas | one.view(np.uint32), jnp.float32)
    return jnp.maximum(least, (floats - one) * span + least)


def normal(key: Key, shape: Shape = ()) -> Float32[Array, "*shape"]:
    """Standard normal numbers, as `jax.random.normal` of float32."""
    least = np.nextafter(np.float32(-1), np.float32(0))
    quantiles = uniform(key, shape, minval=float(least), maxval=1.0)
    return np.float32(np.sqrt(2)) * jax.lax.erf_inv(quantiles)


def _is_threefry(key: Key) -> bool:
    return jax.random.key_impl(key) == "threefry2x32"


@partial(jax.jit, static_argnames="shape", inline=True)  # traced once for all draws
def _threefry(key: Key, shape: Shape) -> tuple[Words, Words]:
    """Two words for each of the counters 0, 1, ..."""
    first, second = jax.random.key_data(key)
    keys = (first, second, first ^ second ^ _PARITY)
    counter = np.arange(math.prod(shape), dtype=np.uint32).reshape(shape)
    x, y = jnp.broadcast_to(keys[0], shape), keys[1] + counter
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x += y
            y = x ^ _rotate_left(y, rotation)
        x += keys[(group + 1) % 3]
        y += keys[(group + 2) % 3] + np.uint32(group + 1)
    return x, y


def _rotate_left(word: Words, count: int) -> Words:
    return word << np.uint32(count) | word >> np.uint32(32 - count)
