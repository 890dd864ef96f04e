"""`ArcadeVectorEnv(params=...)`: levels that differ from lane to lane (issue 19)."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from arcade_gym import ArcadeVectorEnv
from tests.arcade_gym.kit import equal, make, play, random_actions

LEVEL = jax_core.make("NoisyCartPoleEasy", obs_size=64)[1]
LIMITS, NOISE = [3, 5, 4], [0.0, 0.3, 0.6]
OPTIONS = {"game": "NoisyCartPole", "max_episode_steps": None, "backend": "numpy"}


def by_lane(**columns):
    """`LEVEL.replace(...)`, which checks shapes in the tests only."""
    return jax.tree.map_with_path(
        lambda path, number: columns.get(path[0].name, number), LEVEL
    )


BY_LANE = by_lane(max_steps=jnp.array(LIMITS), noise=np.array(NOISE))


def test_every_lane_plays_its_own_level():
    """Each lane against an environment whose lanes all have its level."""
    actions = random_actions(8, 3)
    mixed = play(make(params=BY_LANE, **OPTIONS), actions)
    for lane, (limit, noise) in enumerate(zip(LIMITS, NOISE, strict=True)):
        alike = LEVEL.replace(max_steps=limit, noise=noise)
        wanted = play(make(params=alike, **OPTIONS), actions)
        for ours, theirs in zip(mixed, wanted, strict=True):
            for one, other in zip(ours, theirs, strict=True):
                if np.ndim(one):
                    assert np.array_equal(one[lane], other[lane])


def test_episodes_begin_in_the_level_of_their_lane():
    """Against an environment that has its level by constants, not by params."""
    frames = make(params=BY_LANE, **OPTIONS).reset(seed=0)[0]
    noisy = make(noise=NOISE[2], **OPTIONS).reset(seed=0)[0]
    assert [np.array_equal(*pair) for pair in zip(frames, noisy, strict=True)] == [
        False,
        False,
        True,
    ]


def test_params_of_the_level_play_the_level():
    actions = random_actions(6, 3)
    same = play(make(params=LEVEL, **OPTIONS), actions)
    assert equal(same, play(make(**OPTIONS), actions))
    sharper = play(make(params=LEVEL.replace(max_steps=3), **OPTIONS), actions)
    assert not equal(same, sharper)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["SameStep", "Disabled"])
def test_limits_and_last_frames_are_those_of_the_lanes(mode):
    envs = make(params=BY_LANE, **OPTIONS, autoreset_mode=mode)
    envs.reset(seed=0)
    cut = [envs.step([2, 3, 2])[3].tolist() for _ in range(3)]
    assert cut == [[False] * 3, [False] * 3, [True, False, False]]
    mask = np.array([True, False, False])
    if mode == "Disabled":
        envs.reset(options={"reset_mask": mask})
    *_, cut, info = envs.step([3, 2, 3])
    assert cut.tolist() == [False, False, True]
    if mode == "SameStep":
        assert info["final_obs"][2].shape == (64, 64, 3)


def test_they_are_saved_with_the_lanes_and_are_no_part_of_a_spec():
    envs = make(params=BY_LANE, **OPTIONS, render_mode="rgb_array")
    assert envs.spec is None
    envs.reset(seed=0)
    envs.step([0, 0, 0])
    state = envs.get_state()
    assert state["lanes"]["params.max_steps"].tolist() == LIMITS
    copied = pickle.loads(pickle.dumps(envs))
    other = make(params=LEVEL, **OPTIONS)
    other.set_state(state)
    present = copied.draw()
    wanted = envs.step([1, 2, 3])
    assert envs.render()[0].shape == (64, 64, 3)
    for again in (copied, other):
        assert np.array_equal(again.draw(), present)
        results = again.step([1, 2, 3])
        assert all(map(np.array_equal, results[:4], wanted[:4]))
    with pytest.raises(ValueError, match=r"unknown: \['params\.max_steps'"):
        make(**OPTIONS).set_state(state)


def test_static_fields_are_shared_by_the_lanes():
    level = jax_core.make("BreakoutEasy", paddle_width=3)[1]
    envs = make(params=level, backend="numpy")
    wanted = make(paddle_width=3, backend="numpy").reset(seed=0)[0]
    assert np.array_equal(envs.reset(seed=0)[0], wanted)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (jax_core.make("SkittlesEasy")[1], TypeError, "must be those of NoisyCartPole"),
        ({"max_steps": 3}, TypeError, "got dict"),
        (by_lane(max_steps=np.array([3, 4])), ValueError, r"got shape \(2,\)"),
        (by_lane(max_steps=np.array([3, 0, 4])), ValueError, "from 1 to"),
        (by_lane(max_steps=np.full(3, 2.5)), ValueError, "must be an integer"),
        (by_lane(noise=np.full(3, np.nan)), ValueError, "finite number, got"),
        (by_lane(noise=np.array([0, 1, -2.0])), ValueError, "from 0 to .* got -2.0"),
        (by_lane(noise=jnp.array([0, 1, 1e9])), ValueError, "from 0 to .* got 1000000"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_params_that_cannot_be_are_named(params, error, message):
    with pytest.raises(error, match=message):
        ArcadeVectorEnv(3, game="NoisyCartPole", obs_size=64, params=params)


@pytest.mark.slow  # another program
def test_a_limit_may_be_as_long_as_that_of_the_longest_lane():
    with pytest.raises(ValueError, match="from 1 to 5, the step limit of Noisy"):
        make(params=BY_LANE, **OPTIONS | {"max_episode_steps": 6})
    envs = make(params=BY_LANE, **OPTIONS | {"max_episode_steps": 4})
    envs.reset(seed=0)
    cut = np.array([envs.step([2, 3, 2])[3] for _ in range(4)])
    assert cut.sum(0).tolist() == [1, 1, 1]
    assert cut.argmax(0).tolist() == [2, 3, 3]


def test_constants_beside_params_are_refused():
    with pytest.raises(ValueError, match="noise must be left out beside params"):
        make(params=LEVEL, noise=0.5, **OPTIONS)
