"""Saving, restoring, pickling and copying environments in mid-episode."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError

from arcade_gym import ArcadeVectorEnv
from tests.arcade_gym.kit import GAMES, every_backend_and_mode, make, random_actions

slow = pytest.mark.slow


def results_of(envs, actions):
    return [[np.asarray(x).copy() for x in envs.step(a)[:4]] for a in actions]


def assert_equal_results(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        for a, b in zip(one, other, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize(
    "game",
    [  # a state of any game is a few arrays
        pytest.param(game, marks=() if game == "Skittles" else slow) for game in GAMES
    ],
)
def test_a_saved_run_continues_bit_for_bit(game):
    """Over the next resets, in another environment, after a round through pickle."""
    envs = make(game=game)
    envs.reset(seed=3)
    results_of(envs, random_actions(4, 3))
    state = pickle.loads(pickle.dumps(envs.get_state()))
    present = np.asarray(envs.draw())
    later = random_actions(9, 3, seed=5)
    wanted = results_of(envs, later)
    twin = make(game=game)
    twin.set_state(state)
    assert np.array_equal(twin.draw(), present)
    assert twin.np_random_seed == (3, 4, 5)
    assert_equal_results(results_of(twin, later), wanted)
    envs.set_state(state)  # and back in time in the same environment
    assert_equal_results(results_of(envs, later), wanted)


@pytest.mark.parametrize(
    "convert", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
@every_backend_and_mode
def test_copies_continue_bit_for_bit(convert, mode, backend):
    envs = make(backend=backend, autoreset_mode=mode)
    envs.reset(seed=3)
    results_of(envs, random_actions(4, 3))
    envs.action_space.seed(0)
    twin = convert(envs)
    assert (twin.backend, twin.metadata) == (envs.backend, envs.metadata)
    assert np.array_equal(twin.action_space.sample(), envs.action_space.sample())
    later = random_actions(1 if mode == "Disabled" else 9, 3, seed=5)
    wanted = results_of(envs, later)
    assert_equal_results(results_of(twin, later), wanted)
    if mode == "Disabled":
        ended = wanted[-1][2] | wanted[-1][3]
        assert ended.all()
        frames = [
            np.asarray(e.reset(options={"reset_mask": ended})[0]) for e in (envs, twin)
        ]
        assert np.array_equal(*frames)


def test_a_lane_that_waits_still_waits_after_set_state():
    envs = make(backend="numpy", autoreset_mode="Disabled", max_episode_steps=1)
    envs.reset(seed=0)
    envs.step([0, 0, 0])
    twin = copy.deepcopy(envs)
    with pytest.raises(AssertionError, match="_autoreset_envs"):
        twin.step([0, 0, 0])


def test_a_state_continues_in_the_other_view_backend_and_size():
    full = make(game="BattleShip")
    full.reset(seed=0)
    results_of(full, random_actions(2, 3))
    partial = make(game="BattleShip", partial_obs=True, backend="numpy", obs_size=96)
    partial.set_state(full.get_state())
    wanted = make(game="BattleShip", partial_obs=True, backend="numpy", obs_size=96)
    wanted.reset(seed=0)
    results_of(wanted, random_actions(2, 3))
    later = random_actions(6, 3, seed=1)
    assert np.array_equal(partial.draw(), wanted.draw())
    assert_equal_results(results_of(partial, later), results_of(wanted, later))


def test_a_state_is_host_data_that_later_steps_leave_alone():
    envs = make(game="BattleShip")
    envs.reset(seed=0)
    state = envs.get_state()
    kept = copy.deepcopy(state)
    results_of(envs, random_actions(8, 3))
    envs.set_state(state)
    results_of(envs, random_actions(8, 3))
    for name, values in state["lanes"].items():
        assert isinstance(values, np.ndarray)
        assert values.shape[0] == 3
        assert np.array_equal(values, kept["lanes"][name])


def test_a_state_from_before_the_first_reset_can_be_set():
    envs = make(seed=4, game="BattleShip")
    fresh = envs.get_state()
    obs = np.asarray(envs.reset()[0])
    envs.set_state(fresh)
    assert np.array_equal(envs.reset()[0], obs)


def test_closed_environments_stay_closed_in_copies():
    envs = make()
    envs.reset(seed=0)
    envs.close()
    twin = pickle.loads(pickle.dumps(envs))
    with pytest.raises(ClosedEnvironmentError):
        twin.reset()
    with pytest.raises(ClosedEnvironmentError):
        envs.get_state()


def test_the_spec_survives_copies():
    envs = gymnasium.make_vec("popgym_arcade/Breakout-v0", 2, obs_size=64)
    assert copy.deepcopy(envs).spec == envs.spec


def other(**changes):
    envs = ArcadeVectorEnv(
        **({"num_envs": 3, "game": "Skittles", "obs_size": 64} | changes)
    )
    return envs.get_state()


def played(num_envs):
    envs = make(num_envs, "Skittles")
    envs.reset(seed=0)
    return envs.get_state()


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (
            lambda: other(game="Breakout"),
            ValueError,
            "game='BreakoutEasy'.*'SkittlesEasy'",
        ),
        (lambda: other(difficulty="hard"), ValueError, "game='SkittlesHard'"),
        (lambda: other(num_envs=2), ValueError, "num_envs=2.*num_envs=3"),
        (lambda: played(2), ValueError, "num_envs=2.*num_envs=3"),
        (lambda: other() | {"version": 9}, ValueError, "version=9"),
        (lambda: other() | {"format": 0}, ValueError, "format=0"),
        (dict, TypeError, r"dictionary that get_state\(\) returned, got dict"),
        (lambda: None, TypeError, "got NoneType"),
        (lambda: other() | {"lanes": {"x": 1}}, ValueError, r"unknown: \['x'\]"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_states_of_others_are_refused_and_nothing_is_lost(state, error, message):
    envs = make(game="Skittles")
    obs = np.asarray(envs.reset(seed=0)[0])
    with pytest.raises(error, match=message):
        envs.set_state(state())
    assert np.array_equal(envs.draw(), obs)


def test_fields_of_another_shape_are_named():
    envs = make(game="Skittles")
    envs.reset(seed=0)
    state = envs.get_state()
    state["lanes"]["state.time"] = np.zeros(2, np.int32)
    with pytest.raises(ValueError, match=r"\['state.time'\] must be int32 \(3,\), got"):
        envs.set_state(state)


def test_attributes_are_given_once_for_every_lane():
    envs = make(render_mode="rgb_array")
    assert envs.get_attr("render_mode") == ("rgb_array",) * 3
    assert envs.call("backend") == ("jax",) * 3
    obs = envs.reset(seed=0)[0]
    assert np.array_equal(np.stack(envs.call("render")), obs)
    envs.set_attr("tag", ["a", "b", "c"])
    envs.set_attr("note", 7)
    assert envs.get_attr("tag") == ("a", "b", "c")
    assert envs.call("note") == (7, 7, 7)
    with pytest.raises(AttributeError, match="'backend' belongs to the environment"):
        envs.set_attr("backend", "numpy")
    with pytest.raises(ValueError, match="one for each of the 3 environments, got 2"):
        envs.set_attr("tag", [1, 2])
    with pytest.raises(ValueError, match="of the environment itself"):
        envs.call("reset")
    with pytest.raises(AttributeError):
        envs.get_attr("colour")
