"""Spaces in the style of gymnax: pure, sampled with a key."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32

from jax_core.types import AnyKey


@dataclass(frozen=True)
class Discrete:
    """The integers 0..n-1.

    Attributes:
        n: number of elements.
    """

    n: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one element."""
        return ()

    @property
    def dtype(self) -> Any:
        """Dtype of one element."""
        return jnp.int32

    def sample(self, key: AnyKey) -> Int32[Array, ""]:
        """Draws one element uniformly."""
        return jax.random.randint(key, (), 0, self.n, jnp.int32)

    def contains(self, x: Any) -> Bool[Array, ""]:
        """Whether x is an integer in range, for scalars and arrays alike."""
        x = jnp.asarray(x)
        is_integer = jnp.issubdtype(x.dtype, jnp.integer)
        return jnp.all((x >= 0) & (x < self.n)) & is_integer


@dataclass(frozen=True)
class Box:
    """Arrays of one shape and dtype between two bounds, both included.

    Attributes:
        low: smallest value.
        high: largest value.
        shape: shape of one element.
        dtype: dtype of one element.
    """

    low: int
    high: int
    shape: tuple[int, ...]
    dtype: Any = jnp.uint8

    def sample(self, key: AnyKey) -> Array:
        """Draws every entry uniformly."""
        values = jax.random.randint(key, self.shape, self.low, self.high + 1, jnp.int32)
        return values.astype(self.dtype)

    def contains(self, x: Any) -> Bool[Array, ""]:
        """Whether x has the shape and dtype and lies between the bounds."""
        x = jnp.asarray(x)
        fits = x.shape == self.shape and x.dtype == self.dtype
        return jnp.all((x >= self.low) & (x <= self.high)) & fits
