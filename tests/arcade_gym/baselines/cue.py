"""Cue: say at the end which corner was lit at the start.

An own game with a known answer: what decides is the first frame alone, and within it
one corner. Frames in between are noise that says nothing.

    frame 0    1 .. delay       delay + 1
    a corner   noise            a frame around the board: answer now

Actions: 0 to 3 name the corners (top left, top right, bottom left, bottom right) and
count in the last frame only. Rewards: 1 for the lit corner. Ends: with the answer.
Partial view: the corner is lit in the first frame only; in the full view always.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int

from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
)
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

SIZE = 8  # cells of a side of the board
CORNERS = 4
DENSITY = 0.3  # share of cells that are lit in noise
_LIT, _NOISE, _ASKED = 1, 2, 3  # tiles


@pytree
class Params(GameParams):
    """One level."""

    max_steps: Int[ArrayLike, ""] = 100
    delay: Int[ArrayLike, ""] = 4  # frames between cue and question


@pytree
class State(GameState):
    """One episode in progress."""

    corner: Count  # that was lit, 0..3
    noise: Bool[Array, "8 8"]


class Cue(Game[State, Params]):
    """Rules and look of Cue."""

    def init(self, key: Key, params: Params) -> State:
        """Lights any corner."""
        del params
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            corner=jax.random.randint(key, (), 0, CORNERS, jnp.int32),
            noise=jnp.zeros((SIZE, SIZE), jnp.bool_),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Draws new noise, or judges the answer."""
        answered = state.time == params.delay + 1
        asked = state.time == params.delay
        right = answered & (action == state.corner)
        noise = jax.random.uniform(key, (SIZE, SIZE)) < DENSITY
        state = replace(state, noise=noise & ~asked)
        return state, Outcome(reward=right.astype(jnp.float32), terminated=answered)

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the corner in its time, the noise, and the question."""
        is_first = state.time == 0
        shows = is_first | (visibility is Visibility.FULL)
        asks = state.time == params.delay + 1
        ids = jnp.where(state.noise, jnp.uint8(_NOISE), jnp.uint8(0))
        ids = jnp.where(asks & _border(), jnp.uint8(_ASKED), ids)
        lit = shows & (_corners() == state.corner)
        grid = Grid(
            ids=jnp.where(lit, jnp.uint8(_LIT), ids),
            tiles=tuple(
                (Paint(sprites.FULL, color),)
                for color in (Color.WHITE, Color.BLUE, Color.RED)
            ),
            rect=FIELD,
        )
        band = Band(layers=(grid,), still=(Fill(FIELD, _THEME.ground),))
        return Scene(score=state.score, bands=(band,), title="Cue", theme=_THEME)


def _corners() -> Int[np.ndarray, "8 8"]:
    """The number of the corner at each cell, or none: squares of 2 x 2 cells."""
    number = np.full((SIZE, SIZE), CORNERS, np.int32)
    for corner in range(CORNERS):
        top, left = (SIZE - 2) * (corner // 2), (SIZE - 2) * (corner % 2)
        number[top : top + 2, left : left + 2] = corner
    return number


def _border() -> Bool[np.ndarray, "8 8"]:
    inside = np.zeros((SIZE, SIZE), bool)
    inside[2:-2, 2:-2] = True
    inner = np.zeros_like(inside)
    inner[3:-3, 3:-3] = True
    return inside & ~inner


_THEME = Theme.NIGHT

SPEC = GameSpec(name="Cue", version=0, game=Cue(), levels={Difficulty.EASY: Params()})
