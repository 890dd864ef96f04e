"""Stable-Baselines3 (extra `sb3`): a `VecEnv`, and learners on the device."""

try:
    from arcade_gym.sb3.learners import DeviceA2C, DevicePPO
    from arcade_gym.sb3.rollout_buffer import TorchRolloutBuffer
    from arcade_gym.sb3.vec_env import ArcadeSB3VecEnv
except ModuleNotFoundError as error:
    raise ImportError(
        f"arcade_gym.sb3 needs {error.name}: pip install 'arcade-gym[sb3]'"
    ) from error

__all__ = ["ArcadeSB3VecEnv", "DeviceA2C", "DevicePPO", "TorchRolloutBuffer"]
