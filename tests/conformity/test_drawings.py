"""Every game in frames of other sizes, and without compilation."""

import itertools

import jax
import numpy as np
import pytest

import jax_core
from jax_core import environment, registry
from jax_core.rendering.strips import draw_by_selects
from jax_core.rendering.words import draw_by_words
from tests.compiling import render_for_cpus
from tests.conformity.kit import LANES, STEPS, VIEWS, Case, actions, close, keys, lane


def other_sizes():
    """Cells of different widths, of cards, a board and polygons; the rest is slow."""
    chosen = {("AutoEncodeEasy", "partial"), ("NavigatorEasy", "partial")}
    chosen.add(("CartPoleEasy", "full"))
    ids, sizes = jax_core.registered_envs, (64, 84, 256)
    for env_id, size, view in itertools.product(ids, sizes, VIEWS):
        is_chosen = size == 84 and (env_id, view) in chosen
        marks = () if is_chosen else pytest.mark.slow
        yield pytest.param(env_id, size, view, marks=marks)


def played(case):
    """States of random play."""
    state = case.init(keys(0))
    for t in range(STEPS):
        state = case.transition(keys(t), state, actions(t)).state
    return state


@pytest.mark.parametrize(("env_id", "size", "view"), list(other_sizes()))
def test_other_sizes_draw_alike_in_both_ways(env_id, size, view):
    case = Case(env_id, view)
    frames = [
        case.draw(played(case), draw, size) for draw in (draw_by_selects, draw_by_words)
    ]
    env, params = jax_core.make(env_id, obs_size=size)
    assert frames[0].shape == (LANES, size, size, 3)
    assert frames[0].dtype == np.uint8
    assert env.observation_space(params).contains(frames[0][0])
    assert np.array_equal(*frames)


def games(*chosen):
    """The games chosen; the others are slow."""
    for name in sorted(registry.games):
        marks = () if name in chosen else pytest.mark.slow
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(games("Breakout", "CartPole", "Navigator")))
def test_eager_and_compiled_rules_agree(name):
    case = Case(f"{name}Easy", "full")
    env, params = case.env, case.params
    starts = case.init(keys(0))
    assert close(env.init(keys(0)[0], params), lane(starts, 0))
    start = jax.tree.map(lambda leaf: leaf[0], starts)
    results = case.transition(keys(1), starts, np.full(LANES, 3, np.int32))
    assert close(env.transition(keys(1)[0], start, 3, params), lane(results, 0))
    scene = env.game.scene(start, params, env.visibility)
    assert close(scene, lane(case.scene(starts), 0))


@pytest.mark.parametrize("name", list(games("Navigator")))  # drawn alike in all
def test_eager_and_compiled_steps_agree(name, monkeypatch):
    monkeypatch.setattr(environment, "render", render_for_cpus)  # not compiled, either
    env, params = jax_core.make(f"{name}Easy", obs_size=64)
    key = jax.random.key(0)
    _, state = env.reset(key, params)
    eager = env.step(key, state, 3, params)
    fast = jax.jit(env.step)(key, state, 3, params)
    assert close(eager, fast)
