"""What Gymnasium asks of environments for which it has no checker.

Autoreset beside `SyncVectorEnv` is in `test_autoreset.py`, results and seeds in
`test_vector_env.py`, statistics in `test_statistics.py`, wrappers in
`test_wrappers.py`.
"""

import copy
import json
import pickle
import subprocess
import sys

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import VectorWrapper
from gymnasium.wrappers import vector

from arcade_gym import ArcadeEnv, ArcadeVectorEnv
from tests.arcade_gym.kit import every_backend_and_mode, make, random_actions

ID = "popgym_arcade/Breakout-v0"
OPTIONS = {"obs_size": 64, "max_episode_steps": 5}


@pytest.mark.parametrize("num_envs", [1, 4, 300])
@pytest.mark.parametrize("mode", [None, "vector_entry_point", "sync"])
def test_make_vec_makes_the_number_of_environments(num_envs, mode):
    if mode == "sync" and num_envs > 4:
        num_envs = 4
    envs = gymnasium.make_vec(ID, num_envs, vectorization_mode=mode, **OPTIONS)
    assert envs.num_envs == num_envs
    assert envs.observation_space.shape == (num_envs, 64, 64, 3)
    assert envs.action_space.shape == (num_envs,)
    assert isinstance(envs, ArcadeVectorEnv) is (mode != "sync")


def test_make_vec_passes_a_render_mode_on():
    assert gymnasium.make_vec(ID, render_mode="rgb_array").render_mode == "rgb_array"
    with pytest.raises(ValueError, match="render_mode"):
        gymnasium.make_vec(ID, render_mode="ansi")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"backend": "torch", "autoreset_mode": "SameStep"},
        {"difficulty": "hard", "partial_obs": True, "seed": 3, "device": "cpu"},
        {"max_episode_steps": 7, "record_episode_statistics": True, "obs_size": 96},
    ],
)
def test_a_spec_goes_through_json_and_makes_the_same_again(options):
    envs = gymnasium.make_vec(ID, 2, **options)
    spec = EnvSpec.from_json(envs.spec.to_json())
    again = gymnasium.make_vec(spec)
    assert again.spec == envs.spec
    assert again.num_envs == 2
    assert again.observation_space == envs.observation_space
    assert again.metadata == envs.metadata
    assert again.__getstate__()["options"] == envs.__getstate__()["options"]
    assert json.loads(envs.spec.to_json())["kwargs"].items() >= options.items()


def test_a_spec_of_the_single_environment_goes_through_json():
    env = gymnasium.make(ID, obs_size=64, difficulty="medium")
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.spec == env.spec
    assert again.observation_space == env.observation_space


def test_a_mode_as_enum_is_its_name_in_the_spec():
    mode = gymnasium.vector.AutoresetMode.DISABLED
    envs = gymnasium.make_vec(ID, autoreset_mode=mode)
    assert envs.metadata["autoreset_mode"] is mode
    assert json.loads(envs.spec.to_json())["kwargs"]["autoreset_mode"] == "Disabled"
    assert gymnasium.make_vec(envs.spec).metadata["autoreset_mode"] is mode


@pytest.mark.parametrize("refused", [{"wrappers": (vector.ClipReward,)}, {"color": 1}])
def test_make_vec_refuses_what_it_cannot_pass_on(refused):
    with pytest.raises((gymnasium.error.Error, TypeError, ValueError)):
        gymnasium.make_vec(ID, vectorization_mode="vector_entry_point", **refused)


def test_the_checker_accepts_what_make_wraps():
    check_env(ArcadeEnv(game="Breakout", obs_size=64), skip_render_check=True)
    env = gymnasium.make(ID, obs_size=64)
    env.reset(seed=1)
    env.step(env.action_space.sample())
    assert env.unwrapped.np_random_seed == 1


@every_backend_and_mode
def test_two_environments_play_the_same(mode, backend):
    played = []
    for _ in range(2):
        envs = make(backend=backend, autoreset_mode=mode)
        obs, info = envs.reset(seed=2)
        played.append([(np.asarray(obs), info)])
        ended = np.zeros(3, bool)
        for action in random_actions(12, 3):
            if mode == "Disabled" and ended.any():
                envs.reset(options={"reset_mask": ended})
            results = envs.step(action)
            ended = np.asarray(results[2] | results[3])
            played[-1].append([np.asarray(result) for result in results[:4]])
    for one, other in zip(*played, strict=True):
        assert data_equivalence(tuple(one), tuple(other), exact=True)


@every_backend_and_mode
@pytest.mark.filterwarnings(
    "ignore:.*not contain the last frame:UserWarning"
)  # SameStep
def test_record_video_films_every_lane(backend, mode, clips):
    envs = make(backend=backend, autoreset_mode=mode, render_mode="rgb_array")
    filmed = vector.RecordVideo(envs, "films", step_trigger=lambda step: step == 1)
    filmed.reset(seed=0)
    shown = [np.stack(envs.render())]
    for _ in range(3):
        filmed.step([3, 3, 3])
        shown.append(np.stack(envs.render()))
    filmed.close()
    [(frames, fps)] = clips
    assert fps == envs.metadata["render_fps"]
    width = frames[0].shape[1]
    assert frames[0].shape == (64, width, 3)
    assert any(np.array_equal(frames[-1][:, :64], frame[0]) for frame in shown)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_infos_become_a_list(mode):
    envs = make(backend="numpy", autoreset_mode=mode, record_episode_statistics=True)
    envs = vector.DictInfoToList(envs)
    assert envs.reset(seed=0)[1] == [{}, {}, {}]
    infos = [envs.step([4, 4, 4])[4] for _ in range(5)]
    assert infos[:4] == [[{}, {}, {}]] * 4
    for info in infos[4]:
        assert info["episode"]["l"] == 5
        assert ("final_obs" in info) is (mode == "SameStep")
        if mode == "SameStep":
            assert info["final_obs"].shape == (64, 64, 3)


@pytest.mark.parametrize(("backend", "library"), [("jax", jnp), ("torch", torch)])
def test_converted_arrays_play_the_same(backend, library):
    plain = make(backend="numpy")
    converted = vector.ArrayConversion(make(backend=backend), library, np)
    wanted, obs = plain.reset(seed=0)[0], converted.reset(seed=0)[0]
    assert np.array_equal(obs, wanted)
    for action in random_actions(7, 3):
        ours, theirs = converted.step(action), plain.step(action)
        for one, other in zip(ours[:4], theirs[:4], strict=True):
            assert isinstance(one, np.ndarray)
            assert np.array_equal(one, other)


def test_a_vector_wrapper_equals_wrapped_copies_of_the_single_environment():
    def wrap_one():
        env = ArcadeEnv(game="Breakout", **OPTIONS)
        return gymnasium.wrappers.TransformReward(env, lambda reward: reward * 2 + 1)

    copies = gymnasium.vector.SyncVectorEnv([wrap_one] * 3)
    whole = vector.TransformReward(make(backend="numpy"), lambda r: r * 2 + 1)
    assert np.array_equal(whole.reset(seed=0)[0], copies.reset(seed=0)[0])
    for action in random_actions(4, 3):  # no dummy step, which only one side rewards
        ours, theirs = whole.step(action), copies.step(action)
        assert np.array_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6)


def test_attributes_are_seen_through_wrappers():
    envs = make(render_mode="rgb_array")
    wrapped = VectorWrapper(envs)
    for name in (
        "num_envs",
        "observation_space",
        "single_observation_space",
        "action_space",
        "single_action_space",
        "metadata",
        "render_mode",
        "spec",
        "np_random_seed",
    ):
        assert getattr(wrapped, name) == getattr(envs, name)
    assert wrapped.unwrapped is envs
    wrapped.close()
    assert envs.closed


def test_episodes_have_equal_lengths_under_a_step_limit():
    """In every lane, autoreset by autoreset, with a dummy step between episodes."""
    envs = make(2, "Skittles", backend="numpy", max_episode_steps=3)
    envs.reset(seed=0)
    truncated = np.stack([envs.step([0, 0])[3] for _ in range(12)])
    steps = np.flatnonzero(truncated[:, 0])
    assert np.array_equal(truncated[:, 0], truncated[:, 1])
    assert np.array_equal(np.diff(steps), [4, 4])


@pytest.mark.slow
@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_a_copied_single_environment_goes_on_where_the_other_was(clone):
    env = gymnasium.make("popgym_arcade/BattleShip-v0", obs_size=64)
    new = clone(env)
    assert np.array_equal(env.reset(seed=5)[0], new.reset(seed=5)[0])
    env.step(3)
    again = clone(env)
    assert again.spec == env.spec
    assert again.unwrapped.np_random_seed == 5
    for action in (3, 2, 3):
        for ours, theirs in zip(again.step(action), env.step(action), strict=True):
            assert np.array_equal(ours, theirs)
    assert np.array_equal(again.reset()[0], env.reset()[0])


def test_a_copy_of_an_ended_episode_waits_for_a_reset():
    env = ArcadeEnv(game="Breakout", obs_size=64, max_episode_steps=1)
    env.reset(seed=0)
    env.step(0)
    with pytest.raises(ResetNeeded, match="ended episode"):
        copy.deepcopy(env).step(0)


@pytest.mark.slow
@pytest.mark.parametrize("first", ["torch", "jax"])
def test_torch_and_jax_can_be_imported_in_either_order(first):
    second = {"jax": "torch", "torch": "jax"}[first]
    code = (
        f"import {first}, {second}; from arcade_gym import ArcadeVectorEnv, interop; "
        "envs = ArcadeVectorEnv(1, game='Breakout', backend='torch'); "
        "array = jax.device_put(1.0, envs.device); "
        "print(interop.to_torch(array).device, array.device.platform)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    kinds = {"cpu cpu\n", "cuda:0 gpu\n"}
    assert done.stdout in kinds
