"""The rollout of an on-policy learner, in PyTorch's memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Discrete
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.type_aliases import RolloutBufferSamples


class TorchRolloutBuffer(RolloutBuffer):
    """A `RolloutBuffer` of images and discrete actions that never leave the device.

    Memory is taken at the first step and written again in every rollout. Frames lie in
    it as they come from the environment, channels last, and minibatches are gathered
    on the device.

    Attributes:
        observations: uint8 [time, lanes, 3, height, width], time = `buffer_size` and
            lanes = `n_envs`.
        actions: int64 [time, lanes, 1].
        rewards, episode_starts, log_probs, advantages: float32 [time, lanes].
        value_estimates: float32 [time, lanes]; `values` in host memory.
        value_targets: float32 [time, lanes]; `returns` in host memory.
    """

    # Tensors; the base class declares arrays of NumPy.
    observations: Any
    actions: Any
    rewards: Any
    episode_starts: Any
    log_probs: Any
    advantages: Any
    _frames: torch.Tensor | None = None

    def reset(self) -> None:
        """Starts over; nothing is cleared, as `add` writes every step."""
        self.pos = 0
        self.full = False

    @property
    def values(self) -> np.ndarray:  # type: ignore[override]  # computed here
        """Value estimates on the host, where the learners compare them for the log."""
        return self.value_estimates.cpu().numpy()

    @property
    def returns(self) -> np.ndarray:  # type: ignore[override]  # computed here
        """Value targets on the host, as `values`."""
        return self.value_targets.cpu().numpy()

    def add(  # type: ignore[override]  # tensors
        self,
        obs: torch.Tensor,
        action: torch.Tensor,
        reward: torch.Tensor,
        episode_start: torch.Tensor,
        value: torch.Tensor,
        log_prob: torch.Tensor,
    ) -> None:
        """Copies one step.

        Args:
            obs: uint8 [lanes, 3, height, width] that the policy acted on.
            action: integers [lanes] or [lanes, 1].
            reward: float32 [lanes].
            episode_start: bool or float32 [lanes], whether `obs` is a first frame.
            value: float32 [lanes] or [lanes, 1].
            log_prob: float32 [lanes], of the actions.
        """
        if self._frames is None:
            self._allocate()
        self.observations[self.pos] = obs
        self.actions[self.pos] = action.reshape(-1, 1)
        self.rewards[self.pos] = reward
        self.episode_starts[self.pos] = episode_start
        self.value_estimates[self.pos] = value.flatten()
        self.log_probs[self.pos] = log_prob
        self.pos += 1
        self.full = self.pos == self.buffer_size

    def _allocate(self) -> None:
        if not isinstance(self.action_space, Discrete) or len(self.obs_shape) != 3:
            raise ValueError(
                "TorchRolloutBuffer holds images [channels, height, width] and "
                f"Discrete actions, got {self.obs_shape} and {self.action_space}; use "
                "RolloutBuffer for others"
            )
        channels, height, width = self.obs_shape
        self._frames = self._new(height, width, channels, dtype=torch.uint8)
        self.observations = self._frames.permute(0, 1, 4, 2, 3)
        self.actions = self._new(1, dtype=torch.int64)
        self.rewards = self._new()
        self.episode_starts = self._new()
        self.log_probs = self._new()
        self.value_estimates = self._new()
        self.value_targets = self._new()
        self.advantages = self._new()

    def _new(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        shape = (self.buffer_size, self.n_envs, *shape)
        return torch.empty(shape, dtype=dtype, device=self.device)

    def compute_returns_and_advantage(  # type: ignore[override]  # tensors
        self, last_values: torch.Tensor, dones: torch.Tensor
    ) -> None:
        """Estimates advantages (GAE) and value targets, as the base class does.

        Args:
            last_values: float32 [lanes] or [lanes, 1], of the frames after the rollout.
            dones: bool [lanes], whether those are first frames.
        """
        next_value, next_start = last_values.flatten(), dones.float()
        advantage = torch.zeros_like(next_value)
        for t in reversed(range(self.buffer_size)):
            goes_on = 1.0 - next_start
            value = self.value_estimates[t]
            error = self.rewards[t] + self.gamma * next_value * goes_on - value
            decay = self.gamma * self.gae_lambda * goes_on
            advantage = self.advantages[t] = error + decay * advantage
            next_value, next_start = value, self.episode_starts[t]
        torch.add(self.advantages, self.value_estimates, out=self.value_targets)

    def get(self, batch_size: int | None = None) -> Iterator[RolloutBufferSamples]:  # type: ignore[override]  # sends nothing
        """Gives minibatches of shuffled steps, the same ones as the base class.

        Args:
            batch_size: steps of a minibatch; the last one may have fewer. None gives
                all steps at once, unshuffled and not copied.
        """
        assert self.full, "the rollout is not complete"
        if batch_size is None:
            yield self._get_samples(None)
            return
        # The base class flattens with the steps of a lane together.
        lane, t = np.divmod(
            np.random.permutation(self.buffer_size * self.n_envs),  # noqa: NPY002  # as there
            self.buffer_size,
        )
        order = torch.from_numpy(t * self.n_envs + lane).to(self.device)
        for chosen in order.split(batch_size):
            yield self._get_samples(chosen)

    def _get_samples(  # type: ignore[override]  # tensors
        self, batch_inds: torch.Tensor | None, env: Any = None
    ) -> RolloutBufferSamples:
        del env  # VecNormalize is not on this path

        def rows(steps: torch.Tensor) -> torch.Tensor:
            flat = steps.flatten(0, 1)
            return flat if batch_inds is None else flat.index_select(0, batch_inds)

        assert self._frames is not None
        return RolloutBufferSamples(
            rows(self._frames).permute(0, 3, 1, 2),
            rows(self.actions),
            rows(self.value_estimates),
            rows(self.log_probs),
            rows(self.advantages),
            rows(self.value_targets),
        )
