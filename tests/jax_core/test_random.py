"""Random numbers equal those of `jax.random`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core import random

SHAPES = [(), (1,), (7,), (2, 78)]
KEYS = jax.random.split(jax.random.key(5), 100)


def equal_for_all_keys(own, theirs):
    own, theirs = (jax.jit(jax.vmap(draw))(KEYS) for draw in (own, theirs))
    assert own.dtype == theirs.dtype
    if jnp.issubdtype(own.dtype, jax.dtypes.prng_key):
        own, theirs = jax.random.key_data(own), jax.random.key_data(theirs)
    return np.array_equal(own, theirs)


@pytest.mark.parametrize("num", [1, 2, 5])
def test_split(num):
    assert equal_for_all_keys(
        lambda key: random.split(key, num), lambda key: jax.random.split(key, num)
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["bits", "uniform", "normal"])
def test_draws(name, shape):
    assert equal_for_all_keys(
        lambda key: getattr(random, name)(key, shape),
        lambda key: getattr(jax.random, name)(key, shape),
    )


def test_uniform_numbers_of_a_range():
    assert equal_for_all_keys(
        lambda key: random.uniform(key, (4,), minval=-0.05, maxval=0.05),
        lambda key: jax.random.uniform(key, (4,), minval=-0.05, maxval=0.05),
    )


def test_keys_of_another_generator():
    key = jax.random.key(3, impl="rbg")
    for name in ("bits", "uniform", "normal"):
        own, theirs = (getattr(m, name)(key, (3,)) for m in (random, jax.random))
        assert np.array_equal(own, theirs)
    own, theirs = random.split(key), jax.random.split(key)
    assert np.array_equal(jax.random.key_data(own), jax.random.key_data(theirs))


def test_another_numbering_of_counters_changes_nothing():
    """JAX's former default draws other words (issue 19)."""
    key = jax.random.key(3)
    wanted, pair = random.bits(key, (5,)), jax.random.key_data(random.split(key))
    with jax.threefry_partitionable(False):
        assert not np.array_equal(jax.random.bits(key, (5,)), wanted)
        assert np.array_equal(random.bits(key, (5,)), wanted)
        assert np.array_equal(jax.random.key_data(random.split(key)), pair)


def test_draws_are_the_same_in_x64_mode():
    key = jax.random.key(3)
    drawn = [random.uniform(key, (4,)), random.normal(key, (4,)), random.bits(key)]
    with jax.enable_x64(True):
        again = [random.uniform(key, (4,)), random.normal(key, (4,)), random.bits(key)]
    for one, other in zip(drawn, again, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_no_loop_is_left_in_the_program():
    text = jax.jit(jax.vmap(lambda key: random.uniform(key, (26,)))).lower(KEYS)
    assert "while" not in text.as_text()
    assert "while" in jax.jit(jax.random.uniform).lower(KEYS[0]).compile().as_text()
