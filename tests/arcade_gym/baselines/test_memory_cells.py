"""Our own memories against plain loops, and the two forms of a recurrence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import make_memory
from arcade_gym.baselines.layers import normalise
from arcade_gym.baselines.memory import recurrences
from arcade_gym.baselines.memory.recurrences import (
    Form,
    complex_product,
    linear_recurrence,
    real_product,
)
from tests.arcade_gym.baselines.memories import (
    ROWS,
    WIDTH,
    assert_close,
    first_rows,
    memory_named,
    rows,
    runner,
)

FIRST = first_rows(0, 4)


@pytest.fixture(autouse=True)
def _lenient():
    """Replaces the one of conftest: this code works with strict arrays as well."""


def by_hand(step, x, h):
    answers = []
    for row, is_first in zip(np.asarray(x, float), np.asarray(FIRST), strict=True):
        h = step(np.zeros_like(h) if is_first else h, row)
        answers.append(h)
    return np.array(answers)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(layer, row):
    return row @ np.asarray(layer.weight, float) + np.asarray(layer.bias, float)


def answers_of(name, x):
    return runner(name)(memory_named(name).initial_carry(), x, FIRST)[1]


def test_gru_is_the_gated_unit_of_the_paper():
    cell, x = memory_named("gru"), rows(0)
    inward, recurrent, bias = (
        np.asarray(leaf, float) for leaf in (cell.inward, cell.recurrent, cell.bias)
    )

    def step(h, row):
        reset_x, update_x, candidate_x = np.split(row @ inward + bias, 3)
        reset_h, update_h, candidate_h = np.split(h @ recurrent, 3)
        update = sigmoid(update_x + update_h)
        candidate = np.tanh(candidate_x + sigmoid(reset_x + reset_h) * candidate_h)
        return update * h + (1 - update) * candidate

    assert_close(answers_of("gru", x), by_hand(step, x, np.zeros(WIDTH)), 1e-6)


def test_mingru_mixes_candidate_and_past_by_a_gate_of_the_row():
    cell, x = memory_named("mingru"), rows(1)

    def step(h, row):
        gate = sigmoid(dense(cell.gate, row))
        return (1 - gate) * h + gate * dense(cell.candidate, row)

    assert_close(answers_of("mingru", x), by_hand(step, x, np.zeros(WIDTH)), 1e-6)


def test_lru_turns_and_shrinks_complex_numbers():
    cell, x = memory_named("lru"), rows(2)
    rate, angle, gain, inward, outward = (
        np.asarray(leaf, float)
        for leaf in (
            cell.log_rate,
            cell.log_angle,
            cell.log_gain,
            cell.inward,
            cell.outward,
        )
    )
    eigenvalue = np.exp(-np.exp(rate) + 1j * np.exp(angle))
    into = inward[:, :WIDTH] + 1j * inward[:, WIDTH:]
    out = outward[:WIDTH] - 1j * outward[WIDTH:]

    def step(h, row):
        return eigenvalue * h + np.exp(gain) * (row @ into)

    states = by_hand(step, x, np.zeros(WIDTH, complex))
    assert_close(answers_of("lru", x), (states @ out).real, 1e-6)


def test_none_is_one_hidden_layer():
    cell, x = memory_named("none"), rows(3)
    want = jnp.maximum(normalise(x @ cell.hidden.weight + cell.hidden.bias[None]), 0)
    assert_close(answers_of("none", x), want, 1e-6)


def test_lru_starts_on_its_ring_with_inputs_of_matching_size():
    cell = make_memory("lru", 512, key=jax.random.key(3))
    radius = np.exp(-np.exp(np.asarray(cell.log_rate, float)))
    assert radius.min() >= 0.5 - 1e-6
    assert radius.max() <= 0.999 + 1e-6
    assert 0.5 < np.median(radius**2) / ((0.25 + 0.998) / 2) < 1.5  # even in the area
    np.testing.assert_allclose(np.exp(cell.log_gain), np.sqrt(1 - radius**2), rtol=1e-3)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(cell))


def test_mingru_starts_with_units_from_fast_to_slow():
    gate = sigmoid(np.asarray(memory_named("mingru").gate.bias, float))
    np.testing.assert_allclose(1 / gate, np.geomspace(2, 128, WIDTH), rtol=1e-4)


def recurrence_of(product, form, first):
    """A run, and its gradient with respect to everything but `first`."""
    keys = jax.random.split(jax.random.key(5), 6)
    shape = (len(first), 3)
    decay = tuple(
        jax.random.uniform(k, shape, minval=-0.7, maxval=0.7) for k in keys[:2]
    )
    drive = tuple(jax.random.normal(k, shape) for k in keys[2:4])
    carry = tuple(jax.random.normal(k, (3,)) for k in keys[4:])
    arguments = (carry, decay, drive)
    if product is real_product:
        arguments = jax.tree.map(lambda pair: pair[0], arguments, is_leaf=is_pair)

    def squares(arguments):
        h = linear_recurrence(product, *arguments, first, form)
        return sum((leaf**2).sum() for leaf in jax.tree.leaves(h)), h

    return jax.jit(jax.grad(squares, has_aux=True))(arguments)


def is_pair(node):
    return isinstance(node, tuple) and isinstance(node[0], jax.Array)


@pytest.mark.parametrize(
    ("product", "places"), [(real_product, ()), (complex_product, (0, 5, 10))]
)
def test_both_forms_of_a_recurrence_agree(product, places):
    first = first_rows(*places, count=11)
    one_by_one = recurrence_of(product, Form.SCAN, first)
    assert_close(recurrence_of(product, Form.TREE, first), one_by_one, 1e-5)


def test_complex_products_are_those_of_complex_numbers():
    a, b = 0.3 - 1.2j, -0.7 + 0.4j
    pairs = [(jnp.float32(z.real), jnp.float32(z.imag)) for z in (a, b)]
    real, imaginary = complex_product(*pairs)
    assert complex(real, imaginary) == pytest.approx(a * b, abs=1e-6)


@pytest.mark.parametrize("name", ["mingru", "lru"])
def test_cells_keep_their_answers_where_the_tree_is_taken(name, monkeypatch):
    x, first = rows(4), first_rows(3)
    memory = memory_named(name)
    one_by_one = runner(name)(memory.initial_carry(), x, first)
    taken = []

    def tree(count):
        taken.append(count)
        return Form.TREE

    monkeypatch.setattr(recurrences, "best_form", tree)
    assert_close(memory(memory.initial_carry(), x, first), one_by_one, 1e-5)
    assert taken == [ROWS]


def test_nothing_not_even_nan_passes_a_first_row_in_the_tree():
    first, nan = first_rows(0), jnp.full(WIDTH, jnp.nan)
    decay, drive = jnp.full((ROWS, WIDTH), 0.5), rows(5)
    h = linear_recurrence(real_product, nan, decay, drive, first, Form.TREE)
    assert np.isfinite(h).all()


@pytest.mark.parametrize(
    ("backend", "count", "form"),
    [
        ("cpu", 64, Form.SCAN),
        ("gpu", 63, Form.SCAN),
        ("gpu", 64, Form.TREE),
        ("tpu", 64, Form.TREE),
    ],
)
def test_the_tree_is_for_long_runs_on_accelerators(backend, count, form, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert recurrences.best_form(count) is form
