"""What memories have in common in a study: the width, or the number of parameters."""

from dataclasses import replace
from functools import cache
from typing import Any

import equinox as eqx
import jax

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs import weights
from jax_core.registry import unknown

WIDTH, PARAMETERS = "width", "parameters"
MATCHES = (WIDTH, PARAMETERS)

_WIDEST = 4096


def matched(config: RunConfig, match: str, *, to: str) -> RunConfig:
    """Gives a run the width that makes it comparable.

    Args:
        config: of a run with any memory.
        match: "width" leaves the width as it is; "parameters" takes the one with which
            the network comes nearest to the parameters that it has with the memory
            `to` at the width of `config`.
        to: a memory.

    Raises:
        ValueError: an unknown match.
    """
    if match not in MATCHES:
        raise ValueError(unknown("match", match, MATCHES))
    if match == WIDTH or config.memory == to:
        return config
    wanted = parameters(replace(config, memory=to))
    low, high = 1, _WIDEST
    while low < high:  # the first width with at least as many
        middle = (low + high) // 2
        if parameters(replace(config, width=middle)) < wanted:
            low = middle + 1
        else:
            high = middle
    near = [replace(config, width=width) for width in (max(low - 1, 1), low)]
    return min(near, key=lambda one: abs(parameters(one) - wanted))


def parameters(config: RunConfig) -> int:
    """Numbers that the network of a run learns; nothing is allocated."""
    return _count(replace(config, seed=0, out=None))


@cache
def _count(config: RunConfig) -> int:
    def build(key: Any) -> Any:
        return weights.build(config, None, key=key)

    network = eqx.filter_eval_shape(build, jax.eval_shape(jax.random.key, 0))
    return sum(
        leaf.size
        for leaf in jax.tree.leaves(network)
        if isinstance(leaf, jax.ShapeDtypeStruct)
        and jax.numpy.issubdtype(leaf.dtype, jax.numpy.inexact)
    )
