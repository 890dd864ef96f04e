"""Steps are written by `jax.export` and run where they are read (issue 19)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import registry
from jax_core.pytree import pytree, static

pytest.importorskip("flatbuffers", reason="needs flatbuffers, which jax.export uses")


def written_and_read(function, *args):
    exported = jax.export.export(jax.jit(function))(*args)
    return jax.export.deserialize(exported.serialize())


def test_a_step_plays_the_same_after_it_was_written_and_read():
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    key = jax.random.key(0)
    _, state = jax.jit(env.reset)(key, params)
    args = (key, state, jnp.int32(3), params)
    read = written_and_read(env.step, *args)
    wanted, found = jax.jit(env.step)(*args), read.call(*args)
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    assert type(found[1]) is type(state)
    assert jax.tree.all(jax.tree.map(np.array_equal, found, wanted))


@pytest.mark.slow  # traces and lowers every game
@pytest.mark.parametrize("env_id", registry.registered_envs)
def test_every_level_can_be_exported(env_id):
    env, params = jax_core.make(env_id, obs_size=64)
    key = jax.random.key(0)
    state = jax.eval_shape(env.init, key, params)
    read = written_and_read(env.step, key, state, jnp.int32(0), params)
    flat = (key, state, jnp.int32(0), params)
    assert read.in_tree == jax.tree.structure((flat, {}))


def test_static_values_come_back_as_they_were():
    @pytree
    class Mine:
        sizes: tuple[tuple[int, ...], str, None] = static(default=((1, 2), "a", None))
        value: float = 1.0

    @pytree
    class Other:
        mine: Mine

    tree = Other(mine=Mine())
    read = written_and_read(lambda tree: tree, tree)
    assert read.in_tree == jax.tree.structure(((tree,), {}))
    assert read.call(tree) == tree


def test_classes_of_one_name_can_both_be_exported():
    """As in a cell of a notebook that runs twice."""
    for _ in range(2):

        @pytree
        class Again:
            value: float = 1.0

        assert written_and_read(lambda tree: tree, Again()).call(Again()).value == 1.0
