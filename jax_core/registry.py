"""The table of games, to which users add theirs, and `make`."""

import difflib
import re
from dataclasses import fields, replace
from typing import Any

from jax_core import addresses, contract
from jax_core.environment import Environment
from jax_core.game import (
    MIN_OBS_SIZE,
    Difficulty,
    GameParams,
    GameSpec,
    Visibility,
)
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
from jax_core.ids import LiveIds
from jax_core.limits import check_limits, checked_value, python_scalar

MAX_OBS_SIZE = 512

NAMESPACE = "popgym_arcade"
"""Of the ids in Gymnasium, "popgym_arcade/BreakoutEasy-v0"."""

_GYMNASIUM_ID = re.compile(rf"(?:{NAMESPACE}/)?(\w+?)(?:-v(\d+))?")

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

registered_envs: tuple[str, ...] = LiveIds(levels)
"""All ids, those that are registered later too."""

_ours = frozenset(games)
_modules: dict[str, str] = {}  # that registered a game, where `resolve` saw it


def register(spec: GameSpec) -> tuple[str, ...]:
    """Adds a game of your own: `make` and all lists of ids then have it.

    Nothing is compiled; every function of the game is traced at every level.

    Args:
        spec: the game; docs/own_game.md shows one.

    Returns:
        Its ids, "LampEasy" and so on.

    Raises:
        ContractError: the game breaks the contract of `jax_core.game`; says where. It
            is a TypeError and a ValueError.
        ValueError: the name is taken.
    """
    contract.check(spec)
    ids = {level_id(spec, difficulty): difficulty for difficulty in spec.levels}
    for name in (spec.name, *ids):
        if name in games or name in levels:
            raise ValueError(
                f"{name!r} is registered already. Choose another name, or take the "
                f"other game out first: jax_core.registry.unregister({name!r})"
            )
    games[spec.name] = spec
    levels.update({env_id: (spec, difficulty) for env_id, difficulty in ids.items()})
    return tuple(ids)


def unregister(name: str) -> None:
    """Takes a game of your own out, so that a changed one can be registered.

    Raises:
        ValueError: there is no such game, or it belongs to this package.
    """
    own = tuple(game for game in games if game not in _ours)
    if name not in own:
        raise ValueError(unknown("game of your own", name, own))
    spec = games.pop(name)
    _modules.pop(name, None)
    for difficulty in spec.levels:
        del levels[level_id(spec, difficulty)]


def resolve(address: str) -> str:
    """The id at an address.

    Args:
        address: "BreakoutEasy", also as Gymnasium writes it,
            "popgym_arcade/BreakoutEasy-v0"; or "lamp:LampEasy" and
            "games/lamp.py:LampEasy", whose module is imported and registers the game.

    Raises:
        ValueError: the module cannot be imported or does not register the game.
    """
    module, _, env_id = address.rpartition(":")
    if not module or qualified(env_id) == address:
        return _plain(env_id)
    known = set(games)
    addresses.load(module)
    env_id = _plain(env_id)
    new = [name for name in games if name not in known]
    _modules.update(dict.fromkeys(new, module))
    if env_id not in levels and env_id not in games:
        raise ValueError(
            f"{module!r} was imported and registers no game {env_id!r}; it must call "
            f"register(SPEC). {unknown('environment', env_id, registered_envs)}"
        )
    return env_id


def qualified(env_id: str) -> str:
    """The address of an id, by which another process finds it.

    Args:
        env_id: an id or a name, registered or not.

    Returns:
        "lamp:LampEasy" for a game of your own, "/home/me/lamp.py:LampEasy" if it is
        registered by the script that runs; ids of this package as they are.
    """
    plain = _plain(env_id)
    spec = _spec_of(plain)
    if spec is None or spec.name in _ours:
        return env_id
    module = _modules.get(spec.name) or addresses.find(type(spec.game))
    env_id = plain
    return f"{module}:{env_id}" if module else env_id


def _plain(env_id: str) -> str:
    """The id or name in an id as Gymnasium writes it; others as they are."""
    match = _GYMNASIUM_ID.fullmatch(env_id)
    spec = _spec_of(match[1]) if match else None
    if match is None or spec is None or match[2] not in (None, str(spec.version)):
        return env_id
    return match[1]


def _spec_of(name: str) -> GameSpec | None:
    return games.get(name) or (levels[name][0] if name in levels else None)


def make(
    env_id: str,
    *,
    partial_obs: bool = False,
    obs_size: int = 128,
    channels: int = 3,
    **params: Any,
) -> tuple[Environment, GameParams]:
    """Builds an environment and its params.

    Args:
        env_id: one of `registered_envs`, or "module:id" for one that an import adds.
        partial_obs: draws the partial view (POMDP) instead of the full one (MDP).
        obs_size: pixels of a side of the frame, 64 to 512.
        channels: 3 draws RGB; 1 draws brightness (ITU-R BT.601), the bytes that
            `arcade_gym.wrappers.Grayscale` makes of RGB.
        **params: replace fields of the level's Params by name.

    Raises:
        ValueError: unknown id, bad size, view or channels, an unknown field of Params,
            or a value that is none for it or outside its range; ranges are in the
            docstrings of Params and in `Params.limits()`.
    """
    env_id = resolve(env_id)
    spec, difficulty = find_level(env_id)
    level = _replace_fields(env_id, spec.levels[difficulty], params)
    env = Environment(
        name=env_id,
        game=spec.game,
        default_params=level,
        visibility=_visibility(partial_obs),
        obs_size=_checked_size(obs_size),
        channels=_checked_channels(channels),
    )
    return env, level


def find_level(env_id: str) -> tuple[GameSpec, Difficulty]:
    """Looks up an id or an address.

    Raises:
        ValueError: the id is unknown; names the nearest one, or the levels of a game.
    """
    env_id = resolve(env_id)
    if env_id in games:
        ids = ", ".join(
            level_id(games[env_id], level) for level in games[env_id].levels
        )
        raise ValueError(f"{env_id} needs a level: {ids}")
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
    checked = {
        name: checked_value(name, value, type(getattr(level, name)))
        for name, value in changes.items()
    }
    level = replace(level, **checked)
    check_limits(level)
    return level


def _visibility(partial_obs: bool) -> Visibility:
    partial_obs = python_scalar(partial_obs)
    if not isinstance(partial_obs, bool):
        raise ValueError(f"partial_obs must be True or False, got {partial_obs!r}")
    return Visibility.PARTIAL if partial_obs else Visibility.FULL


def _checked_size(obs_size: int) -> int:
    obs_size = python_scalar(obs_size)
    is_integer = isinstance(obs_size, int) and not isinstance(obs_size, bool)
    if not is_integer or not MIN_OBS_SIZE <= obs_size <= MAX_OBS_SIZE:
        raise ValueError(
            f"obs_size must be an integer from {MIN_OBS_SIZE} to {MAX_OBS_SIZE}, "
            f"got {obs_size!r}"
        )
    return obs_size


def _checked_channels(channels: int) -> int:
    channels = python_scalar(channels)
    if isinstance(channels, bool) or channels not in (1, 3):
        raise ValueError(
            f"channels must be 3 (RGB) or 1 (brightness), got {channels!r}"
        )
    return int(channels)
