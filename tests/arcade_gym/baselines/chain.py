"""Chain: walk to the right end; its values are known in closed form.

Actions: 2 left, 3 right, others stay. Rewards: 1 at the right end. Ends: there.
The position is drawn, so nothing is hidden in either view.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Int

from jax_core import Environment
from jax_core.game import Game, GameParams, GameState, Outcome, Visibility, horizontal
from jax_core.games._grid import cell_mask, tile_where
from jax_core.pytree import pytree
from jax_core.rendering.scene import (
    FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Scene,
    Theme,
    sprites,
)
from jax_core.types import Action, Count, Key

LENGTH = 4  # positions from which one can move
RIGHT = 3


@pytree
class Params(GameParams):
    """One level."""

    max_steps: Int[ArrayLike, ""] = 6


@pytree
class State(GameState):
    """One episode in progress."""

    position: Count


class Chain(Game[State, Params]):
    """Rules and look of Chain."""

    def init(self, key: Key, params: Params) -> State:
        """Starts anywhere."""
        del params
        position = jax.random.randint(key, (), 0, LENGTH, jnp.int32)
        return State(time=jnp.int32(0), score=jnp.int32(0), position=position)

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Walks."""
        del key, params
        position = jnp.clip(state.position + horizontal(action), 0, LENGTH)
        arrived = position == LENGTH
        outcome = Outcome(reward=arrived.astype(jnp.float32), terminated=arrived)
        return replace(state, position=position), outcome

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows where one is."""
        del params, visibility
        where = cell_mask(jnp.int32(3), state.position, 8)
        tiles = ((Paint(sprites.FULL, Color.WHITE),),)
        grid = Grid(ids=tile_where(where, 1), tiles=tiles, rect=FIELD)
        band = Band(layers=(grid,), still=(Fill(FIELD, Theme.NIGHT.ground),))
        return Scene(score=state.score, bands=(band,), title="Chain", theme=Theme.NIGHT)


def chain_env(max_steps=6):
    return Environment(
        name="ChainEasy",
        game=Chain(),
        default_params=Params(max_steps=max_steps),
        obs_size=64,
    )


def state_at(position):
    return State(time=jnp.int32(0), score=jnp.int32(0), position=jnp.int32(position))


def best_values(gamma):
    """Q* by value iteration, [LENGTH, 5]; time-outs change nothing."""
    q = np.zeros((LENGTH, 5))
    for _ in range(100):
        value = np.append(q.max(1), 0.0)
        for position, action in np.ndindex(q.shape):
            step = (action == RIGHT) - (action == RIGHT - 1)
            reached = max(position + step, 0)
            q[position, action] = (reached == LENGTH) + gamma * value[reached]
    return q


def values_of(probabilities, gamma):
    """V of a policy, [LENGTH], whose probabilities are [LENGTH, 5], by iteration."""
    places = np.arange(LENGTH)
    right = probabilities[:, RIGHT]
    left = probabilities[:, RIGHT - 1]
    value = np.zeros(LENGTH + 1)
    for _ in range(500):
        moved = right * value[places + 1] + left * value[np.maximum(places - 1, 0)]
        stayed = (1 - right - left) * value[places]
        value[:LENGTH] = gamma * (moved + stayed)
        value[LENGTH - 1] += right[-1]
    return value[:LENGTH]
