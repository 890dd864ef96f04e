"""`ArcadeEnv`, ids, and sharing memory with PyTorch."""

import subprocess
import sys

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from arcade_gym import ArcadeEnv, ArcadeVectorEnv, interop
from jax_core import registry

IDS = [
    f"popgym_arcade/{name}-v0" for name in (*sorted(registry.games), *registry.levels)
]


def test_gymnasiums_checker_accepts_what_make_returns(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")  # it opens a window
    env = gymnasium.make(
        "popgym_arcade/Breakout-v0", obs_size=64, render_mode="rgb_array"
    )
    check_env(env.unwrapped)


@pytest.mark.parametrize("env_id", IDS)
def test_every_id_makes_both_kinds(env_id):
    single = gymnasium.make(env_id, partial_obs=True, obs_size=64)
    assert isinstance(single.unwrapped, ArcadeEnv)
    vector = gymnasium.make_vec(env_id, num_envs=2, partial_obs=True, obs_size=64)
    assert isinstance(vector, ArcadeVectorEnv)
    assert vector.single_observation_space == single.observation_space


@pytest.mark.slow
def test_a_difficulty_selects_the_level_of_a_game():
    by_option = gymnasium.make_vec(
        "popgym_arcade/BattleShip-v0", 2, difficulty="hard", obs_size=64
    )
    by_id = gymnasium.make_vec("popgym_arcade/BattleShipHard-v0", 2, obs_size=64)
    easy = gymnasium.make_vec("popgym_arcade/BattleShip-v0", 2, obs_size=64)
    frames = [np.array(envs.reset(seed=0)[0]) for envs in (by_option, by_id, easy)]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])


def test_a_spec_makes_the_same_environment_again():
    envs = gymnasium.make_vec(
        "popgym_arcade/Breakout-v0", 2, obs_size=64, partial_obs=True, backend="numpy"
    )
    again = gymnasium.make_vec(envs.spec)
    assert again.observation_space == envs.observation_space
    assert again.backend == "numpy"
    assert "partial_obs" in envs.spec.to_json()


@pytest.mark.slow
def test_ids_resolve_with_the_module_name_in_a_new_process():
    code = (
        "import gymnasium; "
        "e = gymnasium.make('arcade_gym:popgym_arcade/BreakoutEasy-v0', obs_size=64); "
        "print(e.spec.id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "popgym_arcade/BreakoutEasy-v0"


def test_import_starts_no_backend_and_loads_no_optional_package():
    code = (
        "import sys, arcade_gym, jax_core; from jax._src import xla_bridge; "
        "assert not xla_bridge.backends_are_initialized(); "
        "print({'torch', 'pygame', 'stable_baselines3'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_step_limit_truncates():
    env = ArcadeEnv(game="Skittles", obs_size=64, max_episode_steps=3)
    env.reset(seed=0)
    ends = [env.step(0)[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (False, True)]
    with pytest.raises(ResetNeeded, match="ended episode: call reset"):
        env.step(0)


def test_results_are_plain_python_and_frames_are_not_reused():
    env = ArcadeEnv(game="Breakout", obs_size=64)
    with pytest.raises(ResetNeeded, match="new environment: call reset"):
        env.step(0)
    first, info = env.reset(seed=0)
    obs, reward, terminated, truncated, info = env.step(3)
    assert (type(reward), type(terminated), type(truncated)) == (float, bool, bool)
    assert info == {}
    assert not np.shares_memory(first, obs)


@pytest.mark.parametrize("action", [5, -1, 1.5, "up", [1], None])
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_actions_are_refused_and_the_episode_goes_on(action):
    env = ArcadeEnv(game="Breakout", obs_size=64)
    env.reset(seed=0)
    with pytest.raises((ValueError, TypeError), match=r"actions? must"):
        env.step(action)
    env.step(np.int64(3))


def test_render_needs_a_mode():
    env = ArcadeEnv(game="Breakout", obs_size=64, render_mode="rgb_array")
    obs, _ = env.reset(seed=0)
    assert np.array_equal(env.render(), obs)
    with pytest.warns(UserWarning, match="without a render_mode draws nothing"):
        assert ArcadeEnv(game="Breakout").render() is None


@pytest.mark.parametrize("dtype", [jnp.uint8, jnp.bool_, jnp.int32, jnp.float32])
def test_torch_and_jax_share_memory_both_ways(dtype):
    array = jnp.zeros((64, 64), dtype)
    tensor = interop.to_torch(array)
    assert tensor.data_ptr() == array.unsafe_buffer_pointer()
    back = interop.to_jax(tensor)
    assert back.unsafe_buffer_pointer() == tensor.data_ptr()
    assert back.dtype == dtype


def test_numpy_views_share_memory_and_are_read_only():
    array = jnp.zeros((64, 64), jnp.uint8)
    view = interop.to_numpy(array)
    assert view.__array_interface__["data"][0] == array.unsafe_buffer_pointer()
    assert not view.flags.writeable


def test_observations_reach_torch_without_a_copy(monkeypatch):
    envs = ArcadeVectorEnv(2, game="Breakout", obs_size=64, backend="torch")
    seen = []
    share = interop.to_torch

    def record(array):
        seen.append((array.unsafe_buffer_pointer(), share(array)))
        return seen[-1][1]

    monkeypatch.setattr(interop, "to_torch", record)
    obs, _ = envs.reset(seed=0)
    results = envs.step(torch.zeros(2, dtype=torch.int32))
    assert [pointer for pointer, _ in seen] == [
        tensor.data_ptr() for tensor in (obs, results[0])
    ]


def test_int32_actions_reach_jax_without_a_copy():
    storage = torch.zeros(4096, dtype=torch.int32)
    start = (-storage.data_ptr() // 4) % 16  # the next multiple of 64 bytes
    actions = storage[start : start + 1024]
    assert interop.to_jax(actions).unsafe_buffer_pointer() == actions.data_ptr()


def test_statistics_are_those_of_gymnasiums_wrapper():
    options = {"game": "Skittles", "obs_size": 64, "max_episode_steps": 5}
    ours = ArcadeEnv(record_episode_statistics=True, devices=1, **options)
    theirs = gymnasium.wrappers.RecordEpisodeStatistics(ArcadeEnv(**options))
    for _ in range(2):
        ours.reset(seed=3)
        theirs.reset(seed=3)
        for step in range(5):
            info, wanted = ours.step(3)[4], theirs.step(3)[4]
            assert set(info) == set(wanted) == ({"episode"} if step == 4 else set())
        assert info["episode"]["r"] == pytest.approx(wanted["episode"]["r"])
        assert info["episode"]["l"] == wanted["episode"]["l"] == 5
        assert info["episode"]["t"] > 0


def test_synchronous_copies_report_statistics_in_gymnasiums_form():
    options = {"game": "Skittles", "obs_size": 64, "max_episode_steps": 5}
    envs = SyncVectorEnv(
        [lambda: ArcadeEnv(record_episode_statistics=True, **options)] * 2
    )
    envs.reset(seed=3)
    info = [envs.step([3, 3])[4] for _ in range(5)][-1]
    assert info["_episode"].all()
    assert info["episode"]["l"].tolist() == [5, 5]
