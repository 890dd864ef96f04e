"""The table of games and `make`."""

import difflib
from dataclasses import fields, replace
from typing import Any

from jax_core.environment import Environment
from jax_core.game import Difficulty, GameParams, GameSpec, Visibility
from jax_core.games import (
    autoencode,
    battleship,
    breakout,
    cartpole,
    countrecall,
    minesweeper,
    navigator,
    skittles,
    tetris,
)

MIN_OBS_SIZE, MAX_OBS_SIZE = 64, 512

games: dict[str, GameSpec] = {
    spec.name: spec
    for spec in (
        autoencode.SPEC,
        battleship.SPEC,
        breakout.SPEC,
        cartpole.SPEC,
        countrecall.SPEC,
        minesweeper.SPEC,
        navigator.SPEC,
        cartpole.NOISY_SPEC,
        skittles.SPEC,
        tetris.SPEC,
    )
}
"""Every game by name."""


def level_id(spec: GameSpec, difficulty: Difficulty) -> str:
    """The id of a level, "BreakoutEasy"."""
    return f"{spec.name}{difficulty.title()}"


levels: dict[str, tuple[GameSpec, Difficulty]] = {
    level_id(spec, difficulty): (spec, difficulty)
    for spec in games.values()
    for difficulty in spec.levels
}
"""Every id with its game and level."""

registered_envs: tuple[str, ...] = tuple(levels)


def make(
    env_id: str, *, partial_obs: bool = False, obs_size: int = 128, **params: Any
) -> tuple[Environment, GameParams]:
    """Builds an environment and its params.

    Args:
        env_id: one of `registered_envs`.
        partial_obs: draws the partial view (POMDP) instead of the full one (MDP).
        obs_size: pixels of a side of the frame, 64 to 512.
        **params: replace fields of the level's Params by name.

    Raises:
        ValueError: unknown id, bad size or view, unknown field of Params.
    """
    spec, difficulty = find_level(env_id)
    level = _replace_fields(env_id, spec.levels[difficulty], params)
    env = Environment(
        name=env_id,
        game=spec.game,
        default_params=level,
        visibility=_visibility(partial_obs),
        obs_size=_checked_size(obs_size),
    )
    return env, level


def find_level(env_id: str) -> tuple[GameSpec, Difficulty]:
    """Looks up an id.

    Raises:
        ValueError: the id is unknown; names the nearest one.
    """
    if env_id not in levels:
        raise ValueError(unknown("environment", env_id, registered_envs))
    return levels[env_id]


def unknown(kind: str, name: object, known: tuple[str, ...]) -> str:
    """The message for a name that is not in a list, with the nearest one that is."""
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"Unknown {kind} {name!r}.{hint} All: {', '.join(known)}"


def _replace_fields(
    env_id: str, level: GameParams, changes: dict[str, Any]
) -> GameParams:
    known = tuple(field.name for field in fields(level))
    for name in changes:
        if name not in known:
            raise ValueError(unknown(f"parameter of {env_id}", name, known))
    kinds = {name: type(getattr(level, name)) for name in changes}
    return replace(level, **{name: kinds[name](changes[name]) for name in changes})


def _visibility(partial_obs: bool) -> Visibility:
    if not isinstance(partial_obs, bool):
        raise ValueError(f"partial_obs must be True or False, got {partial_obs!r}")
    return Visibility.PARTIAL if partial_obs else Visibility.FULL


def _checked_size(obs_size: int) -> int:
    is_integer = isinstance(obs_size, int) and not isinstance(obs_size, bool)
    if not is_integer or not MIN_OBS_SIZE <= obs_size <= MAX_OBS_SIZE:
        raise ValueError(
            f"obs_size must be an integer from {MIN_OBS_SIZE} to {MAX_OBS_SIZE}, "
            f"got {obs_size!r}"
        )
    return obs_size
