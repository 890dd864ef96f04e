"""What holds for every game, level and view, whatever its rules."""

import functools
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import registry
from jax_core.game import Visibility
from jax_core.rendering.lookup import paint_by_lookup
from jax_core.rendering.render import render_with
from jax_core.rendering.selects import paint_by_selects
from tests.conformity.cases import CASES
from tests.states import put

LANES = 4
STEPS = 12


class Compiled(NamedTuple):
    """One environment with its batched functions, shared by all tests of it."""

    env: jax_core.Environment
    params: object
    reset: object
    step: object
    transition: object

    @property
    def game(self):
        return registry.levels[self.env.name][0].name


@functools.lru_cache(maxsize=2)  # the two views of a level
def compiled(env_id, partial_obs):
    env, params = jax_core.make(env_id, partial_obs=partial_obs)
    return Compiled(
        env,
        params,
        reset=jax.jit(jax.vmap(env.reset, in_axes=(0, None))),
        step=jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None))),
        transition=jax.jit(jax.vmap(env.transition, in_axes=(0, 0, 0, None))),
    )


@pytest.fixture(
    params=itertools.product(jax_core.registered_envs, (False, True)),
    ids=lambda view: f"{view[0]}-{'partial' if view[1] else 'full'}",
    scope="module",
)
def case(request):
    return compiled(*request.param)


def keys(seed, count=LANES):
    return jax.random.split(jax.random.key(seed), count)


def actions(seed):
    return jax.random.randint(jax.random.key(seed), (LANES,), 0, 5, jnp.int32)


def play(case, seed=0, steps=STEPS):
    """Results of every step of a batch of random episodes."""
    obs, state = case.reset(keys(seed), case.params)
    played = [(obs, state, None, None, None)]
    for t in range(steps):
        played.append(case.step(keys(1000 + t), played[-1][1], actions(t), case.params))
    return played


def equal(tree, other):
    pairs = zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def lane(tree, index):
    return jax.tree.map(lambda leaf: leaf[index], tree)


def test_every_game_has_a_row():
    assert set(CASES) >= set(registry.games)


def test_shapes_and_dtypes(case):
    size = case.env.obs_size
    obs, state, reward, done, info = play(case, steps=1)[-1]
    assert obs.shape == (LANES, size, size, 3)
    assert obs.dtype == jnp.uint8
    assert reward.shape == done.shape == (LANES,)
    assert (reward.dtype, done.dtype) == (jnp.float32, jnp.bool_)
    assert {k: v.dtype for k, v in info.items()} == {
        "terminated": jnp.bool_,
        "truncated": jnp.bool_,
        "discount": jnp.float32,
    }
    assert state.time.dtype == state.score.dtype == jnp.int32
    assert case.env.observation_space(case.params).contains(obs[0])


def test_state_keeps_its_types_and_is_not_recompiled(case):
    played = play(case)
    kinds = [
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), state)
        for _, state, *_ in played
    ]
    assert all(kind == kinds[0] for kind in kinds)
    assert case.step._cache_size() == 1


def test_same_keys_and_actions_give_the_same_episode(case):
    assert equal(play(case), play(case))


def test_different_keys_give_different_lanes(case):
    state = play(case)[-1][1]
    assert not all(equal(lane(state, 0), lane(state, i)) for i in range(1, LANES))


def test_a_lane_does_not_depend_on_its_neighbours(case):
    _, state, *_ = play(case)[-1]
    order = np.array([2, 0, 3, 1])
    results = case.step(keys(7), state, actions(7), case.params)
    shuffled = case.step(
        keys(7)[order], lane(state, order), actions(7)[order], case.params
    )
    assert equal(lane(results, order), shuffled)


def test_step_limit_truncates_and_does_not_terminate(case):
    _, state = case.reset(keys(0), case.params)
    state = put(state, time=jnp.full(LANES, case.params.max_steps - 1, jnp.int32))
    idle = jnp.zeros(LANES, jnp.int32)  # "up" ends no game by itself in the first step
    result = case.transition(keys(1), state, idle, case.params)
    assert result.truncated.all()
    assert not case.transition(
        keys(1), put(state, time=state.time - 1), idle, case.params
    ).truncated.any()


def test_autoreset_restarts_ended_lanes_and_leaves_the_others_alone(case):
    _, state, *_ = play(case, steps=3)[-1]
    limit = case.params.max_steps
    late = put(state, time=state.time.at[1].set(limit - 1))
    step_keys = keys(5)
    obs, after, _, done, _ = case.step(step_keys, late, actions(5), case.params)
    assert done[1]
    assert after.time[1] == 0
    assert after.score[1] == 0
    # A lane's first sub-key steps, whether or not its neighbours end.
    first = jax.vmap(lambda key: jax.random.split(key)[0])(step_keys)
    alone = case.transition(first, late, actions(5), case.params)
    for index in np.flatnonzero(~np.asarray(done)):
        assert equal(lane(after, index), lane(alone.state, index))
    second = jax.vmap(lambda key: jax.random.split(key)[1])(step_keys)
    fresh_obs, fresh = case.reset(second, case.params)
    assert equal(lane(fresh, 1), lane(after, 1))
    assert np.array_equal(fresh_obs[1], obs[1])


def test_out_of_range_actions_do_not_move_but_use_up_a_step(case):
    _, state, *_ = play(case, steps=3)[-1]
    for action in (-1, 5, 2**31 - 1):
        wild = jnp.full(LANES, action, jnp.int32)
        result = case.transition(keys(2), state, wild, case.params)
        assert equal(result.state.time, state.time + 1)
        assert result.reward.shape == (LANES,)


def test_an_episode_may_go_to_and_fro_between_the_views(case):
    is_full = case.env.visibility is Visibility.FULL
    twin = compiled(case.env.name, is_full)
    assert twin.env.visibility is not case.env.visibility
    _, state = case.reset(keys(0), case.params)
    for t in range(STEPS):
        ours, theirs = (
            view.step(keys(t), state, actions(t), case.params) for view in (case, twin)
        )
        assert equal(ours[1:], theirs[1:])  # all but the pictures
        state = theirs[1] if t % 2 else ours[1]


def test_hidden_fields_do_not_reach_the_scene(case):
    """Exchanges hidden fields between states; scenes must not change."""
    view = case.env.visibility
    hidden = CASES[case.game].never_shown
    if view is Visibility.PARTIAL:
        hidden += CASES[case.game].hidden_in_partial
    _, state, *_ = play(case)[-1]
    state = put(state, time=jnp.maximum(state.time, 1))
    other = jax.tree.map(lambda leaf: jnp.roll(leaf, 1, axis=0), state)
    mixed = put(state, **{name: getattr(other, name) for name in hidden})
    scene = jax.vmap(lambda s: case.env.game.scene(s, case.params, view))
    assert equal(scene(state), scene(mixed))


def drawn(env, params, state, paint_planes):
    """A batch of frames by one of the two ways of drawing."""

    def frame(state):
        scene = env.game.scene(state, params, env.visibility)
        return render_with(scene, size=env.obs_size, paint_planes=paint_planes)

    return jax.jit(jax.vmap(frame))(state)


def test_the_way_of_drawing_for_gpus_gives_the_same_bytes(case):
    obs, state, *_ = play(case)[-1]
    assert np.array_equal(obs, drawn(case.env, case.params, state, paint_by_lookup))


def undrawn_states(env, params):
    """States of random play, found without compiling a drawing."""

    def episode(key):
        def step(state, step_key):
            action = jax.random.randint(step_key, (), 0, 5, jnp.int32)
            return env.transition(step_key, state, action, params).state, None

        start = env.init(key, params)
        return jax.lax.scan(step, start, jax.random.split(key, STEPS))[0]

    return jax.jit(jax.vmap(episode))(keys(0))


@pytest.mark.parametrize(
    "size",
    [
        84,  # no multiple of a cell's size
        pytest.param(64, marks=pytest.mark.slow),
        pytest.param(256, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("partial_obs", [False, True], ids=["full", "partial"])
@pytest.mark.parametrize(
    "env_id",
    [
        pytest.param(env_id, marks=() if env_id.endswith("Easy") else pytest.mark.slow)
        for env_id in jax_core.registered_envs
    ],
)
def test_other_sizes_draw_alike_in_both_ways(env_id, partial_obs, size):
    env, params = jax_core.make(env_id, partial_obs=partial_obs, obs_size=size)
    state = undrawn_states(env, params)
    frames = [
        drawn(env, params, state, paint_planes)
        for paint_planes in (paint_by_selects, paint_by_lookup)
    ]
    assert frames[0].shape == (LANES, size, size, 3)
    assert frames[0].dtype == jnp.uint8
    assert env.observation_space(params).contains(frames[0][0])
    assert np.array_equal(*frames)


@pytest.mark.parametrize("name", sorted(registry.games))
def test_eager_and_compiled_steps_agree(name):
    env, params = jax_core.make(f"{name}Easy", obs_size=64)
    key = jax.random.key(0)
    _, state = env.reset(key, params)
    eager = env.step(key, state, 3, params)
    fast = jax.jit(env.step)(key, state, 3, params)
    for ours, theirs in zip(jax.tree.leaves(eager), jax.tree.leaves(fast), strict=True):
        # Fused float operations may differ in the last bit.
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
