"""The contract between a game and the rest: three pure functions over one state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeVar

import jax.numpy as jnp
from jaxtyping import ArrayLike, Int

from jax_core.limits import MAX_STEPS, Limit, check_limits, checked_value
from jax_core.pytree import pytree, static_names
from jax_core.rendering.scene import Scene
from jax_core.types import Action, Count, Flag, Key, Reward

ParamsT = TypeVar("ParamsT", bound="GameParams")
StateT = TypeVar("StateT", bound="GameState")

MIN_OBS_SIZE = 64  # pixels of a side of a frame


class Move(IntEnum):
    """The five actions of every game."""

    UP = 0
    DOWN = 1
    LEFT = 2
    RIGHT = 3
    FIRE = 4


class Visibility(StrEnum):
    """Which of the two views of a game is drawn."""

    FULL = "full"
    PARTIAL = "partial"


class Difficulty(StrEnum):
    """The three levels; games of this package have them all."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@pytree
class GameParams:
    """One level. Games add their own constants."""

    max_steps: Int[ArrayLike, ""]  # truncates an episode at this `time`; from 1

    def limits(self) -> dict[str, Limit]:
        """The range of each constant that has one, those first that set others.

        Games that add constants add their ranges: `super().limits() | {...}`. They may
        depend on fields made with `static()`. Levels are checked where they enter: by
        `jax_core.make` and by whatever builds on it, and in `ArcadeVectorEnv(params=)`.
        """
        return {"max_steps": Limit(1, MAX_STEPS)}

    @property
    def least_obs_size(self) -> int:
        """Pixels of a side that a frame needs for the signs to be told apart."""
        return MIN_OBS_SIZE

    @property
    def max_steps_in_episode(self) -> Any:
        """The name of `max_steps` in gymnax."""
        return self.max_steps

    def replace(self: ParamsT, **changes: Any) -> ParamsT:
        """Returns the same level with other values, as gymnax's params do.

        Fields made with `static()` are checked as `jax_core.make` checks them. Others
        are taken as they are: they may be traced, arrays for many lanes, or axes for
        `jax.vmap`. `dataclasses.replace` checks nothing.

        Args:
            **changes: fields by name; "max_steps_in_episode" means "max_steps".

        Raises:
            TypeError: there is no such field.
            ValueError: a field made with `static()` cannot have this value.
        """
        if "max_steps_in_episode" in changes:
            changes["max_steps"] = changes.pop("max_steps_in_episode")
        static = static_names(self)
        for name in changes.keys() & static:
            kind = type(getattr(self, name))
            changes[name] = checked_value(name, changes[name], kind)
        level = replace(self, **changes)
        check_limits(level, static)
        return level


@pytree
class GameState:
    """One episode in progress. Games add their own fields."""

    time: Count  # steps since reset; only Environment changes it
    score: Count  # the number on the display, 0..999

    def replace(self: StateT, **changes: Any) -> StateT:
        """Returns the same state with other values, as gymnax's states do.

        Args:
            **changes: fields by name.

        Raises:
            TypeError: there is no such field.
        """
        return replace(self, **changes)


@pytree
class Outcome:
    """What one step gave, apart from the next state."""

    reward: Reward
    terminated: Flag  # ended by the rules, judged on the new state


class Game(ABC, Generic[StateT, ParamsT]):
    """Rules and look of one game, written for one environment; `vmap` batches it.

    A game knows no pixels, no time limit and no autoreset, and holds no data.
    Instances of one class are interchangeable, so compiled functions are shared.
    """

    @abstractmethod
    def init(self, key: Key, params: ParamsT) -> StateT:
        """Samples the first state of an episode."""

    @abstractmethod
    def step(
        self, key: Key, state: StateT, action: Action, params: ParamsT
    ) -> tuple[StateT, Outcome]:
        """Applies the rules once. Reads the old `time` and leaves it as it is."""

    @abstractmethod
    def scene(self, state: StateT, params: ParamsT, visibility: Visibility) -> Scene:
        """Says what is visible. A partial view leaves out what it hides."""

    def is_won(self, state: StateT, params: ParamsT, terminated: Flag) -> Flag | None:
        """Whether an ended episode reached its goal, for people who play or watch.

        Args:
            state: the last one.
            params: of the level.
            terminated: whether the rules ended the episode, not the time limit alone.

        Returns:
            None where a game does not say.
        """
        del state, params, terminated
        return None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


@dataclass(frozen=True, kw_only=True)
class GameSpec:
    """One line of the registry.

    Attributes:
        name: the first part of every id, "Breakout" in "BreakoutEasy".
        version: raised by every change of rules, rewards or pictures.
        game: the rules.
        levels: constants of each difficulty; a game need not have all three.
        steps_per_second: how fast time passes when people play, where it passes by
            itself; None waits for a key press at every step.
    """

    name: str
    version: int
    game: Game[Any, Any]
    levels: Mapping[Difficulty, GameParams]
    steps_per_second: int | None = None


def horizontal(action: Action) -> Count:
    """Columns that an action moves to the right: -1, 0 or 1."""
    return (action == Move.RIGHT).astype(jnp.int32) - (action == Move.LEFT).astype(
        jnp.int32
    )


def vertical(action: Action) -> Count:
    """Rows that an action moves downwards: -1, 0 or 1."""
    return (action == Move.DOWN).astype(jnp.int32) - (action == Move.UP).astype(
        jnp.int32
    )
