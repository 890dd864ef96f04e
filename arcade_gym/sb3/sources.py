"""What a `VecEnv` may be made of: an id, a vector environment, or a list of makers."""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium

from arcade_gym.env import ArcadeEnv
from arcade_gym.vector_env import ArcadeVectorEnv
from jax_core import registry

Source = str | ArcadeVectorEnv | Sequence[Callable[[], gymnasium.Env[Any, Any]]]

DEFAULTS: dict[str, Any] = {
    "partial_obs": False,
    "obs_size": 128,
    "grayscale": False,
    "frame_stack": 1,
}
"""Options that are not None when they are left out."""

DECIDED: dict[str, Any] = {
    "backend": "torch",
    "autoreset_mode": "SameStep",
    "render_mode": "rgb_array",
    "channels_first": True,
}
"""Options of the lanes that are the same for every learner of Stable-Baselines3."""

_OF_BATCHES = ("num_envs", "record_episode_statistics", "validate_actions")


def options_of(
    source: Source, num_envs: int | None, given: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """The number of lanes, and their options of `ArcadeVectorEnv`.

    Args:
        source: an id; a vector environment, of which only the options are taken; or
            functions that make `ArcadeEnv`s, one for each lane, as `make_vec_env` of
            Stable-Baselines3 passes. The lanes share a program, so one is called.
        num_envs: with an id the number of lanes, else None or the same number.
        given: options beside an id; else they are those of the source.

    Raises:
        TypeError: something else, or functions that make something else.
        ValueError: an unknown id, another number of lanes, or options beside a source
            that has its own.
    """
    if isinstance(source, str):
        registry.find_level(source)  # refuses a game without level, as jax_core.make
        if num_envs is None:
            raise TypeError("num_envs must be given beside an id")
        return num_envs, {"game": source} | given
    if isinstance(source, ArcadeVectorEnv):
        count, options = source.num_envs, source._options
    else:
        count, options = len(source), _options_of_first(source)
    if num_envs not in (None, count):
        raise ValueError(
            f"num_envs must be left out or {count}, as many lanes as env_id has, got "
            f"{num_envs}"
        )
    if changed := [name for name in given if given[name] != DEFAULTS.get(name)]:
        raise ValueError(
            f"{', '.join(changed)} must be left out, because env_id has options of its "
            "own; choose them where it is made"
        )
    left_out = (*DECIDED, *_OF_BATCHES, "devices")
    return count, {k: v for k, v in options.items() if k not in left_out}


def without_decided(params: dict[str, Any]) -> dict[str, Any]:
    """Takes out options that Stable-Baselines3 decides.

    Raises:
        ValueError: one of them says something else, or names another game than the id.
    """
    if "game" in params:
        raise ValueError(
            f"game must be left out, because env_id names it, got {params['game']!r}"
        )
    for name in DECIDED.keys() & params.keys():
        given = getattr(params[name], "value", params[name])  # of an AutoresetMode
        if given != DECIDED[name]:
            raise ValueError(
                f"{name} must be {DECIDED[name]!r} or left out with Stable-Baselines3, "
                f"got {params[name]!r}; ArcadeVectorEnv takes others"
            )
    return {k: v for k, v in params.items() if k not in DECIDED}


def _options_of_first(makers: Sequence[Any]) -> dict[str, Any]:
    env = makers[0]()
    inner = env.unwrapped
    env.close()
    if not isinstance(inner, ArcadeEnv):
        raise TypeError(
            "env_id must be an id, an ArcadeVectorEnv, or functions that make games of "
            f"this package, got one that makes {type(inner).__name__}"
        )
    return inner._options
