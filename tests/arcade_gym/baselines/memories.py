"""Memories under test, and what runs them."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from arcade_gym.baselines import make_memory

WIDTH = 8
ROWS = 7
WINDOW = 4  # of attention; runs are longer


@cache
def memory_named(name):
    return eqx.filter_jit(make_memory)(
        name, WIDTH, window=WINDOW, key=jax.random.key(0)
    )


@cache
def runner(name):
    """Compiled once per name and number of rows: (carry, x, first) -> (carry, y)."""
    return eqx.filter_jit(memory_named(name).__call__)


def rows(seed, count=ROWS):
    x = np.random.default_rng(seed).normal(size=(count, WIDTH))
    return jnp.asarray(x, jnp.float32)


def first_rows(*places, count=ROWS):
    return jnp.zeros(count, bool).at[jnp.asarray(places, int)].set(True)


def garbage(carry):
    """A carry of the same shapes that no run leaves behind."""

    def filled(leaf):
        if leaf.dtype == jnp.bool_:
            return ~leaf
        return jnp.full_like(leaf, 37)

    return jax.tree.map(filled, carry)


def assert_close(have, want, tolerance):
    def close(a, b):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)

    jax.tree.map(close, have, want)
