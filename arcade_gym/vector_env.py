"""The vector environment: thousands of games in one compiled call per step."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from arcade_gym import arguments, interop
from arcade_gym.kernel import Rules, compile_kernel
from arcade_gym.spaces import FrameBox

Results = tuple[Any, Any, Any, Any, dict[str, Any]]


class ArcadeVectorEnv(VectorEnv[Any, Any, Any]):
    """A batch of one game as a `gymnasium.vector.VectorEnv`.

    Observations are uint8 [num_envs, obs_size, obs_size, 3], rewards float32 and flags
    bool [num_envs], as JAX arrays, PyTorch tensors on the same device, or NumPy arrays.
    The two device backends never wait for the device and never copy to the host. What
    is handed out shares memory with JAX and is never read again by the environment.

    Lane i of `reset(seed=s)` plays exactly what `ArcadeEnv` plays with the seed s + i,
    over any number of episodes, whatever the number of environments and the backend.
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
        device: str | None = None,
        seed: int | None = None,
        validate_actions: bool = False,
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
            max_episode_steps: truncates earlier than the level does; rewards stay.
            render_mode: "rgb_array" or None.
            device: "cpu", "gpu" or "gpu:1"; None is JAX's default.
            seed: for the first `reset` that passes none.
            validate_actions: checks the range of actions on the device too, which
                waits for the device. Unchecked actions out of range do not move.

        Raises:
            ValueError: an argument is out of its range; the message names the way out.
            ImportError: `backend="torch"` without PyTorch.
        """
        self.num_envs = arguments.num_envs(num_envs)
        env = arguments.environment(
            game, difficulty, partial_obs=partial_obs, obs_size=obs_size
        )
        self.backend = arguments.backend(backend)
        mode = arguments.autoreset_mode(autoreset_mode)
        self.render_mode = arguments.render_mode(render_mode)
        self._device = arguments.device(device)
        self._first_seed = seed
        self._seeds: tuple[int, ...] = ()
        arguments.seeds(seed, self.num_envs)  # refuses a bad one now, not at reset
        self._validate_actions = validate_actions
        rules = Rules(
            env=env,
            autoreset_mode=mode,
            max_episode_steps=arguments.max_episode_steps(max_episode_steps, env),
        )
        self._kernel = compile_kernel(rules)
        self._lanes: Any = None
        self._num_actions = env.num_actions

        self.metadata = {
            "render_modes": list(arguments.RENDER_MODES),
            "render_fps": 15,
            "autoreset_mode": mode,
            "jax": backend == "jax",
        }
        frame = (obs_size, obs_size, 3)
        self.single_observation_space = FrameBox(frame)
        self.single_action_space = Discrete(env.num_actions)
        self.observation_space = FrameBox((self.num_envs, *frame))
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    @property
    def device(self) -> Any:
        """The `jax.Device` where states and frames live."""
        return self._device

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]  # as in SyncVectorEnv
        """The seeds of the last `reset` that was given any, one per lane."""
        return self._seeds

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Starts a new episode in every lane.

        Args:
            seed: s gives lane i the seed s + i; a sequence has one per lane; None
                goes on with the lanes' own keys (at first: `seed` of the
                constructor, or one drawn from the operating system).
            options: none are known; pass None or an empty dictionary.

        Returns:
            Observations and an empty `info`.

        Raises:
            ValueError: a seed or an option that cannot be used.
        """
        self._check_open()
        if options:
            raise ValueError(
                f"reset() knows no options in {self.metadata['autoreset_mode'].value} "
                f"mode, got {sorted(options)}; leave options out"
            )
        values, seeded = arguments.seeds(self._seed_or_first(seed), self.num_envs)
        if seeded.any():
            self._seeds = tuple(values.tolist())
        if self._lanes is None:
            self._lanes = jax.device_put(
                self._kernel.empty(self.num_envs), self._device
            )
        values, seeded = jax.device_put((values, seeded), self._device)
        self._lanes, obs = self._kernel.reset(self._lanes, values, seeded)
        return self._hand_out_obs(obs), {}

    def step(self, actions: Any) -> Results:
        """Steps every lane.

        Args:
            actions: integers [num_envs] in 0..4, as NumPy, JAX or PyTorch array.

        Returns:
            Observations, rewards, terminated, truncated and an empty `info`.

        Raises:
            ValueError: wrong shape, or a value out of range that can be seen without
                waiting for the device.
            TypeError: not integers.
            ResetNeeded: before the first `reset`.
        """
        if self._lanes is None:
            self._check_open()
            raise ResetNeeded("call reset() before step()")
        self._lanes, results = self._kernel.step(self._lanes, self._take_in(actions))
        return (
            self._hand_out_obs(results.obs),
            self._hand_out(results.reward),
            self._hand_out(results.terminated),
            self._hand_out(results.truncated),
            {},
        )

    def render(self) -> tuple[np.ndarray, ...] | None:
        """Draws every lane from its state: uint8 [obs_size, obs_size, 3] each."""
        self._check_open()
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render_mode draws nothing; pass "
                "render_mode='rgb_array' when making the environment"
            )
            return None
        return tuple(np.asarray(self._draw("render")))

    def draw(self) -> Any:
        """Draws every lane from its state, as observations of the backend.

        The frames equal those that the last `reset` or `step` returned.
        """
        return self._hand_out_obs(self._draw("draw"))

    def _draw(self, caller: str) -> jax.Array:
        if self._lanes is None:
            self._check_open()
            raise ResetNeeded(f"call reset() before {caller}()")
        return self._kernel.draw(self._lanes)

    def close_extras(self, **kwargs: Any) -> None:
        """Gives the memory of the lanes back."""
        del kwargs  # nothing to choose
        self._lanes = None

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError(
                "the environment was closed; make a new one to go on"
            )

    def _seed_or_first(self, seed: Any) -> Any:
        if seed is not None or self._lanes is not None:
            return seed
        if self._first_seed is not None:
            return self._first_seed
        entropy = int(np.random.SeedSequence().generate_state(1)[0])
        return entropy % (arguments.MAX_SEED + 2 - self.num_envs)

    def _take_in(self, actions: Any) -> Any:
        """Makes actions int32 for the compiled step, without leaving their device."""
        count = self.num_envs
        if isinstance(actions, jax.Array):
            arguments.check_actions(actions.shape, actions.dtype, count)
            if self._validate_actions:
                self._check_range(actions)
            is_int32 = actions.dtype == np.int32
            return actions if is_int32 else actions.astype(np.int32)
        if interop.is_torch(actions):
            return self._take_in_torch(actions)
        return arguments.host_actions(actions, count, self._num_actions)

    def _take_in_torch(self, actions: Any) -> jax.Array:
        arguments.check_actions(actions.shape, actions.dtype, self.num_envs)
        if self._validate_actions or actions.device.type == "cpu":
            self._check_range(actions)
        shared = interop.to_jax(actions.int())
        return jax.device_put(shared, self._device)

    def _check_range(self, actions: Any) -> None:
        arguments.check_range(int(actions.min()), int(actions.max()), self._num_actions)

    def _hand_out_obs(self, obs: Any) -> Any:
        if self.backend == "numpy":
            return interop.to_numpy(obs)
        return self._hand_out(obs)

    def _hand_out(self, array: Any) -> Any:
        if self.backend == "jax":
            return array
        if self.backend == "torch":
            return interop.to_torch(array)
        return np.array(array)  # wrappers write into rewards and flags
