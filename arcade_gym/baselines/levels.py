"""What a run needs to know about its level."""

from dataclasses import dataclass
from typing import Any

import numpy as np

import jax_core
from jax_core import Environment, registry
from jax_core.game import GameSpec

LONG_EPISODES = 400  # steps; with longer ones the future counts for more
PAYS_EVERY_STEP = ("CartPole", "NoisyCartPole")
"""Games that pay 1 / step limit for every step."""


@dataclass(frozen=True)
class Level:
    """A level, its game and what follows from them for learning."""

    env_id: str
    spec: GameSpec
    max_steps: int

    @property
    def gamma(self) -> float:
        """Discount per step: 0.995 for step limits above 400, 0.99 below."""
        return 0.995 if self.max_steps > LONG_EPISODES else 0.99

    @property
    def reward_scale(self) -> float:
        """Brings returns to about 10; where every step pays, those of 20 steps to 1."""
        pays_every_step = self.spec.name in PAYS_EVERY_STEP
        return self.max_steps / 20 if pays_every_step else 10.0


def find(env_id: str) -> Level:
    """Looks up a level.

    Raises:
        ValueError: it is unknown; names the nearest one.
    """
    spec, difficulty = registry.find_level(env_id)
    limit: Any = spec.levels[difficulty].max_steps
    return Level(env_id, spec, int(np.asarray(limit)))


def make_env(env_id: str, *, partial_obs: bool, obs_size: int) -> Environment:
    """Builds the environment of a level in one view."""
    return jax_core.make(env_id, partial_obs=partial_obs, obs_size=obs_size)[0]
