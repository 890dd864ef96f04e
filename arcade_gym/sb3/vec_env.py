"""The games as a Stable-Baselines3 `VecEnv`."""

import time
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from arcade_gym import interop, registration
from arcade_gym.lanes import arguments, intake
from arcade_gym.lanes.attributes import refuse_to_set
from arcade_gym.sb3.lanes import LaneInfos, Lanes
from arcade_gym.sb3.sources import DECIDED, Source, options_of, without_decided
from jax_core import registry

OUTPUTS = ("numpy", "torch")


class ArcadeSB3VecEnv(VecEnv):
    """A batch of one game as a Stable-Baselines3 `VecEnv`.

    Observations are uint8 [num_envs, 3, obs_size, obs_size], with other channels where
    `grayscale` or `frame_stack` say so, rewards float32 and dones
    bool [num_envs]. Frames are views of what was drawn, which PyTorch calls
    channels_last: no pixel moves to bring the channels to the front.

    With `output="numpy"` every learner and wrapper of Stable-Baselines3 and sb3-contrib
    takes it as it is. With `output="torch"` everything stays on the device, for
    `DevicePPO` and `DeviceA2C`; the infos are then read from it when looked at.

    Lanes reset themselves in the step that ends an episode. The info of such a lane has
    "terminal_observation", "TimeLimit.truncated" and "episode", as a `Monitor` gives
    it, so neither `Monitor` nor `VecMonitor` is needed.

    Attributes:
        lanes: the `ArcadeVectorEnv` that plays.
        output: "numpy" or "torch".
        device: of the tensors.
    """

    render_mode: str | None = "rgb_array"  # drawn from the state when asked for only

    def __init__(  # noqa: PLR0913  # the options of a constructor
        self,
        env_id: Source,
        num_envs: int | None = None,
        *,
        partial_obs: bool = False,
        obs_size: int = 128,
        output: str = "numpy",
        device: arguments.DeviceName | None = None,
        seed: int | None = None,
        max_episode_steps: int | None = None,
        grayscale: bool = False,
        frame_stack: int = 1,
        **params: Any,
    ) -> None:
        """Makes the environment; nothing is compiled before the first `reset`.

        Args:
            env_id: an id of `jax_core.make`, "CartPoleEasy"; or an `ArcadeVectorEnv`,
                or the functions that `make_vec_env(..., vec_env_cls=ArcadeSB3VecEnv)`
                passes, whose options are taken, so that only `output` is given.
            num_envs: number of environments (lanes); needed with an id.
            partial_obs: the partial view (POMDP) instead of the full one (MDP).
            obs_size: pixels of a side of a frame, 64 to 512.
            output: "numpy" for stock learners, "torch" for those of this package.
            device: "cpu", "gpu" or "gpu:1"; None is JAX's default.
            seed: s gives lane i the seed s + i. For the first `reset` without `seed()`
                before it; a learner with a seed calls that.
            max_episode_steps: truncates earlier than the level does; rewards stay.
            grayscale: draws brightness, one channel instead of three.
            frame_stack: frames of an observation, the newest last; they join the
                channels, and no `VecFrameStack` is needed.
            **params: constants of the level, `paddle_width=3`, as for `jax_core.make`.
                Options of `ArcadeVectorEnv` that Stable-Baselines3 decides may be given
                too, if they say what it decides: `channels_first=True`.

        Raises:
            ValueError: an argument is out of its range; the message names the way out.
        """
        own = {
            "partial_obs": partial_obs,
            "obs_size": obs_size,
            "max_episode_steps": max_episode_steps,
            "device": device,
            "seed": seed,
            "grayscale": grayscale,
            "frame_stack": frame_stack,
        } | without_decided(params)
        count, options = options_of(env_id, num_envs, own)
        if output not in OUTPUTS:
            raise ValueError(registry.unknown("output", output, OUTPUTS))
        self.lanes = Lanes(count, **DECIDED, **options)
        self._own: dict[str, dict[int, Any]] = {}  # attributes of the caller's own
        self.output = output
        jax_device = self.lanes.device
        self.device = torch.device("cpu")
        if jax_device.platform == "gpu":
            self.device = torch.device("cuda", jax_device.local_hardware_id)
        self._results: Any = None
        self._start = time.time()
        super().__init__(
            self.lanes.num_envs,
            Box(0, 255, self.lanes.single_observation_space.shape, np.uint8),
            self.lanes.single_action_space,
        )
        self._fixed_names = {*dir(self), *self.lanes.fixed_names()}

    def reset(self) -> Any:
        """Starts new episodes, with seeds and options of `seed()` and `set_options()`.

        Both count once. Without options every lane begins anew.

        Returns:
            Observations.
        """
        is_seeded = self._seeds[0] is not None
        obs, _ = self.lanes.reset(
            seed=self._seeds if is_seeded else None, options=self._reset_mask()
        )
        self._reset_seeds()
        self._reset_options()
        self._results = None
        return self._hand_out(obs)

    def step_async(self, actions: Any) -> None:
        """Starts a step.

        Args:
            actions: integers [num_envs] in 0..4, as NumPy array or tensor.

        Raises:
            ValueError, TypeError: wrong shape, dtype or value of the actions.
            ResetNeeded: before the first `reset`.
        """
        self._results = self.lanes.step(actions)

    def step_wait(self) -> Any:
        """Gives observations, rewards, dones and infos of the step that was started."""
        if self._results is None:
            raise RuntimeError("call step_async() before step_wait()")
        (obs, rewards, terminated, truncated, info), self._results = self._results, None
        infos = LaneInfos(
            self.lanes,
            info["finished"],
            truncated & ~terminated,
            round(time.time() - self._start, 6),
            self._hand_out,
        )
        return (
            self._hand_out(obs),
            self._hand_out(rewards),
            self._hand_out(terminated | truncated),
            infos.entries if self.output == "numpy" else infos,
        )

    def _hand_out(self, tensor: torch.Tensor) -> Any:
        return tensor if self.output == "torch" else interop.to_host(tensor)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Gives lane i the seed s + i at the next `reset`.

        Args:
            seed: s; None draws one.

        Returns:
            The seeds of the lanes.
        """
        if seed is None:
            most = arguments.MAX_SEED + 1 - self.num_envs
            seed = int(np.random.default_rng().integers(most))
        arguments.seeds(seed, self.num_envs)  # refuses a bad one now, not at reset
        return super().seed(seed)

    def set_options(self, options: list[dict] | dict | None = None) -> None:
        """Chooses the lanes that the next `reset` starts anew; the others go on.

        Args:
            options: {"reset_mask": bool [num_envs]}; or one dictionary for each lane,
                {"reset_mask": True} or {}. Without a mask all lanes begin anew.

        Raises:
            ValueError: another option, or options for another number of lanes.
            TypeError: a mask that is none.
        """
        given = options if isinstance(options, list) else [options]
        for one in given:
            intake.has_mask(one)  # refuses other options now, not at reset
        if isinstance(options, list):
            if len(options) != self.num_envs:
                raise ValueError(
                    "a list of options must have one dictionary for each of the "
                    f"{self.num_envs} environments, got {len(options)}"
                )
            super().set_options([one or {} for one in options])
        elif options:
            chosen = self._lanes_of(options)
            super().set_options([{"reset_mask": is_chosen} for is_chosen in chosen])
        else:
            super().set_options()

    def _lanes_of(self, options: dict[str, Any]) -> list[bool]:
        mask = options["reset_mask"]
        arguments.check_reset_mask(mask, self.num_envs)
        lanes = mask if torch.is_tensor(mask) else np.asarray(mask)
        if not lanes.any():
            raise ValueError("`options['reset_mask']` must choose at least one lane")
        return lanes.tolist()

    def _reset_mask(self) -> dict[str, Any] | None:
        chosen = [one.get("reset_mask", False) for one in self._options]
        return {"reset_mask": np.array(chosen, np.bool_)} if any(chosen) else None

    def close(self) -> None:
        """Gives the memory of lanes and frames back."""
        self.lanes.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Draws every lane: uint8 [obs_size, obs_size, 3] each."""
        return self.lanes.render() or ()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Gives an attribute of this object once for every lane: the lanes share it.

        Those that `set_attr` made may differ. "spec" is that of the id in Gymnasium.

        Raises:
            AttributeError: there is none of this name, or not in one of these lanes.
        """
        lanes = self._get_indices(indices)
        if attr_name in self._own:
            values = self._own[attr_name]
            if missing := [lane for lane in lanes if lane not in values]:
                raise AttributeError(f"{attr_name!r} was not set for lanes {missing}")
            return [values[lane] for lane in lanes]
        value = self.spec if attr_name == "spec" else getattr(self, attr_name)
        return [value for _ in lanes]

    @property
    def spec(self) -> EnvSpec:
        """The spec of the level in Gymnasium."""
        return gymnasium.spec(registration.gymnasium_id(self.lanes.level))

    def set_attr(
        self, attr_name: str, value: Any, indices: VecEnvIndices = None
    ) -> None:
        """Keeps an attribute of the caller's own, for all lanes or some.

        Raises:
            AttributeError: the environment has such an attribute or option.
        """
        if attr_name in self._fixed_names:
            refuse_to_set(attr_name)
        chosen = dict.fromkeys(self._get_indices(indices), value)
        self._own.setdefault(attr_name, {}).update(chosen)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Calls a method of the lanes, `render`, and gives the results of some.

        "get_wrapper_attr" gives an attribute, as `get_attr` does.

        Raises:
            AttributeError: there is no such method.
            ValueError: it does not give one result for each lane.
        """
        if method_name == "get_wrapper_attr":
            return self.get_attr(*method_args, indices=indices, **method_kwargs)
        results = getattr(self.lanes, method_name)(*method_args, **method_kwargs)
        if not isinstance(results, Sequence) or len(results) != self.num_envs:
            raise ValueError(
                f"{method_name!r} gives no result for each lane; call "
                f"env.lanes.{method_name}() itself"
            )
        return [results[index] for index in self._get_indices(indices)]

    def env_is_wrapped(
        self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Says that lanes have what a `Monitor` adds, and no other wrapper."""
        is_wrapped = issubclass(wrapper_class, Monitor)
        return [is_wrapped for _ in self._get_indices(indices)]
