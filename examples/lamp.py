"""Lamp: say at the end which of two lamps was lit at the beginning.

A game of your own, registered where it is imported: `arcade-gym play lamp:LampEasy` in
this folder. docs/own_game.md explains a longer version of it.

Rewards: 1 for left or right in the last picture, if it was that lamp.
Partial view: the lamp is lit in the first picture only.
"""

import jax
import jax.numpy as jnp

import jax_core
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Move,
    Outcome,
    Visibility,
)
from jax_core.pytree import pytree
from jax_core.rendering.scene import FIELD, Band, Color, Grid, Paint, Scene, sprites
from jax_core.types import Action, Flag, Key


@pytree
class State(GameState):
    """One episode in progress."""

    is_left: Flag  # the lamp that was lit


class Lamp(Game[State, GameParams]):
    """Rules and look of Lamp."""

    def init(self, key: Key, params: GameParams) -> State:
        """Lights one of the lamps."""
        del params  # levels differ in their length alone
        is_left = jax.random.bernoulli(key)
        return State(time=jnp.int32(0), score=jnp.int32(0), is_left=is_left)

    def step(
        self, key: Key, state: State, action: Action, params: GameParams
    ) -> tuple[State, Outcome]:
        """Judges the last action."""
        del key  # nothing is random after the first picture
        is_last = state.time == jnp.asarray(params.max_steps) - 1
        answer = jnp.where(state.is_left, Move.LEFT, Move.RIGHT)
        reward = (is_last & (action == answer)).astype(jnp.float32)
        return state, Outcome(reward=reward, terminated=is_last)

    def scene(self, state: State, params: GameParams, visibility: Visibility) -> Scene:
        """Shows the lit lamp, at first or always."""
        del params
        is_shown = (state.time == 0) | (visibility is Visibility.FULL)
        lit = is_shown & jnp.stack([state.is_left, ~state.is_left])
        lamp = (Paint(sprites.FULL, Color.YELLOW, inset=8),)
        grid = Grid(ids=lit.astype(jnp.uint8)[None], tiles=(lamp,), rect=FIELD)
        band = Band(layers=(grid,), still=())
        return Scene(score=state.score, bands=(band,), title="Lamp")


SPEC = GameSpec(
    name="Lamp",
    version=0,
    game=Lamp(),
    levels={
        Difficulty.EASY: GameParams(max_steps=6),
        Difficulty.HARD: GameParams(max_steps=30),
    },
)
jax_core.register(SPEC)
