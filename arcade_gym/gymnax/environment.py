"""The games as environments of gymnax, with the results of the version that is there.

Source of both interfaces: gymnax 0.0.9 and 1.0.1, gymnax/environments/environment.py.
"""

from functools import partial
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
from gymnax.environments import (  # pyright: ignore[reportMissingImports]  # no part of dev
    environment,
    spaces,
)
from jaxtyping import Array, Int

import jax_core
from jax_core import random
from jax_core.environment import Environment, Info, Step, one_key, select
from jax_core.game import GameParams, GameState
from jax_core.types import AnyKey, Flag, Frame, Reward

SPLITS_ENDS = hasattr(environment.Environment, "is_truncated")
"""Whether this gymnax tells terminated from truncated, as it does since 1.0."""


class ArcadeEnvironment(environment.Environment):
    """One game at one level in one view; an instance of gymnax's `Environment`.

    States and params are those of `jax_core`, which have `time`,
    `max_steps_in_episode` and `replace`. Equal environments are equal and share what
    was compiled.

    Attributes:
        core: the same in `jax_core`, whose episodes it plays bit for bit.
    """

    def __init__(self, core: Environment) -> None:
        """Takes an environment of `jax_core.make`."""
        self.core = core

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArcadeEnvironment) and self.core == other.core

    def __hash__(self) -> int:
        return hash(self.core)

    def __repr__(self) -> str:
        view = self.core.visibility
        return f"<{self.name}, {view} view, {self.core.obs_size} pixels, for gymnax>"

    @property
    def name(self) -> str:
        """The id, "BreakoutEasy"."""
        return self.core.name

    @property
    def default_params(self) -> GameParams:
        """The level, used where `params` is None."""
        return self.core.default_params

    @property
    def num_actions(self) -> int:
        """Number of actions, the same in every game."""
        return self.core.num_actions

    def action_space(self, params: GameParams | None = None) -> Any:
        """The five moves, as gymnax's `Discrete`."""
        del params  # the same at every level
        space = spaces.Discrete(self.num_actions)
        # In gymnax 0.0 it is int64, of which JAX warns unless it is in x64 mode.
        space.dtype = jnp.dtype(jnp.int32)
        return space

    def observation_space(self, params: GameParams | None = None) -> Any:
        """Frames as gymnax's `Box`: uint8 [obs_size, obs_size, channels] in 0..255."""
        box = self.core.observation_space(params)
        return spaces.Box(box.low, box.high, box.shape, box.dtype)

    @partial(jax.jit, static_argnums=0)  # as gymnax does
    def reset(
        self, key: AnyKey, params: GameParams | None = None
    ) -> tuple[Frame, GameState]:
        """Starts an episode: the first frame and the first state."""
        return self.core.reset(key, params)

    def reset_env(
        self, key: AnyKey, params: GameParams | None = None
    ) -> tuple[Frame, GameState]:
        """The same as `reset`."""
        return self.core.reset(key, params)

    def get_obs(
        self, state: Any, params: GameParams | None = None, key: Any = None
    ) -> Frame:
        """Draws a state: uint8 [obs_size, obs_size, channels]."""
        del key  # noise is part of the state
        return self.core.get_obs(state, params)

    def is_terminal(self, state: Any, params: GameParams | None = None) -> NoReturn:
        """Not known from a state alone.

        Raises:
            NotImplementedError: always; says where ends are told.
        """
        raise NotImplementedError(
            f"{self.name} does not tell by a state whether its episode has ended; take "
            "info['terminated'] and info['discount'] of the step that led to it"
        )

    is_terminated = discount = is_terminal


class _WithDone(ArcadeEnvironment):
    """For gymnax 0.0: five results, of which the fourth is `done`."""

    @partial(jax.jit, static_argnums=0)
    def step(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> Step:
        """Steps, and starts the next episode at once; see `jax_core.Environment`."""
        return self.core.step(key, state, action, params)

    def step_env(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> Step:
        """Steps like `step`, but stays in the last state of an ended episode."""
        return self.core.step_env(key, state, action, params)


class _WithTwoEnds(ArcadeEnvironment):
    """For gymnax 1.0: six results, with terminated and truncated apart."""

    @partial(jax.jit, static_argnums=0)
    def step(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> tuple[Frame, Any, Reward, Flag, Flag, Info]:
        """Steps, and starts the next episode at once.

        Returns:
            obs, state: after an end, those of the next episode.
            reward: float32.
            terminated: ended by the rules.
            truncated: ended by the step limit.
            info: "terminated", "truncated", "discount" and "final_observation", the
                frame before the reset. Where nobody looks at it, nothing is drawn.
        """
        step_key, reset_key = random.split(one_key(key))
        last_obs, last_state, reward, done, info = self.core.step_env(
            step_key, state, action, params
        )
        state = select(done, self.core.init(reset_key, params), last_state)
        obs = self.core.get_obs(state, params)
        ends = info["terminated"], info["truncated"]
        return obs, state, reward, *ends, info | {"final_observation": last_obs}

    def step_env(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> tuple[Frame, Any, Reward, Flag, Info]:
        """Steps like `step`, but stays in the last state; five results."""
        obs, state, reward, _, info = self.core.step_env(key, state, action, params)
        return obs, state, reward, info["terminated"], info


def make(
    env_id: str,
    *,
    partial_obs: bool = False,
    obs_size: int = 128,
    channels: int = 3,
    **params: Any,
) -> tuple[ArcadeEnvironment, GameParams]:
    """Builds an environment of the installed gymnax and its params.

    Args:
        env_id: one of `jax_core.registered_envs`, or "module:id".
        partial_obs: draws the partial view (POMDP) instead of the full one (MDP).
        obs_size: pixels of a side of the frame, 64 to 512.
        channels: 3 draws RGB, 1 draws brightness.
        **params: replace fields of the level's Params by name.

    Returns:
        The environment, whose `step` has six results in gymnax 1.0 and five before it,
        and its params.

    Raises:
        ValueError: as `jax_core.make`.
    """
    core, level = jax_core.make(
        env_id, partial_obs=partial_obs, obs_size=obs_size, channels=channels, **params
    )
    return (_WithTwoEnds if SPLITS_ENDS else _WithDone)(core), level
