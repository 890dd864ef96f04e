"""The single environment, compiled like one lane of the vector environment."""

from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode

from arcade_gym import arguments, forking
from arcade_gym.kernel import Rules, compile_kernel
from arcade_gym.spaces import FrameBox


class ArcadeEnv(gymnasium.Env[np.ndarray, Any]):
    """One game as a `gymnasium.Env`, with NumPy frames and Python numbers.

    With the seed s + i it plays exactly what lane i of `ArcadeVectorEnv` plays after
    `reset(seed=s)`, over any number of episodes. For speed use the vector environment:
    a step of one lane costs about as much as a step of a hundred.
    """

    metadata = {  # noqa: RUF012  # Gymnasium's form
        "render_modes": list(arguments.RENDER_MODES),
        "render_fps": 15,
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
        device: str | None = None,
        seed: int | None = None,
        validate_actions: bool = True,
    ) -> None:
        """Takes the arguments of `ArcadeVectorEnv`, so that the two can be exchanged.

        `backend`, `autoreset_mode` and `validate_actions` are checked and have no
        effect: frames are NumPy arrays, ended episodes wait for `reset`, and actions
        are always checked.
        """
        arguments.backend(backend)
        arguments.autoreset_mode(autoreset_mode)
        del validate_actions  # actions are in host memory, so checking is free
        env = arguments.environment(
            game, difficulty, partial_obs=partial_obs, obs_size=obs_size
        )
        self.render_mode = arguments.render_mode(render_mode)
        self._device = arguments.devices(device, None, 1)[0]
        forking.note_start()
        self._first_seed = seed
        arguments.seeds(seed, 1)  # refuses a bad one now, not at reset
        rules = Rules(
            env=env,
            autoreset_mode=AutoresetMode.DISABLED,
            max_episode_steps=arguments.max_episode_steps(max_episode_steps, env),
        )
        self._kernel = compile_kernel(rules)
        self._lanes: Any = None
        self._ended = False
        self._num_actions = env.num_actions
        self.observation_space = FrameBox((obs_size, obs_size, 3))
        self.action_space = Discrete(env.num_actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: of a new chain of keys; None goes on with the present one.
            options: none are known; pass None or an empty dictionary.

        Returns:
            Frame, uint8 [obs_size, obs_size, 3], read-only, and an empty `info`.
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
        if self._lanes is None:
            self._lanes = jax.device_put(self._kernel.empty(1), self._device)
        self._lanes, obs = self._kernel.reset(
            None, self._lanes, values, seeded, np.ones(1, np.bool_)
        )
        self._ended = False
        return np.asarray(obs)[0], {}

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
        batch = np.asarray(action)[None]
        actions = arguments.host_actions(batch, 1, self._num_actions)
        self._lanes, results = self._kernel.step(None, self._lanes, actions)
        obs, reward, terminated, truncated = jax.device_get(results[:4])
        self._ended = bool(terminated[0] or truncated[0])
        return obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    def render(self) -> np.ndarray | None:
        """Draws the present state: uint8 [obs_size, obs_size, 3], writable."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render_mode draws nothing; pass "
                "render_mode='rgb_array' when making the environment"
            )
            return None
        forking.refuse_forked()
        if self._lanes is None:
            raise ResetNeeded("call reset() before render()")
        return np.array(self._kernel.draw(self._lanes))[0]

    def close(self) -> None:
        """Gives the memory of the state back."""
        self._lanes = None
