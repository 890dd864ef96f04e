"""`grayscale`, `frame_stack`, `channels_first` and constants of a level (issue 19)."""

import pickle

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn

from arcade_gym import ArcadeEnv, ArcadeVectorEnv
from arcade_gym.wrappers import FrameStack, Grayscale
from jax_core import registry
from tests.arcade_gym.kit import BACKENDS, every_backend_and_mode, make, random_actions

ID = "popgym_arcade/Breakout-v0"
ATARI = {"grayscale": True, "frame_stack": 3, "channels_first": True}


def first(frames):
    """Frames [..., height, width, channels] with the channels first."""
    return np.moveaxis(np.asarray(frames), -1, -3)


def kept(frames):
    return np.asarray(frames).copy()


def play_out(envs, mode):
    """Observations and last frames; lane 1 is restarted in mid-episode."""
    seen, finals = [kept(envs.reset(seed=0)[0])], []
    ended = np.zeros(3, bool)
    for index, action in enumerate(random_actions(13, 3)):
        mask = ended.copy() if mode == "Disabled" else np.zeros(3, bool)
        mask[1] |= index == 2
        if mask.any():
            seen.append(kept(envs.reset(options={"reset_mask": mask})[0]))
        obs, _, terminated, truncated, info = envs.step(action)
        seen.append(kept(obs))
        ended = np.asarray(terminated | truncated)
        if mode == "SameStep" and ended.any():
            finals += [kept(info["final_obs"][i]) for i in np.flatnonzero(ended)]
    return np.stack(seen), np.stack(finals or seen)


@every_backend_and_mode
def test_options_give_the_bytes_of_the_wrappers(backend, mode):
    ours = make(backend=backend, autoreset_mode=mode, **ATARI)
    theirs = FrameStack(Grayscale(make(backend="numpy", autoreset_mode=mode)), 3)
    assert ours.single_observation_space.shape == (3, 64, 64)
    assert ours.observation_space.shape == (3, 3, 64, 64)
    obs = ours.reset(seed=0)[0]
    assert isinstance(obs, BACKENDS[backend])
    assert ours.observation_space.contains(np.asarray(obs))
    for one, other in zip(play_out(ours, mode), play_out(theirs, mode), strict=True):
        assert np.array_equal(one, first(other))


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stack_of_colors_joins_the_channels(backend):
    plain = kept(FrameStack(make(backend="numpy"), 2).reset(seed=0)[0])
    stacked = make(backend=backend, frame_stack=2)
    turned = make(backend=backend, frame_stack=2, channels_first=True)
    assert stacked.single_observation_space.shape == (64, 64, 6)
    assert np.array_equal(stacked.reset(seed=0)[0], plain)
    assert np.array_equal(turned.reset(seed=0)[0], first(plain))
    theirs = FrameStack(make(backend="numpy"), 2)
    theirs.reset(seed=0)
    wanted = theirs.step([3, 2, 4])[0]
    assert np.array_equal(stacked.step([3, 2, 4])[0], wanted)
    assert np.array_equal(turned.step([3, 2, 4])[0], first(wanted))


def test_gray_frames_may_have_their_channel_last_too():
    wanted = Grayscale(make(backend="numpy")).reset(seed=0)[0]
    for backend in BACKENDS:
        envs = make(backend=backend, grayscale=True)
        assert envs.single_observation_space.shape == (64, 64, 1)
        assert np.array_equal(envs.reset(seed=0)[0], wanted)
    stacked = make(backend="torch", **ATARI | {"channels_first": False})
    assert np.array_equal(stacked.reset(seed=0)[0], wanted.repeat(3, -1))


def test_bringing_channels_to_the_front_moves_no_byte():
    color = make(backend="torch", channels_first=True).reset(seed=0)[0]
    assert color.shape == (3, 3, 64, 64)
    assert color.permute(0, 2, 3, 1).is_contiguous()
    assert make(backend="torch", **ATARI).reset(seed=0)[0].is_contiguous()
    host = make(backend="numpy", channels_first=True).reset(seed=0)[0]
    assert host.transpose(0, 2, 3, 1).flags.c_contiguous
    host[...] = 7  # a view that can be written


def test_the_single_environment_plays_what_a_lane_plays():
    options = {"obs_size": 64, "max_episode_steps": 5, "render_mode": "rgb_array"}
    env = ArcadeEnv(game="Breakout", **options, **ATARI)
    envs = make(backend="numpy", autoreset_mode="Disabled", **ATARI)
    obs = env.reset(seed=1)[0]
    assert env.observation_space.contains(obs)
    assert np.array_equal(obs, envs.reset(seed=0)[0][1])
    for _ in range(3):
        assert np.array_equal(env.step(3)[0], envs.step([0, 3, 0])[0][1])
    assert env.render().shape == (64, 64, 3)


def test_pictures_stay_in_color():
    plain = make(backend="numpy", render_mode="rgb_array")
    envs = make(backend="numpy", render_mode="rgb_array", **ATARI)
    for made in (plain, envs):
        made.reset(seed=0)
    assert np.array_equal(envs.render(), plain.render())


def test_a_stack_is_saved_with_the_state():
    envs, other = make(**ATARI), make(**ATARI)
    envs.reset(seed=0)
    for _ in range(3):
        obs = envs.step([3, 2, 4])[0]
    other.set_state(envs.get_state())
    copied = pickle.loads(pickle.dumps(envs))
    then = envs.step([2, 3, 4])[0]
    for again in (other, copied):
        assert np.array_equal(again.draw(), obs)
        assert np.array_equal(again.step([2, 3, 4])[0], then)
        assert again.single_observation_space.shape == (3, 64, 64)
    with pytest.raises(ValueError, match=r"state has frame_stack=3.*frame_stack=1"):
        make().set_state(envs.get_state())


def test_a_stack_goes_back_with_its_environment():
    """What was shown since the state was saved is in no later stack."""
    envs = make(backend="numpy", **ATARI)
    envs.reset(seed=0)
    saved, actions = envs.get_state(), random_actions(4, 3)
    wanted = [kept(envs.step(action)[0]) for action in actions]
    envs.set_state(saved)
    for action, obs in zip(actions, wanted, strict=True):
        assert np.array_equal(envs.step(action)[0], obs)


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_writing_into_a_stack_changes_no_later_one(backend):
    envs, twin = (make(backend=backend, **ATARI) for _ in range(2))
    obs, _ = envs.reset(seed=0)
    twin.reset(seed=0)
    for action in random_actions(7, 3):
        obs[...] = 9
        obs = envs.step(action)[0]
        assert np.array_equal(obs, twin.step(action)[0])


def test_constants_of_a_level_go_through_gymnasium():
    options = {"obs_size": 64, "paddle_width": 3}
    envs = gymnasium.make_vec(ID, 2, backend="numpy", **options)
    again = gymnasium.make_vec(envs.spec)
    assert '"paddle_width": 3' in envs.spec.to_json()
    env = gymnasium.make(ID, **options)
    core = registry.make("BreakoutEasy", **options)[0]
    for made in (envs, again):
        assert made._env == core
    obs = envs.reset(seed=0)[0]
    assert np.array_equal(env.reset(seed=0)[0], obs[0])
    narrow = ArcadeVectorEnv(2, game="Breakout", obs_size=64, backend="numpy")
    assert not np.array_equal(narrow.reset(seed=0)[0], obs)
    with pytest.raises(ValueError, match="state has params="):
        narrow.set_state(envs.get_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frame_stack": 0}, "frame_stack must be an integer from 1, .* 64, got 0"),
        ({"frame_stack": True}, "got True"),
        ({"grayscale": 1}, "grayscale must be True or False, got 1"),
        ({"channels_first": "yes"}, "channels_first must be True or False"),
        ({"padle_width": 3}, "Did you mean 'paddle_width'"),
        ({"max_steps": 0}, "max_steps must be from 1"),
        ({"paddle_width": 0}, "paddle_width must be from 1 to 10 .* got 0"),
    ],
)
@pytest.mark.parametrize("kind", [ArcadeEnv, ArcadeVectorEnv])
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_options_are_named(kind, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        kind(game="Breakout", obs_size=64, **options)


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_a_constant_out_of_its_range_is_refused_by_gymnasium(make):
    with pytest.raises(ValueError, match=r"width must be from 1 to 10 .* got 11"):
        make(ID, paddle_width=11)


def test_stacks_never_touch_the_host():
    envs = make(autoreset_mode="SameStep", **ATARI)
    envs.reset(seed=0)
    actions = jnp.zeros(3, jnp.int32)
    envs.step(actions)
    with jax.transfer_guard("disallow"):
        for _ in range(7):
            envs.step(actions)


def test_the_network_of_dqn_takes_the_frames_of_atari_unchanged():
    """Mnih et al. 2015, which CleanRL and others use: [N, 4, 84, 84]."""
    atari = ATARI | {"frame_stack": 4, "obs_size": 84}
    envs = make(2, backend="torch", **atari)
    network = nn.Sequential(
        nn.Conv2d(4, 32, 8, stride=4),
        nn.ReLU(),
        nn.Conv2d(32, 64, 4, stride=2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, stride=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 512),
        nn.ReLU(),
        nn.Linear(512, envs.single_action_space.n),
    )
    obs, _ = envs.reset(seed=0)
    assert obs.shape == (2, 4, 84, 84)
    assert obs.dtype is torch.uint8
    values = network(obs / 255.0)
    values.sum().backward()
    obs, *_ = envs.step(values.argmax(1))
    assert network(obs / 255.0).shape == (2, 5)
