"""What every memory of the catalog must keep."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import memory_names
from tests.arcade_gym.baselines.memories import (
    ROWS,
    WIDTH,
    assert_close,
    first_rows,
    garbage,
    memory_named,
    rows,
    runner,
)

OWN = ("none", "gru", "mingru", "lru")
SAMPLE = (*OWN, "fart")

pytestmark = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in SAMPLE else pytest.mark.long)
        for name in memory_names()
    ],
)


@pytest.fixture(autouse=True)
def _lenient():
    """Replaces the one of conftest: this code works with strict arrays as well."""


def tolerance(name):
    return 1e-6 if name in OWN else 1e-5


def test_rows_one_by_one_equal_all_rows_at_once(name):
    x, first = rows(0), first_rows(0, 3)
    at_once = runner(name)(memory_named(name).initial_carry(), x, first)
    carry, answers = memory_named(name).initial_carry(), []
    for t in range(ROWS):
        carry, answer = runner(name)(carry, x[t : t + 1], first[t : t + 1])
        answers.append(answer)
    assert_close((carry, jnp.concatenate(answers)), at_once, tolerance(name))


@pytest.mark.parametrize("start", [3, ROWS - 1])
def test_a_first_row_begins_a_fresh_run(name, start):
    fresh = memory_named(name).initial_carry()
    x = rows(1)
    carry, answers = runner(name)(fresh, x, first_rows(start))
    later = runner(name)(fresh, x[start:], first_rows(count=ROWS - start))
    assert_close((carry, answers[start:]), later, tolerance(name))


def test_nothing_passes_a_first_row_whatever_the_carry_was(name):
    fresh = memory_named(name).initial_carry()
    x, first = rows(2), first_rows(0)
    clean = runner(name)(fresh, x, first)
    assert_close(runner(name)(garbage(fresh), x, first), clean, 0)
    ruined = jax.tree.map(
        lambda leaf: (
            leaf * jnp.nan if jnp.issubdtype(leaf.dtype, jnp.inexact) else leaf
        ),
        fresh,
    )
    assert_close(runner(name)(ruined, x, first), clean, 0)


def test_the_carry_counts_where_no_row_is_first(name):
    fresh = memory_named(name).initial_carry()
    before, _ = runner(name)(fresh, rows(3), first_rows())
    _, fresh_answers = runner(name)(fresh, rows(4), first_rows())
    _, later_answers = runner(name)(before, rows(4), first_rows())
    differs = bool(jnp.abs(fresh_answers - later_answers).max() > 1e-6)
    assert differs == (name not in ("none", "mlp"))


def test_no_row_depends_on_a_later_one(name):
    fresh, x = memory_named(name).initial_carry(), rows(5)
    _, answers = runner(name)(fresh, x, first_rows())
    changed, first = x.at[4:].set(rows(6)[4:]), first_rows(5)
    _, other_answers = runner(name)(fresh, changed, first)
    np.testing.assert_array_equal(answers[:4], other_answers[:4])
    assert (np.asarray(answers[4]) != np.asarray(other_answers[4])).any()


def test_the_carry_keeps_its_shapes_and_dtypes(name):
    def description(carry):
        return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), carry)

    fresh = memory_named(name).initial_carry()
    carry, answers = runner(name)(fresh, rows(7), first_rows())
    assert description(carry) == description(fresh)
    assert (answers.shape, answers.dtype) == ((ROWS, WIDTH), jnp.float32)


def test_gradients_are_finite_and_reach_the_weights_and_the_rows(name):
    fresh, first = memory_named(name).initial_carry(), first_rows(3)

    @eqx.filter_jit
    @eqx.filter_grad
    def gradients(arguments):
        memory, x = arguments
        return (memory(fresh, x, first)[1] ** 2).sum()

    weights, x = gradients((memory_named(name), rows(8)))
    leaves = jax.tree.leaves((weights, x))
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    assert (np.asarray(x) != 0).any(axis=1).sum() > 1  # not all: NMax skips small rows
    assert any((np.asarray(leaf) != 0).any() for leaf in jax.tree.leaves(weights))


def test_lanes_in_a_batch_equal_single_lanes(name):
    fresh = memory_named(name).initial_carry()
    x = jnp.stack([rows(9), rows(10)])
    first = jnp.stack([first_rows(0, 2), first_rows()])
    carries = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), fresh)
    batched = jax.jit(jax.vmap(memory_named(name).__call__))(carries, x, first)
    single = [runner(name)(fresh, x[lane], first[lane]) for lane in range(2)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *single)
    assert_close(batched, stacked, tolerance(name))
