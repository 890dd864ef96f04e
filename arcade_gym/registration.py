"""Ids of all games for `gymnasium.make` and `gymnasium.make_vec`."""

import gymnasium

from jax_core import registry
from jax_core.game import GameSpec

NAMESPACE = registry.NAMESPACE


def register(spec: GameSpec) -> tuple[str, ...]:
    """Adds a game of your own everywhere: `jax_core.register` and ids for Gymnasium.

    Args:
        spec: the game; docs/own_game.md shows one. `jax_core.register` may have been
            called with it before.

    Returns:
        Its ids in Gymnasium: "popgym_arcade/Lamp-v0", "popgym_arcade/LampEasy-v0", ...

    Raises:
        ContractError: the game breaks the contract of `jax_core.game`.
        ValueError: the name is taken.
    """
    is_known = isinstance(spec, GameSpec) and registry.games.get(spec.name) is spec
    if not is_known:
        registry.register(spec)
    elif _ids(spec).keys() <= gymnasium.registry.keys():
        raise ValueError(
            f"{spec.name!r} is registered already. Choose another name, or take the "
            f"other game out first: arcade_gym.unregister({spec.name!r})"
        )
    _register(spec)
    return tuple(_ids(spec))


def unregister(name: str) -> None:
    """Takes a game of your own out, so that a changed one can be registered.

    Raises:
        ValueError: there is no such game, or it belongs to this package.
    """
    spec = registry.games.get(name)
    registry.unregister(name)
    if spec:
        for env_id in _ids(spec):
            gymnasium.registry.pop(env_id, None)


def register_all() -> None:
    """Registers "popgym_arcade/Breakout-v0", "popgym_arcade/BreakoutEasy-v0" and so on.

    Repeating it changes nothing.
    """
    for spec in registry.games.values():
        _register(spec)


def _register(spec: GameSpec) -> None:
    """The step limit is not given to Gymnasium, which would count a second time."""
    for env_id, name in _ids(spec).items():
        if env_id not in gymnasium.registry:
            gymnasium.register(
                env_id,
                entry_point="arcade_gym.env:ArcadeEnv",
                vector_entry_point="arcade_gym.vector_env:ArcadeVectorEnv",
                kwargs={"game": name},
            )


def gymnasium_id(level: str) -> str:
    """The id in Gymnasium of a level, "popgym_arcade/BreakoutEasy-v0".

    Raises:
        ValueError: there is no such level.
    """
    return _id(level, registry.find_level(level)[0])


def _ids(spec: GameSpec) -> dict[str, str]:
    """Ids in Gymnasium, with the name that each stands for."""
    levels = [registry.level_id(spec, difficulty) for difficulty in spec.levels]
    return {_id(name, spec): name for name in (spec.name, *levels)}


def _id(name: str, spec: GameSpec) -> str:
    return f"{NAMESPACE}/{name}-v{spec.version}"
