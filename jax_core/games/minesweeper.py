"""MineSweeper: open all cells without a mine.

An opened cell shows the number of mines around it. The partial view shows that number
only under the cursor, so the numbers have to be remembered and combined.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | cursor up | cursor down | cursor left | cursor right | open the cursor's cell |

Signs:
    | sign | meaning |
    |---|---|
    | yellow brackets | your cursor |
    | digit | mines in the 3 x 3 cells around an opened one |

Rewards: 1/(n^2 - m) for opening a safe cell, 0 for a mine, -2/n^2 for firing at an
    opened cell. Opening a cell opens no other one. Returns lie in 1/(n^2 - m) - 1..1.

Ends: terminated when a mine or all safe cells are opened, or when n^2/2 shots were
    repeats; truncated after 2 n^2 steps.

Partial view: of the numbers only the one under the cursor is shown. Neither view shows
    mines, `num_repeats` and `time`.

Levels: boards of n = 4, 6 and 8 with m = 2, 6 and 10 mines.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. The repeat limit counts the present shot, so no return is below -1.
    2. Firing in the last step truncates like any other action.
    3. The cursor starts anywhere, the last row and column included.
    4. Mines and cursor are drawn independently.
"""

from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt8

from jax_core import random
from jax_core.compilation import compute_once
from jax_core.game import (
    MIN_OBS_SIZE,
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Move,
    Outcome,
    Visibility,
)
from jax_core.games._grid import (
    cell_mask,
    choose_cells,
    cursor_layer,
    draw_index,
    draw_places,
    mark_places,
    move_cursor,
)
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Lines,
    Paint,
    Scene,
    Still,
    Theme,
    Tile,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key

MANY_MINES = 16  # more are drawn in another way, since each takes longer to compile


@pytree
class Params(GameParams):
    """One level."""

    size: int = static()  # cells of a side of the board, 2 to 16
    num_mines: int = static()  # 1 to size**2 - 1

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "size": Limit(2, 16, "cells of a side of the board"),
            "num_mines": Limit(
                1, self.size**2 - 1, "a cell at least is safe", given=("size",)
            ),
        }

    @property
    def least_obs_size(self) -> int:
        """A digit needs six pixels and the field is three quarters of a frame."""
        return max(MIN_OBS_SIZE, 8 * self.size)

    @property
    def num_safe_cells(self) -> int:
        """Cells to open."""
        return self.size**2 - self.num_mines

    @property
    def safe_reward(self) -> float:
        """Reward for opening a safe cell."""
        return 1 / self.num_safe_cells

    @property
    def repeat_reward(self) -> float:
        """Reward for firing at an opened cell."""
        return -2 / self.size**2

    @property
    def max_repeats(self) -> int:
        """Repeated shots that end the episode."""
        return self.size**2 // 2


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    cursor_x: Count
    cursor_y: Count
    mines: Bool[Array, "size size"]  # [row, col]; fixed during the episode
    opened: Bool[Array, "size size"]
    num_repeats: Count  # shots at opened cells


class MineSweeper(Game[State, Params]):
    """Rules and look of MineSweeper."""

    def init(self, key: Key, params: Params) -> State:
        """Lays the mines and puts the cursor anywhere, perhaps on a mine."""
        size, num_mines = params.size, params.num_mines
        is_crowded = num_mines > MANY_MINES
        num_drawn = 1 + (size**2 if is_crowded else num_mines)
        uniform = compute_once(random.uniform(key, (num_drawn,)))
        if is_crowded:
            mines = choose_cells(uniform[:-1], num_mines, size)
        else:
            mines = mark_places(draw_places(uniform[:-1], size**2), size)
        cursor_cell = draw_index(uniform[-1], size**2)
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            cursor_x=cursor_cell % size,
            cursor_y=cursor_cell // size,
            mines=mines,
            opened=jnp.zeros((size, size), jnp.bool_),
            num_repeats=jnp.int32(0),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the cursor or opens its cell."""
        del key  # nothing is random after the first frame
        cursor_x, cursor_y = move_cursor(
            state.cursor_x, state.cursor_y, action, params.size
        )
        fires = action == Move.FIRE
        target = cell_mask(cursor_y, cursor_x, params.size) & fires
        exploded = jnp.any(state.mines & target)
        repeated = jnp.any(state.opened & target) & ~exploded
        found_safe = fires & ~exploded & ~repeated
        score = state.score + found_safe.astype(jnp.int32)
        num_repeats = state.num_repeats + repeated.astype(jnp.int32)
        next_state = replace(
            state,
            score=score,
            cursor_x=cursor_x,
            cursor_y=cursor_y,
            opened=state.opened | target,
            num_repeats=num_repeats,
        )
        reward = jnp.where(found_safe, jnp.float32(params.safe_reward), 0.0) + (
            jnp.where(repeated, jnp.float32(params.repeat_reward), 0.0)
        )
        cleared = score == params.num_safe_cells
        ended = exploded | cleared | (num_repeats >= params.max_repeats)
        return next_state, Outcome(reward=reward, terminated=fires & ended)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """All safe cells are open."""
        del terminated
        return state.score == params.num_safe_cells

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the numbers of opened cells, all or one, and the cursor."""
        shown = state.opened
        if visibility is Visibility.PARTIAL:
            shown &= cell_mask(state.cursor_y, state.cursor_x, params.size)
        first_digit = jnp.uint8(1)  # tile 1 shows 0
        numbers = Grid(
            ids=jnp.where(shown, _numbers(state.mines) + first_digit, jnp.uint8(0)),
            tiles=_digit_tiles(params),
            rect=FIELD,
        )
        cursor = cursor_layer(
            state.cursor_x, state.cursor_y, params.size, FIELD, _CURSOR
        )
        band = Band(layers=(numbers, cursor), still=_still(params))
        return Scene(
            score=state.score, bands=(band,), title="MineSweeper", theme=_THEME
        )


def _numbers(mines: Bool[Array, "size size"]) -> UInt8[Array, "size size"]:
    """Mines in the 3 x 3 block around every cell."""
    padded = jnp.pad(mines.astype(jnp.uint8), 1)
    three_rows = padded[:-2] + padded[1:-1] + padded[2:]
    return three_rows[:, :-2] + three_rows[:, 1:-1] + three_rows[:, 2:]


_THEME = Theme.OLIVE
_CURSOR = Paint(sprites.BRACKETS, _THEME.accent)

_DIGIT_COLORS = (
    Color.BLUE,  # 0
    Color.SKY,
    Color.GREEN,
    Color.ORANGE,
    Color.RED,
    Color.VIOLET,
    *(Color.WHITE,) * 4,  # 6 to 9
)


def _digit_tiles(params: Params) -> tuple[Tile, ...]:
    """The numbers up to the mines or 9; an opened mine counts itself."""
    inset = FIELD.width / params.size / 24
    colors = _DIGIT_COLORS[: params.num_mines + 1]  # fewer tiles are drawn faster
    return tuple(
        (Paint(sprites.DIGITS[digit], color, inset=inset),)
        for digit, color in enumerate(colors)
    )


def _still(params: Params) -> Still:
    return (
        Fill(FIELD, _THEME.ground),
        Lines(FIELD, params.size, params.size, _THEME.line),
    )


SPEC = GameSpec(
    name="MineSweeper",
    version=0,
    game=MineSweeper(),
    levels={
        Difficulty.EASY: Params(size=4, num_mines=2, max_steps=32),
        Difficulty.MEDIUM: Params(size=6, num_mines=6, max_steps=72),
        Difficulty.HARD: Params(size=8, num_mines=10, max_steps=128),
    },
)
