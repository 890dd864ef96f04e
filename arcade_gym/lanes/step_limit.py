"""The step limit that `gymnasium.make` keeps for itself."""

import sys
from typing import Any

import gymnasium

ENTRY_POINT = "arcade_gym.env:ArcadeEnv"


def asked_of_gymnasium() -> Any:
    """The `max_episode_steps` of the call of `gymnasium.make` that is going on.

    `gymnasium.make` does not pass it to the constructor. It puts a `TimeLimit` around
    the environment, which then does not know that an episode was cut and has no
    statistics to report. So its variables are looked at, which is done when a single
    environment is made and never in a step.

    Returns:
        None without a limit, or if a constructor of somebody else is called by
        `gymnasium.make` and makes the environment.
    """
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not gymnasium.make.__code__:
        frame = frame.f_back
    found = {} if frame is None else frame.f_locals
    spec = found.get("env_spec")
    if getattr(spec, "entry_point", None) != ENTRY_POINT:
        return None
    limit = found.get("max_episode_steps")
    if limit is None:
        limit = spec.max_episode_steps  # type: ignore[union-attr]  # looked at above
    return None if limit == NO_LIMIT else limit


NO_LIMIT = -1
"""Tells `gymnasium.make` to add no `TimeLimit`."""
