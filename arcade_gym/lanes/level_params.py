"""Params of a level that differ from lane to lane."""

from dataclasses import fields, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from arcade_gym.lanes.lane import KINDS
from jax_core import Environment
from jax_core.game import GameParams
from jax_core.limits import check_limits, checked_value
from jax_core.pytree import static_names


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
        ValueError: a field of another shape, or a value that it cannot have, in any
            lane.
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
    static = static_names(level)
    checked = {
        name: checked_value(name, getattr(params, name), type(getattr(level, name)))
        for name in static
    }
    template = replace(level, **checked)
    columns = {
        field.name: _column(field.name, params, level, num_envs)
        for field in fields(level)
        if field.name not in static
    }
    values = jax.tree.unflatten(jax.tree.structure(template), columns.values())
    check_limits(values)
    return LaneParams(
        env=replace(env, default_params=template),
        values=jax.tree.map(_on_device, values, template),
        most_steps=int(columns["max_steps"].max()),
    )


def _column(
    name: str, params: GameParams, level: GameParams, num_envs: int
) -> np.ndarray:
    """One value per lane, of the kind that the level has there."""
    column = np.asarray(getattr(params, name))
    if column.shape not in ((), (num_envs,)):
        raise ValueError(
            f"params.{name} must be a number or an array of shape ({num_envs},), one "
            f"for each environment, got shape {column.shape}"
        )
    for one in column.ravel():
        checked_value(name, one, type(getattr(level, name)))
    return np.broadcast_to(column, (num_envs,))


def _on_device(column: np.ndarray, number: Any) -> jax.Array:
    """As wide as in the compiled step, once it is known to be in its range."""
    return jnp.asarray(column.astype(KINDS[type(number)]))
