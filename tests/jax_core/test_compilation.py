"""Options of the compiler: harmless where they are unknown, and no other results."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import compilation
from jax_core.compilation import compute_once


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


SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1 / 3, 3.4e38, 1.2e-38)


def test_computing_once_changes_no_bit():
    numbers = np.array(SPECIAL, np.float32)
    assert np.asarray(jax.jit(compute_once)(numbers)).tobytes() == numbers.tobytes()
    assert np.asarray(jax.vmap(compute_once)(numbers)).tobytes() == numbers.tobytes()


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only on CPUs")
@pytest.mark.parametrize(("once", "loops"), [(compute_once, 2), (lambda same: same, 1)])
def test_what_is_computed_once_has_a_loop_of_its_own(once, loops):
    def cells(start):
        number = once(jnp.maximum(3.0 * start + 1.0, 2.0 - start))
        return jnp.arange(256.0)[None] < number[:, None]

    program = jax.jit(cells).lower(jax.ShapeDtypeStruct((64,), np.float32)).compile()
    entry = program.as_text().split("ENTRY")[1]
    assert entry.count(" fusion(") == loops
