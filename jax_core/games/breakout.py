"""Breakout: keep a ball in play with a paddle and break six rows of bricks.

In the partial view the ball is invisible while it falls, so its landing point has to be
predicted from the way it rose, with walls and bricks taken into account.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | - | - | paddle left | paddle right | - |

Signs:
    | sign | meaning |
    |---|---|
    | white bar | your paddle |
    | white block | the ball |
    | red dot | where the ball was a step ago (full view) |
    | colored bars | bricks |

Rewards: a brick in row r pays W[r] * 5/3 with W = 0.015, 0.013, 0.011, 0.009, 0.007,
    0.005 for r = 1..6; the 60 bricks sum to 1. Losing the ball costs (bricks left)/60.
    A brick met in the step after another one vanishes without pay or bounce. Returns
    lie in -1..1.

Ends: terminated when the ball is lost or no brick is left; truncated after 2000 steps.

Partial view: the ball is drawn only while it rises, and the dot at its last cell never.
    Neither view shows `strike` and `time`.

Levels: the paddle is 6, 5 and 4 cells wide.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. The paddle starts inside its range (column 4, 5, 5), not always in column 5.
    2. Reaching the step limit truncates and does not terminate.
"""

from dataclasses import replace
from enum import IntEnum

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int, Int32

from jax_core import random
from jax_core.compilation import compute_once
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
    horizontal,
)
from jax_core.games._grid import tile_where
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    FIELD_BOTTOM,
    FIELD_TOP,
    WIDE_FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Rect,
    Scene,
    Theme,
    Tile,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key

ROWS, COLS = 20, 10
FIRST_BRICK_ROW, BRICK_ROWS = 1, 6
PADDLE_ROW = ROWS - 1
START_ROW = 13
NUM_BRICKS = BRICK_ROWS * COLS
BRICK_WEIGHT = np.array([0.015, 0.013, 0.011, 0.009, 0.007, 0.005])  # by brick row
BRICK_REWARD = (BRICK_WEIGHT * 5 / 3).astype(np.float32)


class Direction(IntEnum):
    """Where the ball flies. Mirroring is exclusive or with one of the masks below."""

    UP_LEFT = 0
    UP_RIGHT = 1
    DOWN_RIGHT = 2
    DOWN_LEFT = 3


MIRROR_HORIZONTALLY = 1
MIRROR_VERTICALLY = 3
REVERSE = 2


@pytree
class Params(GameParams):
    """One level."""

    max_steps: Int[ArrayLike, ""] = 2000
    paddle_width: int = static(default=6)  # columns, 1 to 10

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "paddle_width": Limit(1, COLS, "columns of the board"),
        }

    @property
    def paddle_stop(self) -> int:
        """Rightmost column that the left end of the paddle reaches."""
        return COLS - self.paddle_width


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    ball_x: Count
    ball_y: Count
    ball_dir: Count  # a Direction
    last_ball_x: Count
    last_ball_y: Count
    paddle_x: Count  # leftmost paddle column
    bricks: Bool[Array, "6 10"]  # [i, c] is the brick in row i + 1, column c
    strike: Flag  # a brick was met in the last step


class Breakout(Game[State, Params]):
    """Rules and look of Breakout."""

    def init(self, key: Key, params: Params) -> State:
        """Puts the ball beside its left or right wall, flying towards it."""
        from_right = (compute_once(random.uniform(key)) < 0.5).astype(jnp.int32)
        ball_x = from_right * (COLS - 1)
        ball_y = jnp.int32(START_ROW)
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            ball_x=ball_x,
            ball_y=ball_y,
            ball_dir=from_right,  # UP_LEFT or UP_RIGHT
            last_ball_x=ball_x,
            last_ball_y=ball_y,
            paddle_x=jnp.int32(min(5, params.paddle_stop)),
            bricks=jnp.ones((BRICK_ROWS, COLS), jnp.bool_),
            strike=jnp.bool_(False),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the paddle, then the ball, which meets at most one thing."""
        del key  # nothing is random after the first frame
        paddle_x = jnp.clip(state.paddle_x + horizontal(action), 0, params.paddle_stop)

        rising = _is_rising(state.ball_dir)
        target_x = state.ball_x + jnp.where(_is_rightward(state.ball_dir), 1, -1)
        target_y = state.ball_y + jnp.where(rising, -1, 1)
        next_x = jnp.clip(target_x, 0, COLS - 1)
        direction = state.ball_dir ^ jnp.where(
            target_x == next_x, 0, MIRROR_HORIZONTALLY
        )

        met_ceiling = target_y < 0
        target = _brick_at(next_x, target_y)
        met_brick = jnp.any(state.bricks & target)
        broke_brick = met_brick & ~state.strike
        met_paddle_row = target_y == PADDLE_ROW
        on_paddle = met_paddle_row & _covers(paddle_x, state.ball_x, params)
        on_edge = met_paddle_row & ~on_paddle & _covers(paddle_x, next_x, params)
        lost = met_paddle_row & ~on_paddle & ~on_edge

        mirrored = met_ceiling | broke_brick | on_paddle
        turn = jnp.where(mirrored, MIRROR_VERTICALLY, jnp.where(on_edge, REVERSE, 0))
        bounced = broke_brick | on_paddle | on_edge
        next_y = jnp.where(bounced, state.ball_y, jnp.maximum(target_y, 0))

        bricks = state.bricks & ~target
        bricks_left = jnp.sum(bricks, dtype=jnp.int32)
        brick_reward = jnp.sum(
            jnp.where(state.bricks & target, BRICK_REWARD[:, None], 0.0)
        )
        reward = jnp.where(broke_brick, brick_reward, 0.0) - jnp.where(
            lost, bricks_left.astype(jnp.float32) / NUM_BRICKS, 0.0
        )
        next_state = replace(
            state,
            score=state.score + broke_brick.astype(jnp.int32),
            ball_x=next_x,
            ball_y=next_y,
            ball_dir=direction ^ turn,
            last_ball_x=state.ball_x,
            last_ball_y=state.ball_y,
            paddle_x=paddle_x,
            bricks=bricks,
            strike=met_brick,
        )
        return next_state, Outcome(reward=reward, terminated=lost | (bricks_left == 0))

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """No brick is left."""
        del params, terminated
        return ~jnp.any(state.bricks)

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows bricks, paddle, ball and, in the full view, the ball's last cell."""
        row = np.arange(ROWS, dtype=np.int32)[:, None]
        col = np.arange(COLS, dtype=np.int32)[None]
        is_ball = (row == state.ball_y) & (col == state.ball_x)
        is_dot = (row == state.last_ball_y) & (col == state.last_ball_x)
        if visibility is Visibility.PARTIAL:
            is_ball &= _is_rising(state.ball_dir)
        flying = [(is_ball, _BALL)]
        if visibility is Visibility.FULL:
            flying.append((is_dot, _DOT))
        is_brick = jnp.pad(state.bricks, ((FIRST_BRICK_ROW, 0), (0, 0)))
        is_paddle = (row == PADDLE_ROW) & _covers(state.paddle_x, col, params)
        # Bricks and paddle cost nothing in the rows that lack them.
        bands = (
            _band([(is_brick, _BRICK), *flying], rows=slice(0, _BRICKS_END)),
            _band([*flying, (is_paddle, _PADDLE)], rows=slice(_BRICKS_END, ROWS)),
        )
        return Scene(score=state.score, bands=bands, title="Breakout", theme=_THEME)


def _is_rising(direction: Count) -> Flag:
    return direction <= Direction.UP_RIGHT


def _is_rightward(direction: Count) -> Flag:
    return (direction == Direction.UP_RIGHT) | (direction == Direction.DOWN_RIGHT)


def _covers(
    paddle_x: Count, col: Int32[Array | np.ndarray, "*cols"], params: Params
) -> Bool[Array | np.ndarray, "*cols"]:
    """Whether a column lies under the paddle."""
    return (col >= paddle_x) & (col < paddle_x + params.paddle_width)


def _brick_at(col: Count, row: Count) -> Bool[Array, "6 10"]:
    """Marks one cell of the brick array; nothing when the cell is not in it."""
    brick_row = np.arange(BRICK_ROWS, dtype=np.int32)[:, None] + FIRST_BRICK_ROW
    return (brick_row == row) & (np.arange(COLS, dtype=np.int32)[None] == col)


_THEME = Theme.DUSK
_BRICKS_END = FIRST_BRICK_ROW + BRICK_ROWS
_ROW_COLORS = (
    Color.WHITE,  # no brick is here
    Color.RED,
    Color.ORANGE,
    Color.YELLOW,
    Color.GREEN,
    Color.SKY,
    Color.VIOLET,
)
_BRICK = (Paint(sprites.FULL, _ROW_COLORS),)
_BALL = (Paint((".###.",), Color.WHITE, on_line=True),)
_DOT = (Paint(("..#..",), Color.RED, on_line=True),)
_PADDLE = (Paint(sprites.FULL, Color.WHITE, on_line=True),)


def _band(layers: list[tuple[Bool[Array, "_rows 10"], Tile]], rows: slice) -> Band:
    """Some rows of the board: layers of one tile each, and where they show it."""
    height = WIDE_FIELD.height / ROWS
    top, bottom = (WIDE_FIELD.y + row * height for row in (rows.start, rows.stop))
    rect = Rect(WIDE_FIELD.x, top, WIDE_FIELD.width, bottom - top)
    grids = tuple(
        Grid(ids=tile_where(mask[rows], 1), tiles=(tile,), rect=rect)
        for mask, tile in layers
    )
    return Band(layers=grids, still=_STILL, top=top, bottom=bottom)


_STILL = (
    Fill(Rect(12, FIELD_TOP, 104, FIELD_BOTTOM - FIELD_TOP), _THEME.line),  # walls
    Fill(WIDE_FIELD, _THEME.ground),
)

SPEC = GameSpec(
    name="Breakout",
    version=0,
    game=Breakout(),
    levels={
        Difficulty.EASY: Params(paddle_width=6),
        Difficulty.MEDIUM: Params(paddle_width=5),
        Difficulty.HARD: Params(paddle_width=4),
    },
    steps_per_second=10,
)
