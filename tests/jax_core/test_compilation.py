"""Options of the compiler: harmless where they are unknown, and no other results."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import compilation, random
from jax_core.compilation import compute_once
from jax_core.games import tetris


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


EXTREMES = (0, 1, 2**16 - 1, 2**16, 2**31, 2**32 - 1)


@pytest.mark.parametrize(
    "numbers",
    [
        np.array(SPECIAL, np.float32),
        np.array(EXTREMES, np.uint32),
        np.array([-(2**24), -1, 0, 1, 2**24], np.int32),
    ],
    ids=lambda numbers: numbers.dtype.name,
)
def test_computing_once_changes_no_bit(numbers):
    assert np.asarray(jax.jit(compute_once)(numbers)).tobytes() == numbers.tobytes()
    assert np.asarray(jax.vmap(compute_once)(numbers)).tobytes() == numbers.tobytes()


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only on CPUs")
@pytest.mark.parametrize(
    ("once", "dtype", "loops"),
    [
        (lambda same: same, "float32", 1),
        (compute_once, "float32", 2),
        (compute_once, "int32", 2),
        (compute_once, "uint32", 3),  # one for each half
    ],
)
def test_what_is_computed_once_has_a_loop_of_its_own(once, dtype, loops):
    def cells(start):
        number = once(jnp.maximum(3 * start + 1, 2 - start))
        return jnp.arange(256, dtype=dtype)[None] < number[:, None]

    program = jax.jit(cells).lower(jax.ShapeDtypeStruct((64,), dtype)).compile()
    entry = program.as_text().split("ENTRY")[1]
    assert entry.count(" fusion(") == loops


def fused_loops(program):
    """Shape of the (first) result, and text, of every fused computation."""
    loops = [text for text in program.split("\n}\n") if "\n%fused_" in f"\n{text}"]
    roots = [re.search(r"ROOT \S+ = \(?\w+\[([\d,]*)\]", text) for text in loops]
    return [
        (tuple(map(int, root[1].split(","))) if root[1] else (), text)
        for root, text in zip(roots, loops, strict=True)
    ]


LANES = 64
WORDS_DRAWN = {"Tetris": 2}  # both halves of each are found
DRAWN_BY_CELL = {"Skittles": 1}  # its coins: faster than to put words together


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only on CPUs")
@pytest.mark.parametrize("game", sorted(jax_core.registry.games))
def test_a_step_finds_its_random_numbers_once(game, monkeypatch):
    """Not once for each cell, and with it all that a cell depends on."""
    draws = []
    threefry = random._threefry

    def count(*args):
        draws.append(args)
        return threefry(*args)

    env, params = jax_core.make(f"{game}Easy", obs_size=64)
    state = jax.eval_shape(env.init, jax.random.key(0))
    monkeypatch.setattr(random, "_threefry", count)

    def step(key, state, action):
        return env.step(key, state, action, params)

    lanes = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((LANES, *leaf.shape), leaf.dtype),
        (jax.eval_shape(lambda: jax.random.key(0)), state, jnp.int32(0)),
    )
    program = jax.jit(jax.vmap(step)).lower(*lanes).compile().as_text()
    fused = fused_loops(program)
    # Twenty rounds, each of which shifts to the left once.
    rounds = [text.count(" shift-left(") // 20 for _, text in fused]
    assert 0 < sum(rounds) <= len(draws) + WORDS_DRAWN.get(game, 0)
    drawing = [found for found, count in zip(fused, rounds, strict=True) if count]
    assert not [text for _, text in drawing if " reduce(" in text]
    two_words = 2 * LANES * max(math.prod(shape) for _, shape in draws)
    sizes = [math.prod(shape) for shape, _ in drawing]
    assert sum(size > two_words for size in sizes) <= DRAWN_BY_CELL.get(game, 0)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only on CPUs")
def test_rows_of_a_falling_piece_are_found_before_its_cells():
    """Ten cells ask for each row, and so do the sums that pack tile ids."""
    env, _ = jax_core.make("TetrisEasy")
    keys = jax.random.split(jax.random.key(0), LANES)
    states = jax.eval_shape(jax.vmap(env.init), keys)
    cells = jax.jit(jax.vmap(tetris._piece_cells))
    program = cells.lower(states).compile().as_text()
    found = dict(fused_loops(program))
    # A row has its bits shifted to the piece's column, and back to those of its cells.
    assert " shift-right-arithmetic(" in found[LANES, 20, 10]
    assert " shift-left(" not in found[LANES, 20, 10]
    assert " shift-left(" in found[LANES, 20]
