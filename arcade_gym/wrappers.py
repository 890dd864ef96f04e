"""Wrappers for vector environments that work where the arrays are.

Gymnasium's own wrappers compute with NumPy, refuse tensors of PyTorch, copy those of
JAX to the host, or refuse SameStep. These compute in the library of the arrays that
they get, JAX, PyTorch or NumPy, on their device, in every autoreset mode. Which of
Gymnasium's wrappers work with which backend is in `docs/wrappers.md`.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper

from arcade_gym import interop
from arcade_gym.lanes.infos import FINAL_OBS, LazyInfo, final_frames
from arcade_gym.lanes.spaces import FrameBox
from jax_core.rendering.palette import LUMA

Results = tuple[Any, Any, Any, Any, dict[str, Any]]

Transform = Callable[[Any, Any], Any]
"""From last frames [lanes, ...] and the indices of their lanes to observations."""


class _DeviceWrapper(VectorWrapper):  # takes no types in Gymnasium 1.2
    """A wrapper that shows the autoreset mode as environments do."""

    @property
    def autoreset_mode(self) -> AutoresetMode:
        """What happens to a lane whose episode has ended."""
        return _mode(self.env)


class Grayscale(_DeviceWrapper):
    """Frames of brightness: uint8 [num_envs, height, width, 1].

    All colors of the games stay different. The sums are made of integers, so all
    backends give equal bytes.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        """Wraps an environment.

        Raises:
            ValueError: its observations are not uint8 [num_envs, height, width, 3].
        """
        super().__init__(env)
        height, width, channels = _frame_shape(env)
        if channels != 3:
            raise ValueError(
                f"Grayscale takes frames of 3 channels, got {channels}; put it inside "
                "FrameStack"
            )
        self.single_observation_space = FrameBox((height, width, 1))
        self.observation_space = FrameBox((env.num_envs, height, width, 1))

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, Any]:
        """Starts episodes as the environment does."""
        obs, info = self.env.reset(seed=seed, options=options)
        return _brightness(obs), info

    def step(self, actions: Any) -> Results:
        """Steps; `info["final_obs"]` is grey as well."""
        obs, reward, terminated, truncated, info = self.env.step(actions)
        info = _with_final_obs(info, lambda final, lanes: _brightness(final))
        return _brightness(obs), reward, terminated, truncated, info


class FrameStack(_DeviceWrapper):
    """The last frames of an episode, the newest last, one behind another in channels.

    Observations are uint8 [num_envs, height, width, channels * stack_size], as a
    convolution takes them. Before an episode has so many frames, its first one is
    repeated; frames of an earlier episode are never seen. The earlier frames are not
    part of `get_state`.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], stack_size: int = 4) -> None:
        """Wraps an environment.

        Args:
            env: its observations must be uint8 [num_envs, height, width, channels].
            stack_size: number of frames.

        Raises:
            ValueError: other observations, or a stack of less than one frame.
        """
        super().__init__(env)
        if stack_size < 1:
            raise ValueError(f"stack_size must be at least 1, got {stack_size}")
        height, width, channels = _frame_shape(env)
        shape = (height, width, channels * stack_size)
        self.single_observation_space = FrameBox(shape)
        self.observation_space = FrameBox((env.num_envs, *shape))
        self._stack_size = int(stack_size)
        # Frames as the environment gave them: nobody else holds them, so nobody can
        # write into them.
        self._earlier: tuple[Any, ...] = ()
        self._newest: Any = None
        self._awaits_reset: Any = None

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, Any]:
        """Starts episodes as the environment does, in all lanes or those of a mask."""
        obs, info = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        if mask is None or self._newest is None:
            self._earlier = (obs,) * (self._stack_size - 1)
            self._awaits_reset = None
        else:
            fresh = _like(mask, obs)
            self._earlier = _refill(obs, self._earlier, fresh)
            if self._awaits_reset is not None:
                self._awaits_reset = self._awaits_reset & ~fresh
        self._newest = obs
        return _stack(obs, self._earlier), info

    def step(self, actions: Any) -> Results:
        """Steps; `info["final_obs"]` is a stack as well."""
        obs, reward, terminated, truncated, info = self.env.step(actions)
        earlier = (*self._earlier, self._newest)[1:]
        ended = terminated | truncated
        info = _with_final_obs(
            info,
            lambda final, lanes: _stack(final, tuple(f[lanes] for f in earlier)),
        )
        mode = _mode(self.env)
        fresh = ended if mode is AutoresetMode.SAME_STEP else self._awaits_reset
        self._awaits_reset = ended if mode is AutoresetMode.NEXT_STEP else None
        self._earlier = earlier if fresh is None else _refill(obs, earlier, fresh)
        self._newest = obs
        return _stack(obs, self._earlier), reward, terminated, truncated, info


class NormalizeReward(_DeviceWrapper):
    """Rewards divided by the standard deviation of the discounted returns so far.

    Does what Gymnasium's wrapper of this name does, on the device, and starts the
    returns of the lanes of a `reset_mask` anew only.
    """

    def __init__(
        self, env: VectorEnv[Any, Any, Any], gamma: float = 0.99, epsilon: float = 1e-8
    ) -> None:
        """Wraps an environment.

        Args:
            env: the environment.
            gamma: discount of the returns, in [0, 1].
            epsilon: added to the variance; positive.

        Raises:
            ValueError: an argument is out of its range.
        """
        super().__init__(env)
        if not 0 <= gamma <= 1:
            raise ValueError(f"gamma must lie in [0, 1], got {gamma}")
        if epsilon <= 0:
            raise ValueError(f"epsilon must be positive, got {epsilon}")
        self._gamma = float(gamma)  # a NumPy number could change dtypes
        self._epsilon = float(epsilon)
        self._returns: Any = None  # per lane
        self._awaits_reset: Any = None
        self._moments: tuple[Any, Any, Any] | None = None  # mean, variance, count
        self._constants: tuple[Any, ...] = ()  # gamma and epsilon, on the device

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, Any]:
        """Starts the returns of all lanes, or of those of a mask, anew."""
        obs, info = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        if mask is None or self._returns is None:
            self._returns = None
        else:
            fresh = _like(mask, self._returns)
            self._returns = _cleared(self._returns, fresh)
            self._awaits_reset = _cleared(self._awaits_reset, fresh)
        return obs, info

    def step(self, actions: Any) -> Results:
        """Steps and divides the rewards."""
        obs, reward, terminated, truncated, info = self.env.step(actions)
        if self._moments is None:
            zero = _zeros(reward).sum()
            self._moments = zero, zero + 1, zero + 1e-4
            self._constants = zero + self._gamma, zero + self._epsilon
        if self._returns is None:
            self._returns, self._awaits_reset = _zeros(reward), _zeros(terminated)
        self._returns, self._moments, scaled = _normalize(
            reward,
            (terminated, ~self._awaits_reset),
            (self._returns, self._moments),
            self._constants,
        )
        ended = terminated | truncated
        if _mode(self.env) is AutoresetMode.SAME_STEP:
            self._returns = _cleared(self._returns, ended)
        else:
            self._awaits_reset = ended
        return obs, scaled, terminated, truncated, info


def _frame_shape(env: VectorEnv[Any, Any, Any]) -> tuple[int, int, int]:
    space = env.single_observation_space
    shape = space.shape or ()
    if not isinstance(space, Box) or space.dtype != np.uint8 or len(shape) != 3:
        raise ValueError(
            "observations must be uint8 [num_envs, height, width, channels], got "
            f"{space}; put this wrapper next to the environment"
        )
    return shape


def _mode(env: VectorEnv[Any, Any, Any]) -> AutoresetMode:
    return env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)


def _with_final_obs(info: dict[str, Any], transform: Transform) -> dict[str, Any]:
    """Transforms the last frames, where there are some; late ones stay late."""
    if FINAL_OBS not in info:
        return info
    entries = {key: info[key] for key in info if key != FINAL_OBS}
    if isinstance(info, LazyInfo):
        return LazyInfo.drawn_by(
            lambda: transform(info[FINAL_OBS], slice(None)), entries
        )
    ended = info["_final_obs"]
    lanes = np.flatnonzero(ended)
    last = transform(np.stack(info[FINAL_OBS][lanes]), lanes)
    return entries | {FINAL_OBS: final_frames(ended, last)}


def _like(mask: Any, array: Any) -> Any:
    """The mask, bool [num_envs], as an array of the library and device of another."""
    if isinstance(array, jax.Array):
        mask = mask if isinstance(mask, jax.Array) else interop.to_jax(mask)
        return jax.device_put(mask, array.sharding)
    if interop.is_torch(array):
        import torch  # noqa: PLC0415  # optional dependency

        mask = interop.to_torch(mask) if isinstance(mask, jax.Array) else mask
        return torch.as_tensor(mask, device=array.device)
    return mask.numpy(force=True) if interop.is_torch(mask) else np.asarray(mask)


def _in_library(work: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function the library of its first array; compiles it for JAX."""
    compiled = jax.jit(functools.partial(work, jnp))

    @functools.wraps(work)
    def run(array: Any, *others: Any) -> Any:
        if isinstance(array, jax.Array):
            return compiled(array, *others)
        return work(_library(array), array, *others)

    return run


def _library(array: Any) -> ModuleType:
    if interop.is_torch(array):
        import torch  # noqa: PLC0415  # optional dependency

        return torch
    if isinstance(array, np.ndarray):
        return np
    raise TypeError(
        "wrappers take one array of JAX, PyTorch or NumPy per result, got "
        f"{type(array).__name__}; with several devices use backend='jax'"
    )


@_in_library
def _brightness(xp: Any, frames: Any) -> Any:
    parts = (
        weight * xp.asarray(frames[..., channel], dtype=xp.int32)
        for channel, weight in enumerate(LUMA)
    )
    return xp.asarray(sum(parts) >> 8, dtype=xp.uint8)[..., None]


@_in_library
def _stack(xp: Any, newest: Any, earlier: tuple[Any, ...]) -> Any:
    return xp.concatenate((*earlier, newest), -1)


@_in_library
def _refill(xp: Any, newest: Any, earlier: tuple[Any, ...], fresh: Any) -> Any:
    """Replaces the earlier frames of fresh lanes, bool [num_envs], by their newest."""
    if xp is np and not fresh.any():
        return earlier  # most steps; on other devices looking would mean waiting
    lanes = fresh.reshape(-1, 1, 1, 1)
    return tuple(xp.where(lanes, newest, frames) for frames in earlier)


@_in_library
def _zeros(xp: Any, array: Any) -> Any:
    return xp.zeros_like(array)


@_in_library
def _cleared(xp: Any, array: Any, lanes: Any) -> Any:
    return xp.where(lanes, xp.zeros_like(array), array)


@_in_library
def _normalize(
    xp: Any,
    reward: Any,
    flags: tuple[Any, Any],
    state: tuple[Any, tuple[Any, Any, Any]],
    constants: tuple[Any, ...],
) -> tuple[Any, tuple[Any, Any, Any], Any]:
    """Welford's update by a batch, as in `gymnasium.wrappers.utils.RunningMeanStd`."""
    terminated, active = flags
    returns, (mean, variance, count) = state
    gamma, epsilon = constants
    zeros = xp.zeros_like(reward)
    kept = xp.where(terminated, zeros, returns * gamma)
    returns = xp.where(active, kept + reward, returns)
    batch = xp.where(active, xp.ones_like(reward), zeros).sum()
    # Nothing is active in a batch of dummy steps; the sums are then 0 as well.
    batch_mean = xp.where(active, returns, zeros).sum() / batch.clip(1)
    squares = xp.where(active, (returns - batch_mean) ** 2, zeros).sum()
    total = count + batch
    delta = batch_mean - mean
    squares += variance * count + delta**2 * count * batch / total
    moments = mean + delta * batch / total, squares / total, total
    return returns, moments, reward / xp.sqrt(moments[1] + epsilon)
