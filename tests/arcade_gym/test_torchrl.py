"""TorchRL's `GymWrapper` takes the vector environment (issue 19).

The extra `dev` does not bring it; `.ci/libraries` runs this file in an environment of
its own.
"""

import jax
import numpy as np
import pytest
import torch

import jax_core
from tests.arcade_gym.kit import make

pytest.importorskip("torchrl", reason="needs torchrl: .ci/libraries")

from torchrl.collectors import Collector
from torchrl.envs import TransformedEnv, check_env_specs
from torchrl.envs.libs.gym import GymWrapper
from torchrl.envs.transforms import RewardSum

LANES, STEPS, LIMITS = 3, 14, (3, 5, 4)
TOGETHER = (3, 3, 3)
MODES = ["SameStep", "Disabled"]


def played(backend, mode, limits=LIMITS, **options):
    """Lanes that end after steps of their own."""
    level = jax_core.make("SkittlesEasy")[1]
    options = {"game": "Skittles", "max_episode_steps": None} | options
    return make(
        LANES,
        backend=backend,
        autoreset_mode=mode,
        params=jax.tree.map(lambda number: np.array(limits), level),
        **options,
    )


def wrapped(backend, mode, **options):
    envs = played(backend, mode, **options)
    return GymWrapper(envs, categorical_action_encoding=True)


def rollout(backend, mode, limits):
    env = wrapped(backend, mode, limits=limits)
    start = env.reset(seed=0)
    torch.manual_seed(0)
    return env.rollout(
        STEPS, tensordict=start, auto_reset=False, break_when_any_done=False
    )


def transitions(actions, mode, limits):
    """The same with ours alone: [steps, lanes] of each result.

    TorchRL resets an environment when all lanes have ended, also one that has begun the
    next episodes by itself; it then goes on with those after them.
    """
    envs = played("numpy", "Disabled", limits)
    obs = envs.reset(seed=0)[0].copy()
    for action in actions:
        after, reward, terminated, truncated, _ = envs.step(action)
        yield obs, after.copy(), reward, terminated, truncated
        obs = after.copy()
        if (ended := terminated | truncated).any():
            obs = envs.reset(options={"reset_mask": ended})[0].copy()
        if mode == "SameStep" and ended.all():
            obs = envs.reset()[0].copy()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("limits", [LIMITS, TOGETHER], ids=["apart", "together"])
def test_rollouts_equal_ours_transition_by_transition(backend, mode, limits):
    seen = rollout(backend, mode, limits)
    assert seen.batch_size == (LANES, STEPS)
    actions = seen["action"].numpy().T
    names = ("observation", ("next", "observation"), ("next", "reward"))
    names += (("next", "terminated"), ("next", "truncated"))
    ended = 0
    for step, wanted in enumerate(transitions(actions, mode, limits)):
        for name, array in zip(names, wanted, strict=True):
            found = seen[name][:, step].reshape(array.shape)
            assert found.numpy().dtype == array.dtype
            assert np.array_equal(found, array), (name, step)
        ended += int((wanted[3] | wanted[4]).sum())
    assert ended >= 2 * LANES


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_specs_are_those_of_the_data(backend, mode):
    check_env_specs(wrapped(backend, mode))


@pytest.mark.parametrize("mode", MODES)
def test_frames_of_atari_pass_through(mode):
    atari = {"grayscale": True, "frame_stack": 3, "channels_first": True}
    env = wrapped("numpy", mode, **atari)
    check_env_specs(env)
    assert env.reset()["observation"].shape == (LANES, 3, 64, 64)


@pytest.mark.parametrize("mode", MODES)
def test_a_collector_sums_rewards_of_episodes(mode):
    env = TransformedEnv(wrapped("numpy", mode), RewardSum())
    collector = Collector(env, None, frames_per_batch=LANES * STEPS, total_frames=-1)
    batch = next(iter(collector))
    collector.shutdown()
    ended = batch["next", "done"]
    assert int(ended.sum()) >= 2 * LANES
    lengths = batch["next", "episode_reward"][ended]
    assert lengths.shape == ended[ended].shape
    assert torch.isfinite(lengths).all()
