"""What training code of other libraries demands of an environment (issue 19)."""

import warnings

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from arcade_gym import ArcadeEnv, ArcadeVectorEnv
from arcade_gym.lanes import arguments
from arcade_gym.wrappers import FrameStack, Grayscale, NormalizeReward
from tests.arcade_gym.kit import BACKENDS, MODES, every_backend_and_mode, make

ID = "popgym_arcade/Breakout-v0"
STATISTICS = {"obs_size": 64, "record_episode_statistics": True}
IDLE = np.zeros(3, np.int32)


@pytest.mark.parametrize("mode", MODES)
def test_the_autoreset_mode_is_an_attribute_of_every_layer(mode):
    envs = make(autoreset_mode=mode)
    for layer in (envs, Grayscale(envs), FrameStack(envs), NormalizeReward(envs)):
        assert layer.autoreset_mode is AutoresetMode(mode)


@every_backend_and_mode
def test_infos_are_pytrees(backend, mode):
    """Those of SameStep were leaves, which JAX could neither stack nor compile."""
    envs = make(
        backend=backend,
        autoreset_mode=mode,
        record_episode_statistics=True,
        max_episode_steps=1,
    )
    envs.reset(seed=0)
    info = envs.step(IDLE)[4]
    paths = {jax.tree_util.keystr(p) for p, _ in jax.tree.leaves_with_path(info)}
    assert {"['episode']['l']", "['_episode']"} <= paths
    assert ("['final_obs']" in paths) == (mode == "SameStep")
    again = jax.tree.map(lambda leaf: leaf, info)
    assert jax.tree.structure(again) == jax.tree.structure(info)
    assert set(again) == set(info)
    if backend == "jax":
        lengths = jax.jit(lambda info: info["episode"]["l"] + 1)(info)
        assert lengths.tolist() == [2, 2, 2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_final_info_has_the_episode(backend):
    envs = make(
        backend=backend,
        autoreset_mode="SameStep",
        record_episode_statistics=True,
        max_episode_steps=1,
    )
    envs.reset(seed=0)
    info = envs.step(IDLE)[4]
    final = info["final_info"]
    assert set(final) == {"episode", "_episode"}
    assert final["_episode"].tolist() == [True] * 3
    assert set(final["episode"]) == set("rlt" if backend == "numpy" else "rl")
    for name, values in final["episode"].items():
        assert isinstance(values, BACKENDS[backend])
        assert values.tolist() == info["episode"][name].tolist()
    assert final["episode"]["l"].tolist() == [1, 1, 1]


def test_final_info_is_that_of_synchronous_copies():
    options = {"game": "Breakout", "max_episode_steps": 1} | STATISTICS
    theirs = SyncVectorEnv(
        [lambda: ArcadeEnv(**options)] * 3, autoreset_mode="SameStep"
    )
    ours = make(
        backend="numpy",
        autoreset_mode="SameStep",
        record_episode_statistics=True,
        max_episode_steps=1,
    )
    final = []
    for envs in (ours, theirs):
        envs.reset(seed=0)
        final.append(envs.step(IDLE)[4]["final_info"])
    assert set(final[0]) == set(final[1]) == {"episode", "_episode"}
    assert set(final[0]["episode"]) == {"r", "l", "t"}
    assert final[0]["episode"]["l"].tolist() == final[1]["episode"]["l"].tolist()


def test_frames_of_numpy_can_be_written_and_are_never_read_again():
    envs = make(
        backend="numpy",
        autoreset_mode="SameStep",
        max_episode_steps=2,
        render_mode="rgb_array",
    )
    twin = make(backend="numpy", autoreset_mode="SameStep", max_episode_steps=2)
    obs, wanted = envs.reset(seed=0)[0], twin.reset(seed=0)[0]
    for _ in range(5):
        assert np.array_equal(obs, wanted)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of frames that cannot be written
            torch.from_numpy(obs).fill_(7)
        obs, *_, info = envs.step(IDLE)
        wanted, *_, expected = twin.step(IDLE)
        for ours, theirs in zip(
            info.get("final_obs", ()), expected.get("final_obs", ()), strict=True
        ):
            assert np.array_equal(ours, theirs)
            ours[...] = 7
    for frame in (*envs.render(), envs.draw()):
        frame[...] = 7
    assert np.array_equal(envs.draw(), wanted)


def test_views_of_written_frames_keep_their_bytes():
    envs = make(backend="numpy")
    rows = envs.reset(seed=0)[0][:, 3:5]
    rows[...] = 7
    for _ in range(5):
        envs.step(IDLE)
    assert (rows == 7).all()


def test_frames_of_the_single_environment_can_be_written():
    env = ArcadeEnv(game="Breakout", obs_size=64)
    obs = env.reset(seed=0)[0]
    obs[...] = 7
    frame = env.step(3)[0]
    frame[...] = 7
    assert (obs == 7).all()
    assert not (env.step(3)[0] == 7).all()


@pytest.mark.usefixtures("unchecked_annotations")
def test_numbers_of_numpy_are_taken_wherever_those_of_python_are():
    envs = ArcadeVectorEnv(
        np.int64(2),
        game="Breakout",
        partial_obs=np.bool_(True),
        obs_size=np.int64(64),
        max_episode_steps=np.int64(5),
        seed=np.int64(1),
        record_episode_statistics=np.bool_(True),
        validate_actions=np.bool_(False),
    )
    plain = make(2, partial_obs=True, seed=1)
    assert envs.single_observation_space == plain.single_observation_space
    assert np.array_equal(envs.reset()[0], plain.reset()[0])
    scaled = NormalizeReward(plain, gamma=np.float64(0.9), epsilon=np.float32(1e-8))
    scaled.reset(seed=np.int64(3))
    assert np.asarray(scaled.step(np.zeros(2, np.int32))[1]).dtype == np.float32


@pytest.mark.parametrize(
    "name", ["max_episode_steps", "difficulty", "obs_size", "max_steps", "paddle_width"]
)
def test_what_cannot_change_cannot_be_set(name):
    envs = make()
    with pytest.raises(AttributeError, match=f"'{name}' belongs to the environment"):
        envs.set_attr(name, 2)


def test_options_cannot_be_set_on_synchronous_copies():
    envs = SyncVectorEnv([lambda: ArcadeEnv(game="Breakout", obs_size=64)] * 2)
    with pytest.raises(AttributeError, match="'max_episode_steps' belongs to"):
        envs.set_attr("max_episode_steps", 2)
    envs.set_attr("note", 5)
    assert envs.get_attr("note") == (5, 5)


@pytest.mark.parametrize("action", [3, np.int32(3), jnp.int32(3), torch.tensor(3)])
def test_a_single_action_for_a_batch_is_a_type_error(action):
    """As in `SyncVectorEnv`."""
    envs = make()
    envs.reset(seed=0)
    with pytest.raises(TypeError, match=r"actions must have shape \(3,\).*got \(\)"):
        envs.step(action)


def test_a_limit_of_gymnasiums_make_counts_for_the_statistics():
    """`gymnasium.make` keeps `max_episode_steps` for a TimeLimit."""
    env = gymnasium.make(ID, max_episode_steps=3, **STATISTICS)
    for made in (env, gymnasium.make(env.spec)):
        made.reset(seed=0)
        *_, truncated, info = [made.step(0) for _ in range(3)][-1]
        assert truncated
        assert "episode" in info
        assert info["episode"]["l"] == 3


def test_the_limit_of_another_environment_is_not_taken_over():
    def around():
        return gymnasium.Wrapper(ArcadeEnv(game="Breakout", obs_size=64))

    gymnasium.register("Around-v0", around)
    try:
        env = gymnasium.make("Around-v0", max_episode_steps=3)
    finally:
        gymnasium.registry.pop("Around-v0")
    assert env.unwrapped._options["max_episode_steps"] is None


def test_a_limit_longer_than_that_of_the_level_is_refused_by_make_too():
    with pytest.raises(ValueError, match="from 1 to 2000, the step limit of Breakout"):
        gymnasium.make(ID, obs_size=64, max_episode_steps=2001)
    assert gymnasium.make(ID, obs_size=64, max_episode_steps=-1).spec.id == ID


def test_cuda_is_another_word_for_gpu(monkeypatch):
    asked = []

    def local_devices(backend=None):
        asked.append(backend)
        return ["first", "second"]

    monkeypatch.setattr(jax, "local_devices", local_devices)
    assert arguments.devices("cuda:1", None, 1) == ("second",)
    assert asked == ["gpu"]


def test_ids_of_gymnasium_name_games_and_levels():
    for game in (ID, "Breakout-v0", "popgym_arcade/BreakoutEasy-v0"):
        envs = ArcadeVectorEnv(2, game=game, obs_size=64)
        assert envs.get_state()["game"] == "BreakoutEasy"
    with pytest.raises(ValueError, match="Unknown game 'popgym_arcade/Breakout-v7'"):
        ArcadeVectorEnv(2, game="popgym_arcade/Breakout-v7")


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_an_unknown_option_is_refused_in_the_words_of_python(make):
    """TorchRL's GymEnv tries frameskip, and leaves it out when it reads them."""
    for error in (TypeError, ValueError):
        with pytest.raises(error, match="unexpected keyword argument 'frameskip'"):
            make(ID, frameskip=1)
