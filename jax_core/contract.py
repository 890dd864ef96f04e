"""Whether a game keeps the contract of `jax_core.game`, found out without compiling it.

Every function is traced for shapes only, at every level and in both views.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from jax_core.environment import Environment
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
)
from jax_core.limits import check_limits
from jax_core.rendering.scene import Scene

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_STATE = {"time": "int32", "score": "int32"}
_OUTCOME = {"reward": "float32", "terminated": "bool"}


class ContractError(TypeError, ValueError):
    """A game breaks the contract; says where and how, and what to do."""


def check(spec: GameSpec) -> None:
    """Refuses a game that breaks the contract.

    Raises:
        ContractError: a part of the game has the wrong type, value, shape or dtype, or
            one of its functions cannot be traced.
    """
    _check_spec(spec)
    for difficulty, params in spec.levels.items():
        where = f"{spec.name} ({difficulty})"
        _check_params(where, params)
        state = _check_init(where, spec.game, params)
        _check_step(where, spec.game, params, state)
        for visibility in Visibility:
            _check_scene(where, spec, params, state, visibility)


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ContractError(rule)


def _check_spec(spec: Any) -> None:
    _require(
        isinstance(spec, GameSpec),
        f"a game is registered by its jax_core.game.GameSpec, got {spec!r}",
    )
    _require(
        isinstance(spec.name, str) and _NAME.fullmatch(spec.name) is not None,
        "name must be letters and digits, a capital first, as in 'Breakout'; got "
        f"{spec.name!r}",
    )
    _require(
        _is_integer(spec.version) and spec.version >= 0,
        f"{spec.name}: version must be an integer of at least 0, got {spec.version!r}",
    )
    pace = spec.steps_per_second
    _require(
        pace is None or (_is_integer(pace) and pace >= 1),
        f"{spec.name}: steps_per_second must be None or at least 1, got {pace!r}",
    )
    _check_game(spec.name, spec.game)
    _check_levels(spec.name, spec.levels)


def _check_game(name: str, game: Any) -> None:
    hint = "; call the class" if isinstance(game, type) else ""
    _require(
        isinstance(game, Game),
        f"{name}: game must be an instance of a subclass of jax_core.game.Game, got "
        f"{game!r}{hint}",
    )
    _require(
        not vars(game),
        f"{name}: a game holds no data, since all instances of its class share their "
        f"compiled functions; got {sorted(vars(game))}. Put constants into Params",
    )


def _check_levels(name: str, levels: Any) -> None:
    _require(
        isinstance(levels, Mapping) and len(levels) > 0,
        f"{name}: levels must be a dict with at least one level, as in "
        f"{{Difficulty.EASY: Params(...)}}; got {levels!r}",
    )
    for difficulty in levels:
        _require(
            isinstance(difficulty, Difficulty),
            f"{name}: keys of levels are members of jax_core.game.Difficulty, got "
            f"{difficulty!r}",
        )


def _check_params(where: str, params: Any) -> None:
    _require(
        isinstance(params, GameParams),
        f"{where}: a level must be a subclass of jax_core.game.GameParams, got "
        f"{params!r}",
    )
    _check_pytree(f"{where}: Params", params)
    _require(
        _is_integer(params.max_steps),
        f"{where}: max_steps must be an integer, got {params.max_steps!r}",
    )
    try:
        check_limits(params)
    except ValueError as error:
        raise ContractError(f"{where}: {error}") from error
    try:
        hash(params)
    except TypeError as error:
        raise ContractError(
            f"{where}: Params must be hashable, so that environments can be static "
            f"arguments of jax.jit; use numbers and tuples ({error})"
        ) from error


def _check_init(where: str, game: Game[Any, Any], params: GameParams) -> Any:
    place = f"{where}: init"

    def init(key: Any) -> Any:
        state = game.init(key, params)
        _require(
            isinstance(state, GameState),
            f"{place} must return a subclass of jax_core.game.GameState, got {state!r}",
        )
        _check_pytree(f"{where}: State", state)
        return state

    state = _trace(place, init, _key())
    for path, leaf in _leaves(state):
        _require(
            not leaf.weak_type,
            f"{place} leaves the dtype of {path} open (a weak type), so steps would "
            "compile twice; use jnp.int32(...), jnp.float32(...) or .astype(...)",
        )
    _check_scalars(place, state, _STATE)
    return state


def _check_step(
    where: str, game: Game[Any, Any], params: GameParams, state: Any
) -> None:
    place = f"{where}: step"
    action = jax.ShapeDtypeStruct((), np.int32)

    def step(key: Any, state: Any, action: Any) -> Any:
        stepped = game.step(key, state, action, params)
        is_pair = isinstance(stepped, tuple) and len(stepped) == 2
        _require(
            is_pair and isinstance(stepped[1], Outcome),
            f"{place} must return (state, jax_core.game.Outcome(...)), got {stepped!r}",
        )
        return stepped

    next_state, outcome = _trace(place, step, _key(), state, action)
    before, after = (jax.tree.structure(tree) for tree in (state, next_state))
    _require(
        before == after,
        f"{place} must return a state of the kind that init returns, {before}; got "
        f"{after}",
    )
    for (path, old), (_, new) in zip(_leaves(state), _leaves(next_state), strict=True):
        _require(
            _describe(old) == _describe(new),
            f"{place} changes {path} from {_describe(old)} to {_describe(new)}; "
            "shape, dtype and weak type must stay, or steps compile again",
        )
    _check_scalars(place, outcome, _OUTCOME)


def _check_scene(
    where: str, spec: GameSpec, params: GameParams, state: Any, visibility: Visibility
) -> None:
    place = f"{where}: scene of the {visibility} view"

    def scene(state: Any) -> Any:
        scene = spec.game.scene(state, params, visibility)
        _require(
            isinstance(scene, Scene),
            f"{place} must be a jax_core.rendering.scene.Scene, got {scene!r}",
        )
        return scene

    _trace(place, scene, state)
    env = Environment(
        name=spec.name,
        game=spec.game,
        default_params=params,
        visibility=visibility,
        obs_size=params.least_obs_size,  # every size is drawn by the same code
    )
    _trace(f"{place} cannot be drawn: render", env.get_obs, state)


def _check_pytree(what: str, tree: Any) -> None:
    _require(
        not jax.tree_util.all_leaves([tree]),
        f"{what} must be decorated with @jax_core.pytree.pytree, got {tree!r}",
    )


def _check_scalars(place: str, tree: Any, dtypes: Mapping[str, str]) -> None:
    for name, dtype in dtypes.items():
        found = _describe(getattr(tree, name))
        _require(
            found == f"{dtype}[]",
            f"{place} must give {name} as {dtype}[], one number; got {found}. Use "
            f"jnp.{dtype}(...) or .astype(jnp.{dtype})",
        )


def _trace(place: str, function: Callable[..., Any], *inputs: Any) -> Any:
    """Shapes of what a function returns."""
    try:
        return jax.eval_shape(function, *inputs)
    except ContractError:
        raise
    except Exception as error:  # whatever the game raises
        reason = str(error).partition("\n")[0]
        raise ContractError(
            f"{place} raises {type(error).__name__}: {reason}"
        ) from error


def _key() -> Any:
    return jax.eval_shape(lambda: jax.random.key(0))


def _leaves(tree: Any) -> list[tuple[str, Any]]:
    """Every array with its name."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [(jax.tree_util.keystr(path).lstrip("."), leaf) for path, leaf in leaves]


def _describe(leaf: Any) -> str:
    weak = "weak " if leaf.weak_type else ""
    return f"{weak}{leaf.dtype}[{','.join(map(str, leaf.shape))}]"


def _is_integer(value: object) -> bool:
    is_integer = isinstance(value, (int, np.integer))
    return is_integer and not isinstance(value, bool)
