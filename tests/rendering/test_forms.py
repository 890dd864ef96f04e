"""Both forms of drawing give the same bytes: that for CPUs and that for GPUs."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core.rendering import sites, words
from jax_core.rendering.layout import Format
from jax_core.rendering.render import render_with
from jax_core.rendering.strips import draw_by_selects
from jax_core.rendering.words import draw_by_words
from tests.compiling import jit_plainly
from tests.rendering.played import LANES, played

SIZES = (64, 65, 66, 84, 90, 96, 100, 127, 128, 200, 256)
VIEWS = (False, True)


def picture(env_id, form, draw, *, partial_obs=False):
    """A function from a state to a frame."""
    env, params = jax_core.make(env_id, partial_obs=partial_obs)

    def frame(state):
        scene = env.game.scene(state, params, env.visibility)
        return render_with(scene, form=form, draw=draw)

    return frame


@functools.cache
def drawing(form, draw):
    """Compiled once for all views and levels of a game whose scenes are built alike."""
    return jit_plainly(jax.vmap(functools.partial(render_with, form=form, draw=draw)))


@functools.cache
def scenes(env_id, partial_obs):
    env, params = jax_core.make(env_id, partial_obs=partial_obs)
    scene = jax.vmap(lambda state: env.game.scene(state, params, env.visibility))
    return jit_plainly(scene)(played(env_id))


def agree(env_id, form, partial_obs):
    frames = [
        drawing(form, draw)(scenes(env_id, partial_obs))
        for draw in (draw_by_selects, draw_by_words)
    ]
    assert frames[1].shape == (LANES, *form.shape)
    assert frames[1].dtype == jnp.uint8
    return np.array_equal(*frames)


# Rows of words, rows that are no whole words, and frames that are none.
FEW = [
    ("CartPoleEasy", 66, 3, False),
    ("CartPoleHard", 65, 1, True),
    ("BreakoutHard", 90, 3, False),
    ("MineSweeperHard", 84, 1, False),
    ("MineSweeperHard", 66, 1, True),
    ("BreakoutHard", 84, 1, False),
]
FAST = (*FEW[1:3], FEW[5])


@pytest.mark.parametrize(
    ("env_id", "size", "channels", "partial_obs"),
    [pytest.param(*few, marks=() if few in FAST else pytest.mark.slow) for few in FEW],
)
def test_both_forms_draw_the_same_bytes(env_id, size, channels, partial_obs):
    assert agree(env_id, Format(size, channels), partial_obs)


@pytest.mark.long
@pytest.mark.parametrize("partial_obs", VIEWS, ids=["full", "partial"])
@pytest.mark.parametrize("env_id", jax_core.registered_envs)
def test_both_forms_draw_the_same_bytes_at_all_sizes(env_id, partial_obs):
    forms = itertools.starmap(Format, itertools.product(SIZES, (3, 1)))
    assert [form for form in forms if not agree(env_id, form, partial_obs)] == []


def lanes(state, *shape):
    """The same states in batches of batches."""
    return jax.tree.map(lambda leaf: leaf.reshape(*shape, *leaf.shape[1:]), state)


@pytest.mark.slow
def test_batches_of_batches_and_single_frames_are_the_same():
    state, form = played("CartPoleEasy"), Format(64)
    draw = picture("CartPoleEasy", form, draw_by_words)
    expected = jit_plainly(jax.vmap(draw))(state)
    nested = jit_plainly(jax.vmap(jax.vmap(draw)))(lanes(state, 2, 3))
    assert np.array_equal(nested.reshape(expected.shape), expected)
    single = jit_plainly(draw)(jax.tree.map(lambda leaf: leaf[-1], state))
    assert np.array_equal(single, expected[-1])


def test_lanes_of_a_device_are_drawn_inside_shard_map():
    state, form = played("CartPoleEasy"), Format(64)
    draw = jax.vmap(picture("CartPoleEasy", form, draw_by_words))
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("lanes",))
    spec = jax.sharding.PartitionSpec("lanes")
    spread = jax.shard_map(draw, mesh=mesh, in_specs=spec, out_specs=spec)
    assert np.array_equal(jit_plainly(spread)(state), jit_plainly(draw)(state))


def equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            if hasattr(value, "jaxpr"):
                yield from equations(value.jaxpr)


@pytest.mark.parametrize("shape", [(LANES,), (2, LANES // 2)], ids=["batch", "nested"])
def test_a_batch_of_lookups_is_one_flat_lookup(shape):
    """Batched in JAX's own way it would be written out, to be transposed."""
    draw = picture("BreakoutEasy", Format(64), draw_by_words)
    for _ in shape:
        draw = jax.vmap(draw)
    program = jax.make_jaxpr(draw)(lanes(played("BreakoutEasy"), *shape))
    num_words = LANES * 64 * 64 * 3 // 4
    gathers = [
        equation
        for equation in equations(program.jaxpr)
        if equation.primitive.name == "gather"
        and equation.outvars[0].aval.size >= num_words
    ]
    assert len(gathers) == 2  # the line of each word's site, and the word
    for gather in gathers:
        assert gather.invars[0].aval.ndim == 1
        assert gather.params["dimension_numbers"].offset_dims == ()
        assert gather.params["dimension_numbers"].operand_batching_dims == ()


@pytest.mark.parametrize("most_words", [2000, 500, 20])
def test_frames_that_need_parts_of_words_or_several_tables_are_the_same(
    most_words, monkeypatch
):
    """As boards with many tiles over each other would; no game does."""
    form = Format(64)
    drawing.cache_clear()
    monkeypatch.setattr(sites, "_MOST_WORDS", most_words)
    sites.make_tables.cache_clear()
    made = []
    monkeypatch.setattr(
        words,
        "make_tables",
        lambda *args: made.append(sites.make_tables(*args)) or made[-1],
    )
    try:
        assert agree("TetrisHard", form, partial_obs=False)
    finally:
        sites.make_tables.cache_clear()
        drawing.cache_clear()
    (tables,) = made
    assert len(tables) > 1 or len(tables[0][0].sites) > 1
