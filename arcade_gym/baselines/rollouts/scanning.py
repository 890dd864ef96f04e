"""`lax.scan` for carries that hold more than arrays, as networks may."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any,
    length: int | None = None,
) -> tuple[Any, Any]:
    """Scans; what is no array in the carry stays as it is."""
    arrays, rest = eqx.partition(carry, eqx.is_array)

    def step(arrays: Any, x: Any) -> tuple[Any, Any]:
        carry, y = body(eqx.combine(arrays, rest), x)
        return eqx.filter(carry, eqx.is_array), y

    arrays, ys = lax.scan(step, arrays, xs, length=length)
    return eqx.combine(arrays, rest), ys


def scan_if(
    predicate: Bool[Array, ""],
    body: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any,
) -> tuple[Any, Any]:
    """Scans if the predicate holds; else nothing changes, and all results are nan."""
    arrays, rest = eqx.partition(carry, eqx.is_array)

    def run(arrays: Any) -> tuple[Any, Any]:
        carry, ys = scan(body, eqx.combine(arrays, rest), xs)
        return eqx.filter(carry, eqx.is_array), ys

    def wait(arrays: Any) -> tuple[Any, Any]:
        return arrays, jax.tree.map(lambda y: jnp.full(y.shape, jnp.nan, y.dtype), ys)

    ys = jax.eval_shape(run, arrays)[1]
    arrays, ys = lax.cond(predicate, run, wait, arrays)
    return eqx.combine(arrays, rest), ys
