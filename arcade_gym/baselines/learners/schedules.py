"""Schedules: functions of the share of the rows that are done.

Every schedule of a run counts the same thing, so none can disagree with another, and
a resumed run needs no counter but its rows.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float32

Scalar = Float32[Array, ""]


def linear(progress: Scalar, start: float, end: float, over: float = 1.0) -> Scalar:
    """Goes in a straight line from `start` to `end`, and stays there.

    Args:
        progress: share of the rows that are done, 0 at the start and 1 at the end.
        start: value at 0.
        end: value from `over` on.
        over: share of the rows after which `end` is reached, above 0.
    """
    share = jnp.clip(progress / jnp.float32(over), 0.0, 1.0)
    return jnp.float32(start) + jnp.float32(end - start) * share
