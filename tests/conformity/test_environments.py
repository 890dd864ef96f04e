"""What holds for every game, level and view, whatever its rules."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import registry
from jax_core.game import Visibility
from jax_core.rendering.words import draw_by_words
from tests.conformity.cases import CASES
from tests.conformity.kit import (
    LANES,
    STEPS,
    VIEWS,
    Case,
    actions,
    close,
    equal,
    keys,
    lane,
)
from tests.states import put

pytestmark = pytest.mark.usefixtures("as_shipped")


def view_cases():
    """All views; harder levels differ in sizes only, and are slow."""
    for env_id, view in itertools.product(jax_core.registered_envs, VIEWS):
        marks = () if env_id.endswith("Easy") else pytest.mark.slow
        yield pytest.param(Case(env_id, view), marks=marks, id=f"{env_id}-{view}")


@pytest.fixture(params=list(view_cases()), scope="module")
def case(request):
    return request.param


@pytest.fixture(
    params=[Case(env_id, "full") for env_id in jax_core.registered_envs],
    ids=jax_core.registered_envs,
    scope="module",
)
def level(request):
    """A level, whatever its view: for what makes no picture."""
    return request.param


def test_every_game_has_a_row():
    assert set(CASES) >= set(registry.games)


def test_shapes_and_dtypes(case):
    size = case.env.obs_size
    obs, state, reward, done, info = case.played
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
    case.play(steps=1)
    programs = case.step._cache_size()
    states = [case.init(keys(0)), *(state for _, state, *_ in case.play())]
    kinds = [
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), state)
        for state in states
    ]
    assert all(kind == kinds[0] for kind in kinds)
    assert case.step._cache_size() == programs


def test_same_keys_and_actions_give_the_same_episode(case):
    assert equal(case.play(), case.play())


def test_different_keys_give_different_lanes(level):
    state = level.init(keys(0))
    for t in range(STEPS):
        state = level.transition(keys(1000 + t), state, actions(t)).state
    assert not all(equal(lane(state, 0), lane(state, i)) for i in range(1, LANES))


def test_a_lane_does_not_depend_on_its_neighbours(case):
    _, state, *_ = case.played
    order = np.array([2, 0, 3, 1])
    results = case.step(keys(7), state, actions(7), case.params)
    shuffled = case.step(
        keys(7)[order], lane(state, order), actions(7)[order], case.params
    )
    assert equal(lane(results, order), shuffled)


def test_step_limit_truncates_and_does_not_terminate(level):
    state = level.init(keys(0))
    late = put(state, time=np.full(LANES, level.params.max_steps - 1))
    idle = np.zeros(LANES, np.int32)
    result = level.transition(keys(1), late, idle)
    assert result.truncated.all()
    earlier = put(state, time=np.full(LANES, level.params.max_steps - 2))
    before = level.transition(keys(1), earlier, idle)
    assert not before.truncated.any()
    assert not before.terminated.all()
    assert np.array_equal(result.terminated, before.terminated)


def split(step_keys):
    """The two keys that a step makes of its own: to step, and to start anew."""
    return jax.vmap(jax.random.split)(step_keys).T


def test_autoreset_restarts_ended_lanes_and_leaves_the_others_alone(case):
    _, state, *_ = case.played
    is_late = np.arange(LANES) == 1
    late = put(state, time=np.where(is_late, case.params.max_steps - 1, state.time))
    obs, after, _, done, _ = case.step(keys(5), late, actions(5), case.params)
    assert done[1]
    assert after.time[1] == 0
    assert after.score[1] == 0
    others = np.flatnonzero(~np.asarray(done))
    early = case.step(keys(5), state, actions(5), case.params)
    assert equal(lane((obs, after), others), lane(early[:2], others))
    # A lane's first sub-key steps, whether or not its neighbours end.
    step_keys, reset_keys = split(keys(5))
    alone = case.transition(step_keys, late, actions(5))
    assert close(lane(after, others), lane(alone.state, others))
    fresh = case.init(reset_keys)
    assert close(lane(after, 1), lane(fresh, 1))
    assert np.array_equal(obs[1], case.draw(after, draw_by_words)[1])


def test_out_of_range_actions_do_not_move_but_use_up_a_step(level):
    state = level.init(keys(0))
    for action in (-1, 5, 2**31 - 1):
        wild = np.full(LANES, action, np.int32)
        result = level.transition(keys(2), state, wild)
        assert equal(result.state.time, state.time + 1)
        assert result.reward.shape == (LANES,)


@pytest.mark.parametrize(
    "case",
    [Case(env_id, "full") for env_id in jax_core.registered_envs if "Easy" in env_id],
    ids=lambda case: case.env_id,
)
def test_an_episode_may_go_to_and_fro_between_the_views(case):
    assert case.twin.env.visibility is not case.env.visibility
    state = case.init(keys(0))
    for t in range(STEPS):
        ours, theirs = (
            view.step(keys(t), state, actions(t), case.params)
            for view in (case, case.twin)
        )
        assert equal(ours[1:], theirs[1:])  # all but the pictures
        state = theirs[1] if t % 2 else ours[1]


def test_hidden_fields_do_not_reach_the_scene(case):
    """Exchanges hidden fields between states; scenes must not change."""
    hidden = CASES[case.game].never_shown
    if case.env.visibility is Visibility.PARTIAL:
        hidden += CASES[case.game].hidden_in_partial
    _, state, *_ = case.played
    state = put(state, time=np.maximum(state.time, 1))
    other = jax.tree.map(lambda leaf: np.roll(leaf, 1, axis=0), state)
    mixed = put(state, **{name: getattr(other, name) for name in hidden})
    assert equal(case.scene(state), case.scene(mixed))


def test_the_way_of_drawing_for_gpus_gives_the_same_bytes(case):
    obs, state, *_ = case.played
    assert np.array_equal(obs, case.draw(state, draw_by_words))
