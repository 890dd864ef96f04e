"""The vector environment: thousands of games in one compiled call per step."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from arcade_gym.lanes import (
    advice,
    arguments,
    forking,
    infos,
    intake,
    level_params,
    snapshot,
)
from arcade_gym.lanes.attributes import LaneAttributes
from arcade_gym.lanes.backends import BACKENDS
from arcade_gym.lanes.frame_form import in_memory
from arcade_gym.lanes.intake import Intake
from arcade_gym.lanes.json_spec import JsonSpec
from arcade_gym.lanes.kept_planes import KeptPlanes
from arcade_gym.lanes.kernel import Finished, Results, Rules, compile_kernel
from arcade_gym.lanes.placement import Placement
from arcade_gym.lanes.resuming import ResumableLanes
from arcade_gym.lanes.seeds import LaneSeeds
from arcade_gym.lanes.spaces import FrameBox
from jax_core.game import GameParams

StepResults = tuple[Any, Any, Any, Any, dict[str, Any]]


class ArcadeVectorEnv(  # type: ignore[reportIncompatibleVariableOverride]  # the spec is a property
    JsonSpec, LaneAttributes, ResumableLanes, VectorEnv[Any, Any, Any]
):
    """A batch of one game as a `gymnasium.vector.VectorEnv`.

    Observations are uint8 [num_envs, obs_size, obs_size, 3] unless `grayscale`,
    `frame_stack` or `channels_first` say otherwise, rewards float32 and flags bool
    [num_envs], as JAX arrays, PyTorch tensors on the same device, or NumPy arrays.
    The two device backends never wait for an accelerator and never copy from it.
    What is handed out shares memory with JAX and is never read again by the
    environment.

    Lane i of `reset(seed=s)` plays exactly what `ArcadeEnv` plays with the seed s + i,
    over any number of episodes, whatever the number of environments, the backend, the
    autoreset mode and the devices.
    """

    def __init__(  # noqa: PLR0913  # the options of a constructor
        self,
        num_envs: int = 1,
        *,
        game: str,
        difficulty: str | None = None,
        partial_obs: bool = False,
        obs_size: int = 128,
        backend: str = "jax",
        autoreset_mode: str | AutoresetMode = "NextStep",
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        device: arguments.DeviceName | None = None,
        devices: int | Sequence[arguments.DeviceName] | None = None,
        seed: int | None = None,
        record_episode_statistics: bool = False,
        validate_actions: bool = False,
        grayscale: bool = False,
        frame_stack: int = 1,
        channels_first: bool = False,
        params: GameParams | None = None,
        **constants: Any,
    ) -> None:
        """Makes the environment; nothing is compiled before the first `reset`.

        Args:
            num_envs: number of environments (lanes).
            game: a game, "Breakout", or an id that names a level, "BreakoutEasy".
            difficulty: "easy" (as None), "medium" or "hard"; with a game only.
            partial_obs: the partial view (POMDP) instead of the full one (MDP).
            obs_size: pixels of a side of a frame, 64 to 512.
            backend: "jax", "torch" or "numpy"; the type never depends on the machine.
            autoreset_mode: "NextStep": the step after the end of an episode ignores
                its action and returns the first frame of the next one, reward 0.
                "SameStep": the step that ends an episode returns the first frame of
                the next one, and the last frame as `info["final_obs"]`.
                "Disabled": ended lanes wait for `reset(options={"reset_mask": ...})`.
            max_episode_steps: truncates earlier than the level does; rewards stay.
            render_mode: "rgb_array" or None.
            device: "cpu", "gpu" or "gpu:1"; None is JAX's default.
            devices: instead of `device`: how many devices, or their names, share the
                lanes equally. JAX arrays are then spread over them, and PyTorch
                results are tuples of one tensor per device.
            seed: for the first `reset` that passes none.
            record_episode_statistics: reports return "r" and length "l" of ended
                episodes as `info["episode"]`, in the form of Gymnasium's
                RecordEpisodeStatistics; with the NumPy backend also their seconds "t".
            validate_actions: checks the values of arrays on accelerators too, which
                waits for them. Unchecked actions out of range do not move.
            grayscale: draws brightness, one channel instead of three.
            frame_stack: frames of an observation, the newest last; they join the
                channels. At the start of an episode its first frame is repeated.
            channels_first: [num_envs, channels, obs_size, obs_size].
            params: of the level, with arrays [num_envs] in the fields in which lanes
                differ. They are saved with the lanes. Best given to this constructor
                itself: `gymnasium.make_vec` would keep the arrays in its spec.
            **constants: of the level, `paddle_width=3`, as for `jax_core.make`.

        Raises:
            ValueError: an argument is out of its range; the message names the way out.
            ImportError: `backend="torch"` without PyTorch.
        """
        options = {
            name: value
            for name, value in locals().items()
            if name not in {"self", "__class__", "constants"}
        }
        self._options = options | constants
        self.num_envs = arguments.num_envs(num_envs)
        self._env, self._lane_params, most_steps = level_params.of_lanes(
            params, arguments.environment(options, constants), self.num_envs
        )
        self.backend = arguments.backend(backend)
        self.autoreset_mode = arguments.autoreset_mode(autoreset_mode)
        self.render_mode = arguments.render_mode(render_mode)
        self._placement = Placement(arguments.devices(device, devices, self.num_envs))
        forking.note_start()
        if backend == "torch":
            advice.on_sharing(
                self._placement.platform,
                device_was_named=device is not None or devices is not None,
            )
        self._seeds = LaneSeeds(seed, self.num_envs)
        self._form = in_memory(
            self._env,
            stack=arguments.frame_stack(frame_stack),
            channels_first=arguments.switch("channels_first", channels_first),
            backend=backend,
        )
        rules = Rules(
            env=self._env,
            platform=self._placement.platform,
            autoreset_mode=self.autoreset_mode,
            max_episode_steps=arguments.max_episode_steps(
                max_episode_steps, self._env.name, most_steps
            ),
            reports_finished=arguments.switch(
                "record_episode_statistics", record_episode_statistics
            ),
            mesh=self._placement.mesh,
            form=self._form,
            owns_params=params is not None,
        )
        self._kernel = compile_kernel(rules)
        shape = self._form.shape(self._env)
        self._kept = KeptPlanes(shape, self._form.stack, is_used=rules.rolls_stacks)
        self._frames = BACKENDS[backend](
            self._placement,
            (self.num_envs, *shape),
            self._form.axes(channels_first=channels_first),
        )
        self._intake = Intake(
            self._placement,
            self.num_envs,
            self._env.num_actions,
            validates=arguments.switch("validate_actions", validate_actions),
            reads_masks=self._frames.is_on_host,
            follows_torch=backend == "torch" and self._placement.platform == "gpu",
        )
        self._lanes: Any = None
        # With NumPy the flags reach the host in any case, so looking at them is free.
        self._refuses_ended = (
            backend == "numpy" and self.autoreset_mode is AutoresetMode.DISABLED
        )
        self._waiting = np.zeros(self.num_envs, np.bool_)
        self._reporter = infos.Reporter(
            self._frames,
            draw=self._drawn,
            draw_some=self._kernel.draw_some,
            num_envs=self.num_envs,
            records_episodes=record_episode_statistics,
            is_same_step=self.autoreset_mode is AutoresetMode.SAME_STEP,
        )
        self.metadata = {
            "render_modes": list(arguments.RENDER_MODES),
            "render_fps": 15,
            "autoreset_mode": self.autoreset_mode,
            "jax": backend == "jax",
        }
        frame = replace(self._form, is_planar=bool(channels_first)).shape(self._env)
        self.single_observation_space = FrameBox(frame)
        self.single_action_space = Discrete(self._env.num_actions)
        self.observation_space = FrameBox((self.num_envs, *frame))
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    @property
    def device(self) -> Any:
        """The `jax.Device` where states and frames live; the first, if several do."""
        return self._placement.devices[0]

    @property
    def devices(self) -> tuple[Any, ...]:
        """The `jax.Device`s that share the lanes, in the order of the lanes."""
        return self._placement.devices

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]  # as in SyncVectorEnv
        """The last seed that `reset` gave each lane; empty before the first."""
        return self._seeds.last

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Starts a new episode in every lane, or in the lanes of a mask.

        Args:
            seed: s gives lane i the seed s + i; a sequence has one per lane; None
                goes on with the lanes' own keys (at first: `seed` of the
                constructor, or one drawn from the operating system).
            options: {"reset_mask": bool [num_envs]} as NumPy, JAX or PyTorch array:
                the lanes to reset; the others go on, and return their present frame.
                It is not changed. None resets all.

        Returns:
            Observations and an empty `info`.

        Raises:
            ValueError, TypeError: a seed or an option that cannot be used.
            ResetNeeded: a mask before the first reset of all lanes.
        """
        self._check_open()
        chosen, host_chosen = self._chosen(options)
        seeds = self._seeds.spread(seed, is_first=self._lanes is None)
        lanes = self._lanes
        if lanes is None:
            lanes = jax.device_put(self._blank_lanes(), self._placement.sharding)
        lanes, obs = self._reset_lanes(lanes, *seeds, chosen)
        arguments.refuse_tracer(obs)
        self._kept.begin(obs)
        self._lanes = lanes  # only now, so that a failed call changes nothing
        self._seeds.remember(*seeds, host_chosen)
        if host_chosen is not None:
            self._waiting &= ~host_chosen
            self._reporter.restart(host_chosen)
        return self._frames.hand_out_obs(obs), {}

    def step(self, actions: Any) -> StepResults:
        """Steps every lane.

        Args:
            actions: integers [num_envs] in 0..4, as NumPy, JAX or PyTorch array, on
                any device; with several devices also a tuple of one tensor for each.

        Returns:
            Observations, rewards, terminated, truncated and `info`, which is empty
            unless a mode or an option fills it. The device backends draw
            `info["final_obs"]`, uint8 [num_envs, obs_size, obs_size, 3], when it is
            first looked at; lanes that did not end have their present frame in it.

        Raises:
            ValueError: wrong shape, or a value out of range that can be seen without
                waiting for an accelerator.
            TypeError: not integers.
            ResetNeeded: before the first `reset`.
            AssertionError: the NumPy backend in Disabled mode, on an ended lane.
        """
        self._check_ready("step")
        actions = self._intake.actions(actions)
        if self._refuses_ended and self._waiting.any():
            raise AssertionError(
                f"self._autoreset_envs={self._waiting}: these lanes have ended; call "
                "reset(options={'reset_mask': terminated | truncated}) first"
            )
        buffer = self._frames.buffer()
        lanes, results = self._kept.step(self._kernel, buffer, self._lanes, actions)
        arguments.refuse_tracer(results.obs)
        self._lanes = lanes  # only now, so that a failed call changes nothing
        return self._hand_out(results)

    def _blank_lanes(self) -> Any:
        """Lanes before their first reset, with their params."""
        blank = self._kernel.empty(self.num_envs)
        if self._lane_params is None:
            return blank
        put = jax.vmap(lambda lane, params: replace(lane, params=params))
        return self._kernel.pack(put(self._kernel.unpack(blank), self._lane_params))

    def _reset_lanes(self, lanes: Any, values: Any, seeded: Any, chosen: Any) -> Any:
        placed = [self._intake.place(array) for array in (values, seeded, chosen)]
        return self._kernel.reset(self._frames.buffer(), lanes, *placed)

    def _hand_out(self, results: Results) -> StepResults:
        obs, reward, terminated, truncated = self._frames.hand_out_step(results[:4])
        if self._refuses_ended:
            self._waiting = terminated | truncated
        info = {} if results.finished is None else self._info(results.finished)
        return obs, reward, terminated, truncated, info

    def _info(self, finished: Finished) -> dict[str, Any]:
        # The lanes for Stable-Baselines3 put something else in its place.
        return self._reporter.info(finished)

    def pop_episode_totals(self) -> dict[str, int | float]:
        """Reads and clears what was counted of the episodes that ended.

        Made for logging now and then: steps count on the device, and only this call
        waits for it and copies a few numbers.

        Returns:
            "episodes": how many ended since the last call or since the environment was
            made; "return" and "length": their means, in reward and in steps; nan if
            none ended.
        """
        self._check_ready("pop_episode_totals")
        self._intake.wait_for_torch()
        totals = self._kernel.unpack(self._lanes).totals
        sums = [
            np.asarray(leaf).sum(dtype=np.float64) for leaf in jax.tree.leaves(totals)
        ]
        self._lanes = self._kernel.clear_totals(self._lanes)
        episodes, episode_return, length = sums
        count = episodes or np.nan
        return {
            "episodes": int(episodes),
            "return": float(episode_return / count),
            "length": float(length / count),
        }

    def render(self) -> tuple[np.ndarray, ...] | None:
        """Draws every lane from its state: uint8 [obs_size, obs_size, 3] each."""
        self._check_open()
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render_mode draws nothing; pass "
                "render_mode='rgb_array' when making the environment"
            )
            return None
        self._check_ready("render")
        self._intake.wait_for_torch()
        return tuple(np.array(self._kernel.render(self._lanes)))

    def draw(self) -> Any:
        """Draws every lane from its state, as observations of the backend.

        The frames equal those that the last `reset` or `step` returned.
        """
        self._check_ready("draw")
        return self._frames.hand_out_new(self._drawn(self._lanes))

    def _drawn(self, lanes: Any) -> jax.Array:
        self._intake.wait_for_torch()
        return self._kernel.draw(lanes)

    def close_extras(self, **kwargs: Any) -> None:
        """Gives the memory of lanes and frames back."""
        del kwargs  # nothing to choose
        self._lanes = None
        if hasattr(self, "_frames"):  # not if the constructor refused its arguments
            self._frames.close()
            self._kept.forget()

    def _identity(self) -> snapshot.Snapshot:
        return snapshot.identity(self._env, self.num_envs, self._form.stack)

    def fixed_names(self) -> tuple[str, ...]:
        """Names of the options, and of the constants of the level."""
        level = fields(self._env.default_params)
        return (*self._options, *(field.name for field in level))

    def _check_ready(self, caller: str) -> None:
        forking.refuse_forked()
        if self._lanes is None:
            self._check_open()
            raise ResetNeeded(f"call reset() before {caller}()")

    def _check_open(self) -> None:
        forking.refuse_forked()
        if self.closed:
            raise ClosedEnvironmentError(
                "the environment was closed; make a new one to go on"
            )

    def _chosen(self, options: dict[str, Any] | None) -> tuple[Any, np.ndarray | None]:
        if not intake.has_mask(options):
            everything = np.ones(self.num_envs, np.bool_)
            return everything, everything
        assert options is not None
        mask = self._intake.reset_mask(options["reset_mask"])
        if self._lanes is None:
            raise ResetNeeded("call reset() for all lanes before a reset_mask")
        return mask
