"""Gymnasium's wrappers around our environment, and ours around it."""

from collections import deque
from pathlib import Path

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv

from arcade_gym.testing import check_vector_env
from arcade_gym.wrappers import FrameStack, Grayscale, NormalizeReward
from jax_core.rendering.palette import Color
from tests.arcade_gym.kit import BACKENDS, every_backend_and_mode, make, random_actions
from tests.arcade_gym.wrapper_cases import WRAPPERS, expected_cells

PAGE = Path(__file__).parents[2] / "docs" / "wrappers.md"
CELLS = list(expected_cells(PAGE.read_text()))


def marked_cells():
    """The second mode is slow where frames are on a device, and no wrapper cares."""
    for name, backend, mode, expected in CELLS:
        is_chosen = mode == "NextStep" or backend == "numpy"
        marks = () if is_chosen else pytest.mark.slow
        yield pytest.param(name, backend, mode, expected, marks=marks)


ERRORS = (TypeError, ValueError, RuntimeError, AssertionError, BufferError)
BOTH_ENDED = 5  # steps of an episode in `make`
# What is compared with Gymnasium's own wrappers is what they do from this one on.
IS_OF_THE_TABLE = tuple(map(int, gymnasium.__version__.split(".")[:2])) >= (1, 4)


def library_of(obs):
    return next(name for name, kind in BACKENDS.items() if isinstance(obs, kind))


def test_the_table_has_every_wrapper():
    assert {name for name, *_ in CELLS} == set(WRAPPERS)
    assert len(CELLS) == len(WRAPPERS) * 6
    known = {"HumanRendering", "VectorizeTransformAction", "TransformAction"}
    known |= {"ClipAction", "RescaleAction", "FilterObservation", "ResizeObservation"}
    known |= {"VectorizeTransformObservation", "VectorizeTransformReward"}
    known |= {"JaxToNumpy", "JaxToTorch", "NumpyToTorch"}
    named = {name.partition(" ")[0] for name in WRAPPERS}
    assert set(gymnasium.wrappers.vector.__all__) == named | known


@pytest.mark.parametrize(("name", "backend", "mode", "expected"), list(marked_cells()))
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*not contain the last frame:UserWarning")  # known
@pytest.mark.usefixtures("clips", "lenient_arrays")
def test_stock_wrappers_do_what_the_table_says(name, backend, mode, expected):
    if expected not in BACKENDS and not IS_OF_THE_TABLE:
        pytest.skip("needs Gymnasium 1.4, whose errors these are")

    def play():
        envs = make(backend=backend, autoreset_mode=mode, render_mode="rgb_array")
        wrapped = WRAPPERS[name](envs)
        wrapped.reset(seed=0)
        for _ in range(BOTH_ENDED + 2):
            obs = wrapped.step(np.zeros(3, np.int32))[0]
        wrapped.close()
        return library_of(obs)

    if expected in BACKENDS:
        assert play() == expected
    else:
        with pytest.raises(ERRORS) as found:
            play()
        assert found.type.__name__ == expected


def play_stacked(envs, mode, on_reset, on_step):
    """Plays episodes whose lanes end at different steps."""
    ended = np.zeros(3, bool)
    on_reset(envs.reset(seed=0)[0], ~ended)
    for index, action in enumerate(random_actions(13, 3)):
        mask = ended.copy() if mode == "Disabled" else np.zeros(3, bool)
        mask[1] |= index == 2
        if mask.any():
            on_reset(envs.reset(options={"reset_mask": mask})[0], mask)
        obs, _, terminated, truncated, info = envs.step(action)
        ended = np.asarray(terminated | truncated)
        on_step(obs, ended, info)


def stacks_by_hand(mode, size):
    """Frames of an unwrapped environment, kept in a queue per lane."""
    queues = [deque(maxlen=size) for _ in range(3)]
    stacked, finals, waiting = [], [], np.zeros(3, bool)

    def keep():
        stacked.append(np.stack([np.concatenate(queue, -1) for queue in queues]))

    def on_reset(obs, mask):
        waiting[mask] = False
        for lane in np.flatnonzero(mask):
            queues[lane].extend([obs[lane]] * size)
        keep()

    def on_step(obs, ended, info):
        for lane, queue in enumerate(queues):
            if mode == "SameStep" and ended[lane]:
                last = [*list(queue)[1:], info["final_obs"][lane]]
                finals.append(np.concatenate(last, -1))
            is_first = ended[lane] if mode == "SameStep" else waiting[lane]
            queue.extend([obs[lane]] * (size if is_first else 1))
        waiting[:] = ended & (mode == "NextStep")
        keep()

    envs = make(backend="numpy", autoreset_mode=mode)
    play_stacked(envs, mode, on_reset, on_step)
    return stacked, finals


@every_backend_and_mode
def test_stacks_hold_the_frames_of_one_episode(backend, mode):
    wanted, last = stacks_by_hand(mode, 3)
    stacked, finals = [], []

    def on_reset(obs, mask):
        stacked.append(obs)

    def on_step(obs, ended, info):
        stacked.append(obs)
        finals.extend(info["final_obs"][lane] for lane in np.flatnonzero(ended) if info)

    envs = FrameStack(make(backend=backend, autoreset_mode=mode), 3)
    play_stacked(envs, mode, on_reset, on_step)
    assert all(isinstance(obs, BACKENDS[backend]) for obs in stacked)
    assert np.array_equal(np.stack([np.asarray(obs) for obs in stacked]), wanted)
    assert len(finals) == len(last)
    assert all(np.array_equal(a, b) for a, b in zip(finals, last, strict=True))
    assert mode != "SameStep" or len(finals) >= 6


@pytest.mark.parametrize("mask_type", [np.asarray, jnp.asarray, torch.tensor])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_mask_in_mid_episode_restarts_its_stacks_only(backend, mask_type):
    envs = FrameStack(make(backend=backend, autoreset_mode="Disabled"), 2)
    first = np.asarray(envs.reset(seed=0)[0])
    before = np.asarray(envs.step([3, 3, 3])[0])
    mask = mask_type(np.array([True, False, True]))
    after = np.asarray(envs.reset(seed=0, options={"reset_mask": mask})[0])
    assert np.array_equal(after[[0, 2]], first[[0, 2]])
    assert np.array_equal(after[1], before[1])
    assert not np.array_equal(before[1], first[1])


def test_a_mask_clears_the_reset_that_a_lane_waited_for():
    envs = FrameStack(make(backend="torch"), 2)
    envs.reset(seed=0)
    for _ in range(BOTH_ENDED):
        envs.step([3, 3, 3])
    envs.reset(seed=0, options={"reset_mask": np.array([True, False, False])})
    obs = envs.step([3, 3, 3])[0]
    old, new = obs.split(3, dim=-1)
    assert not torch.equal(old[0], new[0])  # a real step
    assert torch.equal(old[1:], new[1:])  # first frames


@every_backend_and_mode
def test_wrapped_environments_keep_every_rule(backend, mode):
    envs = make(backend=backend, autoreset_mode=mode)
    check_vector_env(NormalizeReward(FrameStack(Grayscale(envs), 3)), steps=12)


def test_grey_is_the_brightness_of_the_colors():
    frames = [make(backend=backend).reset(seed=0)[0] for backend in BACKENDS]
    grey = [Grayscale(make(backend=backend)).reset(seed=0)[0] for backend in BACKENDS]
    exact = np.asarray(frames[0]) @ np.array([0.299, 0.587, 0.114])
    assert grey[0].shape == (3, 64, 64, 1)
    assert np.abs(np.asarray(grey[0])[..., 0] - exact).max() < 2
    for other in grey[1:]:
        assert np.array_equal(grey[0], other)


def test_every_color_of_the_palette_becomes_its_brightness():
    """Brightnesses of a picture differ by 18 or more, so its shades do by 16."""
    colors = np.array([color.value for color in Color], np.uint8)

    class OneFrame(VectorEnv):
        num_envs = 1
        single_observation_space = Box(0, 255, (1, len(colors), 3), np.uint8)

        def reset(self, *, seed=None, options=None):
            return colors[None, None], {}

    grey = Grayscale(OneFrame()).reset()[0].ravel()
    error = grey - colors @ np.array([0.299, 0.587, 0.114])
    assert np.ptp(error) <= 2


def test_last_frames_are_grey_and_drawn_late():
    plain = make(autoreset_mode="SameStep", backend="torch", max_episode_steps=1)
    envs = Grayscale(
        make(autoreset_mode="SameStep", backend="torch", max_episode_steps=1)
    )
    plain.reset(seed=0)
    envs.reset(seed=0)
    info, wanted = envs.step([4, 4, 4])[4], plain.step([4, 4, 4])[4]
    assert dict.__getitem__(info, "final_obs") is None
    frames = wanted["final_obs"].int()
    brightness = (frames * torch.tensor([77, 150, 29])).sum(-1, keepdim=True) // 256
    assert torch.equal(info["final_obs"].int(), brightness)


@pytest.mark.skipif(not IS_OF_THE_TABLE, reason="needs Gymnasium 1.4")
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_rewards_are_divided_as_by_the_stock_wrapper(mode):
    stock = gymnasium.wrappers.vector.NormalizeReward(
        make(game="Skittles", backend="numpy", autoreset_mode=mode), gamma=0.9
    )
    ours = {
        backend: NormalizeReward(
            make(game="Skittles", backend=backend, autoreset_mode=mode), gamma=0.9
        )
        for backend in BACKENDS
    }
    for envs in (stock, *ours.values()):
        envs.reset(seed=0)
    for action in random_actions(14, 3):
        want = stock.step(action)[1]
        for backend, envs in ours.items():
            reward = envs.step(action)[1]
            assert isinstance(reward, BACKENDS[backend])
            assert np.asarray(reward).dtype == np.float32
            np.testing.assert_allclose(reward, want, rtol=1e-4)


def test_returns_of_the_lanes_of_a_mask_start_anew():
    envs = NormalizeReward(make(game="Skittles", autoreset_mode="Disabled"))
    envs.reset(seed=0)
    for _ in range(3):
        envs.step([0, 0, 0])
    kept = np.array(envs._returns)
    envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert np.array_equal(envs._returns, kept * [1, 0, 1])


def test_nothing_is_read_on_the_host(monkeypatch):
    envs = make(autoreset_mode="SameStep")
    envs = NormalizeReward(FrameStack(Grayscale(envs), 2))
    envs.reset(seed=0)
    actions = jnp.zeros(3, jnp.int32)
    for _ in range(4):
        envs.step(actions)

    def refuse(*args, **kwargs):
        raise AssertionError("an array was read on the host")

    for name in ("_value", "__array__", "__bool__", "__int__", "__float__", "item"):
        monkeypatch.setattr(type(actions), name, refuse)
    with jax.transfer_guard("disallow"):
        for _ in range(4):
            envs.step(actions)


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda envs: FrameStack(envs, 0), "stack_size must be at least 1, got 0"),
        (lambda envs: Grayscale(FrameStack(envs, 2)), "3 channels, got 6"),
        (lambda envs: NormalizeReward(envs, gamma=2.0), r"gamma must lie in \[0, 1\]"),
        (lambda envs: NormalizeReward(envs, epsilon=0.0), "epsilon must be positive"),
        (
            lambda envs: FrameStack(gymnasium.make_vec("CartPole-v1", 2)),
            "must be uint8 .num_envs, height, width, channels., got Box",
        ),
    ],
)
def test_what_cannot_be_wrapped_is_refused(wrap, message):
    with pytest.raises(ValueError, match=message):
        wrap(make())
