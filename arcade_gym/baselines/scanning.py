"""`lax.scan` for carries that hold more than arrays, as networks may."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
from jax import lax


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
