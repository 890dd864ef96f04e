"""PPO and A2C of Stable-Baselines3 that collect their rollouts on the device.

The stock learners copy every frame to the host, into a NumPy buffer, and back to the
device for each minibatch, and bootstrap the lanes that a step limit cut one by one.
Here a step waits for nothing. What ended is looked at once per rollout, and only the
last frames of cut lanes are drawn.
"""

from typing import Any

import numpy as np
import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from arcade_gym.sb3.lanes import HostView, LaneInfos
from arcade_gym.sb3.rollout_buffer import TorchRolloutBuffer
from arcade_gym.sb3.vec_env import ArcadeSB3VecEnv


class _DeviceRollouts(OnPolicyAlgorithm):
    """Replaces the rollouts of an on-policy learner; its training stays as it is."""

    def _setup_model(self) -> None:
        if self.env is not None:
            self._check_env(self.env)
        if self.rollout_buffer_class in (None, RolloutBuffer):
            self.rollout_buffer_class = TorchRolloutBuffer
        super()._setup_model()

    def set_env(self, env: Any, force_reset: bool = True) -> None:
        """Sets the environment, which must be an `ArcadeSB3VecEnv` of tensors."""
        self._check_env(env)
        super().set_env(env, force_reset)

    def _check_env(self, env: Any) -> None:
        name = type(self).__name__
        if not isinstance(env, ArcadeSB3VecEnv) or env.output != "torch":
            raise TypeError(
                f"{name} needs ArcadeSB3VecEnv(..., output='torch') without wrappers, "
                f"got {env}; for others there is {name.removeprefix('Device')}"
            )
        ours = (self.device.type, self.device.index or 0)
        if ours != (env.device.type, env.device.index or 0):
            raise ValueError(
                f"{name} is on {self.device} and its environment on {env.device}; "
                f"pass device='{env.device}' to {name}, or device= to the environment"
            )

    def _excluded_save_params(self) -> list[str]:
        # Without them, files load on machines without this device, and in the stock
        # class too.
        ours = ["_last_obs", "_last_episode_starts", "rollout_buffer_class"]
        return super()._excluded_save_params() + ours

    def collect_rollouts(
        self,
        env: Any,
        callback: BaseCallback,
        rollout_buffer: Any,
        n_rollout_steps: int,
    ) -> bool:
        """Collects a rollout as the stock learners do, without leaving the device.

        Callbacks see the stock names in their `locals`. `infos`, `rewards` and `dones`
        are read from the device when they are looked at; the rest are tensors.
        Statistics of episodes are recorded at the end.

        Returns:
            False if the callback stopped it before its end.
        """
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        callback.on_rollout_start()
        # A new run of `learn` begins with a NumPy array.
        done: Any = torch.as_tensor(self._last_episode_starts, device=self.device)
        obs_tensor: Any = self._last_obs
        played: list[LaneInfos] = []
        for n_steps in range(n_rollout_steps):  # noqa: B007  # for callbacks
            with torch.no_grad():
                actions, values, log_probs = self.policy(obs_tensor)
            starts = done
            new_obs, reward, done, infos = env.step(actions)
            self.num_timesteps += env.num_envs
            rewards, dones = HostView(reward), HostView(done)
            callback.update_locals(locals())
            if not callback.on_step():
                self._record_episodes(played)
                return False
            rollout_buffer.add(obs_tensor, actions, reward, starts, values, log_probs)
            played.append(infos)
            self._last_obs, self._last_episode_starts = new_obs, done
            obs_tensor = new_obs
        self._bootstrap(rollout_buffer, played)
        with torch.no_grad():
            values = self.policy.predict_values(obs_tensor)
        rollout_buffer.compute_returns_and_advantage(values, done)
        self._record_episodes(played)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    @torch.no_grad()
    def _bootstrap(self, buffer: TorchRolloutBuffer, played: list[LaneInfos]) -> None:
        """Adds the value of the last frame where only the step limit ended a lane.

        The policy does not change in a rollout, so the values may be taken at its end.
        """
        for reward, infos in zip(buffer.rewards, played, strict=True):
            if infos.cut.any():
                final_obs = infos.draw_final(infos.cut)
                value = self.policy.predict_values(final_obs).flatten()
                lanes = torch.from_numpy(np.flatnonzero(infos.cut)).to(self.device)
                reward.index_add_(0, lanes, value, alpha=self.gamma)

    def _record_episodes(self, played: list[LaneInfos]) -> None:
        for infos in played:
            self._update_info_buffer(infos.episodes())


class DevicePPO(_DeviceRollouts, PPO):
    """PPO of Stable-Baselines3 with its rollouts on the device.

    Takes the arguments of `PPO`, and an `ArcadeSB3VecEnv` with `output="torch"` on the
    same device. Evaluation (`evaluate_policy`, `EvalCallback`, `predict`) takes
    environments with `output="numpy"`. A file saved by one can be loaded by the other.
    """


class DeviceA2C(_DeviceRollouts, A2C):
    """A2C of Stable-Baselines3 with its rollouts on the device; see `DevicePPO`."""
