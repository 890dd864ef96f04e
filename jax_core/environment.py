"""Time limit, autoreset and pixels: written once for all games."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from jax_core import random
from jax_core.game import Game, GameParams, GameState, Move, Outcome, Visibility
from jax_core.pytree import pytree
from jax_core.rendering.render import render
from jax_core.spaces import Box, Discrete
from jax_core.types import AnyKey, Flag, Frame, Key, Reward

Info = dict[str, Any]
Step = tuple[Frame, Any, Reward, Flag, Info]

_BATCHED = (
    "for a batch use jax.vmap(env.reset, in_axes=(0, None)) and "
    "jax.vmap(env.step, in_axes=(0, 0, 0, None))"
)


@pytree
class Transition:
    """One step without pixels and without autoreset."""

    state: Any  # the game's State after the step
    reward: Reward
    terminated: Flag  # ended by the rules
    truncated: Flag  # `time` reached the step limit

    @property
    def done(self) -> Flag:
        """Whether the episode ended, either way."""
        return self.terminated | self.truncated


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One game at one level, seen in one view.

    Hashable and without state, so that it can be a static argument of `jax.jit`.
    Every method works on one environment; batch with `jax.vmap`. Keys may be typed
    (`jax.random.key`) or raw (`jax.random.PRNGKey`).

    Attributes:
        name: the id, "BreakoutEasy".
        title: the game's name, shown in the footer.
        game: the rules.
        default_params: used where `params` is None.
        visibility: full view (MDP) or partial view (POMDP).
        obs_size: pixels of a side of the frame.
        channels: 3 for RGB, 1 for brightness, drawn at a third of the bytes.
    """

    name: str
    game: Game[Any, Any]
    default_params: GameParams
    visibility: Visibility = Visibility.FULL
    obs_size: int = 128
    channels: int = 3

    def __post_init__(self) -> None:
        """Refuses frames in which the level's signs could not be told apart.

        Raises:
            ValueError: `obs_size` is below the level's `least_obs_size`.
        """
        least = self.default_params.least_obs_size
        if self.obs_size < least:
            raise ValueError(
                f"obs_size must be at least {least} for {self.default_params}, whose "
                f"cells would be too small to read, got {self.obs_size}; draw larger "
                "frames or take a smaller board"
            )

    @property
    def num_actions(self) -> int:
        """Number of actions, the same in every game."""
        return len(Move)

    def action_space(self, params: GameParams | None = None) -> Discrete:
        """The five moves."""
        del params  # the same at every level
        return Discrete(self.num_actions)

    def observation_space(self, params: GameParams | None = None) -> Box:
        """Frames: uint8 [obs_size, obs_size, channels] in 0..255."""
        del params  # the same at every level
        return Box(0, 255, (self.obs_size, self.obs_size, self.channels))

    def reset(
        self, key: AnyKey, params: GameParams | None = None
    ) -> tuple[Frame, GameState]:
        """Starts an episode: the first frame and the first state."""
        state = self.init(key, params)
        return self.get_obs(state, params), state

    reset_env = reset

    def step(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> Step:
        """Steps, and starts the next episode at once when this one has ended.

        Returns:
            obs: of the returned state; after an end, the first frame of the next
                episode.
            state: from which to go on.
            reward: of the step.
            done: the episode ended.
            info: "terminated", "truncated" and "discount" of the step; the discount
                for bootstrapping is 0 on termination and 1 otherwise.
        """
        step_key, reset_key = random.split(one_key(key))
        transition = self.transition(step_key, state, action, params)
        fresh = self.init(reset_key, params)
        state = select(transition.done, fresh, transition.state)
        return self._step_results(transition, state, params)

    def step_env(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> Step:
        """Steps like `step`, but stays in the last state of an ended episode."""
        transition = self.transition(key, state, action, params)
        return self._step_results(transition, transition.state, params)

    def get_obs(self, state: Any, params: GameParams | None = None) -> Frame:
        """Draws a state. The picture depends on nothing else.

        Raises:
            ValueError: a batch of states.
        """
        _check_single(state)
        scene = self.game.scene(state, self._params(params), self.visibility)
        return render(scene, self.obs_size, self.channels)

    def init(self, key: AnyKey, params: GameParams | None = None) -> GameState:
        """Samples a first state, without drawing it.

        Raises:
            TypeError: the key is a number.
            ValueError: a batch of keys.
        """
        key = one_key(key)
        return _vary_with(key, self.game.init(key, self._params(params)))

    def transition(
        self,
        key: AnyKey,
        state: Any,
        action: Int[Array, ""] | int,
        params: GameParams | None = None,
    ) -> Transition:
        """Applies the rules and the step limit once, without drawing.

        Raises:
            TypeError: the action is not an integer, or the key is a number.
            ValueError: a batch of keys, states or actions.
        """
        key = one_key(key)
        _check_single(state)
        params = self._params(params)
        state, outcome = self.game.step(key, state, _integer(action), params)
        return _limit(state, outcome, params)

    def _params(self, params: GameParams | None) -> GameParams:
        return self.default_params if params is None else params

    def _step_results(
        self, transition: Transition, state: Any, params: GameParams | None
    ) -> Step:
        terminated, truncated = transition.terminated, transition.truncated
        info = {
            "terminated": terminated,
            "truncated": truncated,
            # With their dtypes, as plain numbers would make float64 in x64 mode.
            "discount": jnp.where(terminated, jnp.float32(0.0), jnp.float32(1.0)),
        }
        obs = self.get_obs(state, params)
        return obs, state, transition.reward, transition.done, info


def select(condition: Flag, if_true: Any, if_false: Any) -> Any:
    """Chooses between two states of one type."""
    return jax.tree.map(
        lambda yes, no: jnp.where(condition, yes, no), if_true, if_false
    )


def _limit(state: Any, outcome: Outcome, params: GameParams) -> Transition:
    state = replace(state, time=state.time + 1)
    return Transition(
        state=state,
        reward=outcome.reward,
        terminated=outcome.terminated,
        truncated=state.time >= params.max_steps,
    )


def one_key(key: Any) -> Key:
    """Makes a typed key of a raw one, and refuses what is not one key."""
    dtype = getattr(key, "dtype", None)
    is_typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
    if not is_typed and jnp.ndim(key) == 0:
        raise TypeError(f"key must be a random key, got {key!r}; use jax.random.key(0)")
    key = random.typed(key)
    if key.shape != ():
        raise ValueError(
            f"key must be one key, got keys of shape {key.shape}; {_BATCHED}"
        )
    return key


def _check_single(state: Any) -> None:
    if jnp.ndim(state.time) != 0:
        raise ValueError(
            "state must be of one environment, got a batch of shape "
            f"{jnp.shape(state.time)}; {_BATCHED}"
        )


def _vary_with(key: Key, state: Any) -> Any:
    """Makes constants of a fresh state depend on its key, without changing them.

    Inside `shard_map` a state that is carried through `scan` must not change its type,
    and all that a step returns varies over the devices. XLA drops the selects.
    """
    anchor = jax.random.key_data(key).ravel()[0] > 0
    return jax.tree.map(lambda leaf: jnp.where(anchor, leaf, leaf), state)


def _integer(action: Any) -> Int[Array, ""]:
    action = jnp.asarray(action)
    if not jnp.issubdtype(action.dtype, jnp.integer):
        raise TypeError(
            f"action must be an integer, got dtype {action.dtype}; "
            "use action.astype(jnp.int32)"
        )
    if action.ndim != 0:
        raise ValueError(
            f"action must be one integer, got shape {action.shape}; {_BATCHED}, or "
            "take action[0]"
        )
    return action
