"""Params of a level that differ from lane to lane."""

from dataclasses import fields, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from arcade_gym.lanes.lane import KINDS
from jax_core import Environment, registry
from jax_core.game import GameParams


class LaneParams(NamedTuple):
    """Checked params of all lanes.

    Attributes:
        env: its `default_params` have the static fields of the lanes' and otherwise the
            numbers of the level.
        values: params whose traced fields are arrays [num_envs]; None where all lanes
            play the level.
        most_steps: the largest step limit of a lane.
    """

    env: Environment
    values: GameParams | None
    most_steps: int


def of_lanes(params: GameParams | None, env: Environment, num_envs: int) -> LaneParams:
    """Checks params whose traced fields may be arrays [num_envs].

    Args:
        params: as `jax_core.make` returns them, with arrays where lanes differ; None
            plays the level in all lanes.
        env: of the level.
        num_envs: number of lanes.

    Raises:
        TypeError: params of another game, or none at all.
        ValueError: a field of another shape, or a value that it cannot have.
    """
    level = env.default_params
    if params is None:
        return LaneParams(env, None, int(level.max_steps))  # type: ignore[arg-type]  # a Python int
    if type(params) is not type(level):
        raise TypeError(
            f"params must be those of {env.name}, as jax_core.make({env.name!r})[1] "
            f"returns them, with arrays of shape ({num_envs},) in fields that differ; "
            f"got {type(params).__name__}"
        )
    paths, _ = jax.tree.flatten_with_path(level)
    traced = [path[0].name for path, _ in paths]
    static = {
        field.name: registry.checked_value(
            field.name, getattr(params, field.name), type(getattr(level, field.name))
        )
        for field in fields(level)
        if field.name not in traced
    }
    template = replace(level, **static)
    columns = {
        name: _column(name, getattr(params, name), type(number), num_envs)
        for name, (_, number) in zip(traced, paths, strict=True)
    }
    return LaneParams(
        env=replace(env, default_params=template),
        values=jax.tree.unflatten(jax.tree.structure(template), columns.values()),
        most_steps=int(columns["max_steps"].max()),
    )


def _column(name: str, value: Any, kind: type, num_envs: int) -> Any:
    """One value per lane, of the kind that the level has there."""
    column = np.asarray(value)
    if column.shape not in ((), (num_envs,)):
        raise ValueError(
            f"params.{name} must be a number or an array of shape ({num_envs},), one "
            f"for each environment, got shape {column.shape}"
        )
    for one in column.ravel():
        registry.checked_value(name, one, kind)
    return jnp.asarray(np.broadcast_to(column, (num_envs,)).astype(KINDS[kind]))
