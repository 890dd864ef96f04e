"""TorchRL's `GymWrapper` takes the vector environment (issue 19).

The extra `dev` does not bring it; `.ci/libraries` runs this file in an environment of
its own.
"""

import math

import jax
import numpy as np
import pytest
import torch
from torch import nn

import jax_core
from tests.arcade_gym.kit import make

pytest.importorskip("torchrl", reason="needs torchrl: .ci/libraries")

from tensordict.nn import TensorDictModule  # behind the skip, as all below
from torchrl.collectors import Collector
from torchrl.envs import TransformedEnv, check_env_specs
from torchrl.envs.libs.gym import GymWrapper
from torchrl.envs.transforms import RewardSum
from torchrl.modules import ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

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


def network(num_outputs):
    """A small convolutional network for frames of 64 pixels, channels first."""
    layers = nn.Sequential(
        nn.Conv2d(3, 16, 8, stride=8),
        nn.ReLU(),
        nn.Conv2d(16, 32, 4, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 3 * 3, 128),
        nn.ReLU(),
        nn.Linear(128, num_outputs),
    )
    return OverFrames(layers)


class OverFrames(nn.Module):
    """Scales uint8 frames, and takes any number of batch axes."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, frames):
        batch, frame = frames.shape[:-3], frames.shape[-3:]
        flat = self.layers(frames.reshape(-1, *frame).float() / 255)
        return flat.reshape(*batch, -1)


class Learner:
    """PPO of TorchRL: its actor, its loss, its advantages."""

    def __init__(self, env):
        self.actor = ProbabilisticActor(
            TensorDictModule(network(5), ["observation"], ["logits"]),
            in_keys=["logits"],
            spec=env.full_action_spec_unbatched,
            distribution_class=torch.distributions.Categorical,
            return_log_prob=True,
        )
        critic = ValueOperator(network(1), in_keys=["observation"])
        self.loss = ClipPPOLoss(self.actor, critic)
        self._advantages = GAE(gamma=0.99, lmbda=0.95, value_network=critic)
        self._optimizer = torch.optim.Adam(self.loss.parameters(), 1e-3)

    def update(self, batch):
        """Learns from a batch of the collector; yields the losses."""
        with torch.no_grad():
            self._advantages(batch)
        rows = batch.reshape(-1)
        for _ in range(4):
            for chosen in torch.randperm(len(rows)).split(256):
                parts = self.loss(rows[chosen])
                total = sum(part for name, part in parts.items() if "loss_" in name)
                self._optimizer.zero_grad()
                total.backward()
                self._optimizer.step()
                yield float(total.detach())


@pytest.mark.long  # trains for a minute
def test_a_collector_trains_ppo():
    """Losses are finite, no frame is lost, and the pole stands longer than at first."""
    torch.manual_seed(0)
    lanes, steps, updates = 32, 32, 30
    envs = make(
        lanes,
        game="CartPole",
        backend="numpy",
        autoreset_mode="SameStep",
        max_episode_steps=None,
        channels_first=True,
    )
    env = GymWrapper(envs, categorical_action_encoding=True)
    env = TransformedEnv(env, RewardSum())
    env.set_seed(0)
    learner = Learner(env)
    before = [one.detach().clone() for one in learner.loss.parameters()]
    frames = lanes * steps
    collector = Collector(
        env, learner.actor, frames_per_batch=frames, total_frames=updates * frames
    )
    returns, seen = [], 0
    for batch in collector:
        seen += batch.numel()
        ended = batch["next", "done"]
        returns.append(batch["next", "episode_reward"][ended].mean().item())
        assert all(math.isfinite(one) for one in learner.update(batch))
    collector.shutdown()
    assert seen == updates * frames
    assert not any(map(torch.equal, before, learner.loss.parameters()))
    assert np.mean(returns[-10:]) > 2 * np.mean(returns[:5])
