"""Sums over all devices: learners run once per device, each with its own lanes.

Everything that a learner computes of its lanes (gradients, means, metrics) goes through
these functions, so that its result is that of all lanes, on every device alike. With
one device they cost nothing.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float32

AXIS = "lanes"
"""The axis of the mesh of devices, over which lanes are spread."""

Scalar = Float32[Array, ""]


def total(tree: Any) -> Any:
    """Adds up the values of all devices, leaf by leaf."""
    return lax.psum(tree, AXIS)


def least(values: Array) -> Array:
    """The smallest value on any device."""
    return lax.pmin(jnp.min(values), AXIS)


def most(values: Array) -> Array:
    """The largest value on any device."""
    return lax.pmax(jnp.max(values), AXIS)


def count(where: Bool[Array, "*shape"]) -> Scalar:
    """How many are true on all devices, at least 1."""
    return jnp.maximum(total(where.sum(dtype=jnp.float32)), jnp.float32(1))


def mean(values: Float32[Array, "*shape"], where: Bool[Array, "*shape"]) -> Scalar:
    """Mean over the true places of all devices; 0 if there are none."""
    return total(jnp.sum(values, where=where)) / count(where)


def own_part(values: Array, size: int) -> Array:
    """Cuts this device's part out of something that every device has made for all.

    Random numbers are drawn for all lanes on every device, so that they do not depend
    on how many devices there are.

    Args:
        values: [lanes of all devices, ...].
        size: lanes of this device.
    """
    start = lax.axis_index(AXIS) * jnp.int32(size)
    return lax.dynamic_slice_in_dim(values, start, size)


def devices() -> int:
    """How many devices share the lanes."""
    return lax.axis_size(AXIS)


def all_lanes(size: int) -> int:
    """Lanes of all devices, of which this one has `size`."""
    return size * devices()


def keys_of_lanes(key: Array, size: int) -> Array:
    """One typed key for each lane of this device: [size]."""
    return own_part(jax.random.split(key, all_lanes(size)), size)
