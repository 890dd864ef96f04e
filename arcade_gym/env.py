"""The single environment, compiled like one lane of the vector environment."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium
import jax
import numpy as np
from gymnasium.error import DependencyNotInstalled, ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode

from arcade_gym.lanes import arguments, attributes, forking, snapshot, step_limit
from arcade_gym.lanes.frame_form import PLAIN, FrameForm
from arcade_gym.lanes.json_spec import JsonSpec
from arcade_gym.lanes.kernel import Finished, Rules, compile_kernel
from arcade_gym.lanes.spaces import FrameBox
from jax_core import registry

if TYPE_CHECKING:
    from arcade_gym.playing.viewer import Viewer

RENDER_MODES = ("human", *arguments.RENDER_MODES)
RENDER_FPS = 15


class ArcadeEnv(JsonSpec, gymnasium.Env[np.ndarray, Any]):  # type: ignore[reportIncompatibleVariableOverride]  # the spec is a property
    """One game as a `gymnasium.Env`, with NumPy frames and Python numbers.

    With the seed s + i it plays exactly what lane i of `ArcadeVectorEnv` plays after
    `reset(seed=s)`, over any number of episodes. For speed use the vector environment:
    a step of one lane costs about as much as a step of a hundred.
    """

    metadata = {  # noqa: RUF012  # Gymnasium's form
        "render_modes": list(RENDER_MODES),
        "render_fps": RENDER_FPS,
    }

    def __init__(  # noqa: PLR0913  # the options of a constructor
        self,
        *,
        game: str,
        difficulty: str | None = None,
        partial_obs: bool = False,
        obs_size: int = 128,
        backend: str = "numpy",
        autoreset_mode: str = "NextStep",
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        device: arguments.DeviceName | None = None,
        devices: int | Sequence[arguments.DeviceName] | None = None,
        seed: int | None = None,
        record_episode_statistics: bool = False,
        validate_actions: bool = True,
        grayscale: bool = False,
        frame_stack: int = 1,
        channels_first: bool = False,
        **params: Any,
    ) -> None:
        """Takes the arguments of `ArcadeVectorEnv`, so that the two can be exchanged.

        `backend`, `autoreset_mode`, `devices` and `validate_actions` have no effect:
        frames are NumPy arrays, ended episodes wait for `reset`, there is one lane on
        one device, and actions are always checked. `record_episode_statistics` adds
        {"r": return, "l": length, "t": seconds} as `info["episode"]` to the last step
        of an episode, as Gymnasium's wrapper does. `render_mode` may be "human" here: a
        window that shows every frame (extra `human`). Without a screen, the first
        frame raises RuntimeError, unless SDL_VIDEODRIVER names a driver without one.

        `gymnasium.make` hides `max_episode_steps` from constructors and adds a
        `TimeLimit`. The limit is found there, so that it counts for the statistics, and
        refused if it is longer than that of the level.
        """
        if max_episode_steps is None:
            max_episode_steps = step_limit.asked_of_gymnasium()
        options = {
            name: value
            for name, value in locals().items()
            if name not in {"self", "__class__", "params"}
        }
        self._options = options | params
        arguments.backend(backend)
        arguments.autoreset_mode(autoreset_mode)
        # Actions are in host memory, so they can always be checked.
        arguments.switch("validate_actions", validate_actions)
        del devices  # a single lane cannot be shared
        self._records = arguments.switch(
            "record_episode_statistics", record_episode_statistics
        )
        env = arguments.environment(options, params)
        form = FrameForm(
            stack=arguments.frame_stack(frame_stack),
            is_planar=arguments.switch("channels_first", channels_first),
        )
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise ValueError(registry.unknown("render_mode", render_mode, RENDER_MODES))
        self.render_mode = render_mode
        self._title = env.name
        self._viewer: Viewer | None = None
        self._device = arguments.devices(device, None, 1)[0]
        forking.note_start()
        self._first_seed = seed
        arguments.seeds(seed, 1)  # refuses a bad one now, not at reset
        rules = Rules(
            env=env,
            platform=self._device.platform,
            autoreset_mode=AutoresetMode.DISABLED,
            max_episode_steps=arguments.max_episode_steps(
                max_episode_steps,
                env.name,
                int(env.default_params.max_steps),  # type: ignore[arg-type]  # a Python int
            ),
            reports_finished=self._records,
            form=form,
        )
        self._shows_obs = form == PLAIN and env.channels == 3
        self._kernel = compile_kernel(rules)
        self._lanes: Any = None
        self._ended = False
        self._started = time.perf_counter()
        self._num_actions = env.num_actions
        self.observation_space = FrameBox(form.shape(env))
        self.action_space = Discrete(env.num_actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: of a new chain of keys; None goes on with the present one.
            options: none are known; pass None or an empty dictionary.

        Returns:
            Observation, uint8 [obs_size, obs_size, 3] unless an option says otherwise,
            and an empty `info`.
        """
        forking.refuse_forked()
        if options:
            raise ValueError(
                f"reset() knows no options, got {options!r}; leave options out"
            )
        if seed is None and self._lanes is None:
            seed = self._first_seed
        super().reset(seed=seed)
        if seed is None and self._lanes is None:
            seed = int(self.np_random.integers(arguments.MAX_SEED))
        values, seeded = arguments.seeds(seed, 1)
        lanes = self._lanes
        if lanes is None:
            lanes = jax.device_put(self._kernel.empty(1), self._device)
        chosen = np.ones(1, np.bool_)
        lanes, obs = self._kernel.reset(None, lanes, values, seeded, chosen)
        arguments.refuse_tracer(obs)
        self._lanes = lanes  # only now, so that a failed call changes nothing
        self._ended = False
        self._started = time.perf_counter()
        frame = np.array(obs)[0]
        self._show_obs(frame)
        return frame, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Plays one action, 0..4.

        Raises:
            ResetNeeded: before the first `reset`, and after the end of an episode.
            ValueError, TypeError: the action is none of the five.
        """
        forking.refuse_forked()
        if self._lanes is None or self._ended:
            when = "an ended episode" if self._ended else "a new environment"
            raise ResetNeeded(f"step() on {when}: call reset() first")
        if np.ndim(action) != 0:
            raise ValueError(
                f"action must be one integer, got shape {np.shape(action)}; "
                "use action.item()"
            )
        actions = arguments.host_actions([action], 1, self._num_actions)
        lanes, results = self._kernel.step(None, self._lanes, actions)
        arguments.refuse_tracer(results.obs)
        self._lanes = lanes  # only now, so that a failed call changes nothing
        obs, reward, terminated, truncated = jax.device_get(results[:4])
        self._ended = bool(terminated[0] or truncated[0])
        frame = np.array(obs)[0]  # a copy, because JAX forbids to write into `obs`
        self._show_obs(frame)
        flags = bool(terminated[0]), bool(truncated[0])
        return frame, float(reward[0]), *flags, self._info(results.finished)

    def _info(self, finished: Finished | None) -> dict[str, Any]:
        if finished is None or not self._ended:
            return {}
        seconds = round(time.perf_counter() - self._started, 6)
        episode_return = float(finished.episode_return[0])
        return {
            "episode": {"r": episode_return, "l": int(finished.length[0]), "t": seconds}
        }

    def render(self) -> np.ndarray | None:
        """Draws the present state: uint8 [obs_size, obs_size, 3], writable.

        In "human" mode it shows the frame, as `reset` and `step` do anyway, and
        returns None.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render_mode draws nothing; pass "
                "render_mode='rgb_array' when making the environment"
            )
            return None
        forking.refuse_forked()
        if self._lanes is None:
            raise ResetNeeded("call reset() before render()")
        if self.render_mode == "human":
            self._show(self._picture())
            return None
        return self._picture()

    def _picture(self) -> np.ndarray:
        return np.array(self._kernel.render(self._lanes))[0]

    def __getstate__(self) -> dict[str, Any]:
        """Pickles and copies as the options and the state; a window stays behind."""
        lanes = None
        if self._lanes is not None:
            lanes = snapshot.fields_of(self._kernel, self._lanes)
        kept = ("spec", "action_space", "_np_random", "_np_random_seed", "_ended")
        return {
            "options": snapshot.portable(self._options),
            "lanes": lanes,
            "attributes": {name: getattr(self, name) for name in kept},
        }

    def __setstate__(self, pickled: dict[str, Any]) -> None:
        """Makes the environment anew and goes on with the state."""
        self.__init__(**pickled["options"])
        for name, value in pickled["attributes"].items():
            setattr(self, name, value)
        if pickled["lanes"] is not None:
            blank = self._kernel.empty(1)
            lanes = snapshot.lanes_of(self._kernel, blank, pickled["lanes"])
            self._lanes = jax.device_put(lanes, self._device, may_alias=False)

    def _show_obs(self, obs: np.ndarray) -> None:
        """Shows what an observation shows, in color, in "human" mode."""
        if self.render_mode == "human":
            self._show(obs if self._shows_obs else self._picture())

    def _show(self, frame: np.ndarray) -> None:
        """Shows a frame, and waits until the next one is due."""
        if self._viewer is None:
            try:
                from arcade_gym.playing.viewer import Viewer  # noqa: PLC0415  # optional
            except ImportError as error:
                raise DependencyNotInstalled(
                    "render_mode='human' needs pygame-ce: "
                    "pip install 'arcade-gym[human]'"
                ) from error
            self._viewer = Viewer(self._title, len(frame), RENDER_FPS)
        self._viewer.show(frame)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Sets an attribute as Gymnasium does, also for `SyncVectorEnv.set_attr`.

        Raises:
            AttributeError: the environment has an option of this name.
        """
        if name in self._options:
            attributes.refuse_to_set(name)
        return super().set_wrapper_attr(name, value, force=force)

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """Keys for `gymnasium.utils.play`: the arrows and space.

        Without a key it plays its `noop`, which is 0 unless you say otherwise. That is
        UP; in Tetris, where UP turns the piece, pass `noop=4`.
        """
        from arcade_gym.playing.keys import MOVES  # noqa: PLC0415  # needs pygame

        return {(key,): move.value for key, move in MOVES.items()}

    def close(self) -> None:
        """Gives the memory of the state back and closes the window."""
        self._lanes = None
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None
