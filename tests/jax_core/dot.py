"""The smallest game, for tests of games of one's own."""

from dataclasses import replace

import jax.numpy as jnp

from jax_core.game import Difficulty, Game, GameParams, GameSpec, GameState, Outcome
from jax_core.pytree import pytree
from jax_core.rendering.scene import (
    FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Scene,
    sprites,
)
from jax_core.types import Count

IDS = ("DotEasy", "DotHard")


@pytree
class Params(GameParams):
    """One level."""

    start: int = 0


@pytree
class State(GameState):
    """One episode in progress."""

    x: Count


class Dot(Game):
    """Walks to the right."""

    def init(self, key, params):
        zero = jnp.int32(0)
        return State(time=zero, score=zero, x=jnp.int32(params.start))

    def step(self, key, state, action, params):
        state = replace(state, x=state.x + 1)
        return state, Outcome(reward=jnp.float32(1.0), terminated=state.x > 3)

    def scene(self, state, params, visibility):
        ids = (jnp.arange(4, dtype=jnp.int32) == state.x).astype(jnp.uint8)[None]
        grid = Grid(ids=ids, tiles=((Paint(sprites.FULL, Color.RED),),), rect=FIELD)
        band = Band(layers=(grid,), still=(Fill(FIELD, Color.INK),))
        return Scene(score=state.score, bands=(band,), title="Dot")


LEVELS = {Difficulty.EASY: Params(max_steps=5), Difficulty.HARD: Params(max_steps=9)}
SPEC = GameSpec(name="Dot", version=0, game=Dot(), levels=LEVELS)


def refusal(function, *arguments):
    """The error that a call raises, None if it works."""
    try:
        function(*arguments)
    except ValueError as error:
        return error
    return None
