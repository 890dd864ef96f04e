"""Options of the compiler: harmless where they are unknown, and no other results."""

import jax
import numpy as np
import pytest

import jax_core
from jax_core import compilation


@pytest.fixture
def forgetful():
    compilation._are_known.cache_clear()
    yield
    compilation._are_known.cache_clear()


def test_vectors_are_wide_on_a_cpu_and_as_they_were_elsewhere():
    assert jax_core.compiler_options("cpu") == {"xla_cpu_prefer_vector_width": 512}
    assert jax_core.compiler_options("gpu") == {}
    default = jax_core.compiler_options(jax.default_backend())
    assert jax_core.compiler_options() == default


def test_an_option_that_the_compiler_does_not_know_is_left_out(forgetful, monkeypatch):
    monkeypatch.setattr(compilation, "_WIDE_VECTORS", {"xla_cpu_no_such_option": 1})
    assert jax_core.compiler_options("cpu") == {}


def test_changing_the_options_changes_no_other_caller():
    jax_core.compiler_options("cpu")["xla_cpu_no_such_option"] = 1
    assert "xla_cpu_no_such_option" not in jax_core.compiler_options("cpu")


def test_results_are_the_same():
    env, _ = jax_core.make("BreakoutEasy", obs_size=64)
    keys = jax.random.split(jax.random.key(0), 3)
    plain = jax.jit(jax.vmap(env.reset))
    wide = jax.jit(jax.vmap(env.reset), compiler_options=jax_core.compiler_options())
    for left, right in zip(
        *(jax.tree.leaves(f(keys)) for f in (plain, wide)), strict=True
    ):
        np.testing.assert_array_equal(left, right)
