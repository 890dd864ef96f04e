"""BattleShip: find and hit all ship cells on a hidden board.

The partial view shows the result of a shot only while the cursor is on it: where it
fired and what it hit is for the player to remember.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | cursor up | cursor down | cursor left | cursor right | fire at its cell |

Signs:
    | sign | meaning |
    |---|---|
    | amber frame | your cursor |
    | red cross | a hit |
    | blue ring | a miss |

Rewards: 1/12 for the first hit of a ship cell, 0 for a miss, -2/n^2 for firing at a
    cell again. Returns lie in -1..1.

Ends: terminated when all 12 ship cells are hit or n^2/2 shots were repeats; truncated
    after 2 n^2 steps.

Partial view: of the marks of earlier shots only the one under the cursor is shown.
    Neither view shows ships that were not fired at, `num_repeats` and `time`.

Levels: boards of n = 8, 10 and 12; ships of 2, 3, 3 and 4 cells.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. The repeat limit counts the present shot, so penalties sum to at most 1.
    2. The cursor starts anywhere, the last row and column included.
    3. Ships and cursor are drawn independently.
"""

import functools
import operator
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float32, UInt32

from jax_core import random
from jax_core.compilation import compute_once
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
from jax_core.games._grid import (
    cell_mask,
    cursor_layer,
    draw_index,
    move_cursor,
    tile_where,
)
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    FIELD,
    WIDE_FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Lines,
    Paint,
    Rect,
    Scene,
    Still,
    Theme,
    sprites,
)
from jax_core.types import Action, Count, Flag, Key

SHIP_LENGTHS = (2, 3, 3, 4)
NUM_SHIP_CELLS = sum(SHIP_LENGTHS)


@pytree
class Params(GameParams):
    """One level."""

    size: int = static()  # cells of a side of the board, 5 to 12

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            # On smaller boards the first ships may leave no room for the last one.
            "size": Limit(5, 12, "ships have room, and marks are told apart"),
        }

    @property
    def hit_reward(self) -> float:
        """Reward for the first shot at a ship cell."""
        return 1 / NUM_SHIP_CELLS

    @property
    def repeat_reward(self) -> float:
        """Reward for firing at a cell again."""
        return -2 / self.size**2

    @property
    def max_repeats(self) -> int:
        """Repeated shots that end the episode."""
        return self.size**2 // 2

    @property
    def field(self) -> Rect:
        """Where the board is drawn, so that cells are whole units where possible."""
        return WIDE_FIELD if self.size == 10 else FIELD


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    cursor_x: Count
    cursor_y: Count
    ships: Bool[Array, "size size"]  # [row, col]; fixed during the episode
    fired: Bool[Array, "size size"]
    num_repeats: Count  # shots at cells fired at before


class BattleShip(Game[State, Params]):
    """Rules and look of BattleShip."""

    def init(self, key: Key, params: Params) -> State:
        """Places the ships one after the other, and the cursor anywhere."""
        size = params.size
        uniform = compute_once(random.uniform(key, (len(SHIP_LENGTHS) + 1,)))
        lines = _empty_lines(size)
        for index, length in enumerate(SHIP_LENGTHS):
            lines = _draw_ship(uniform[index], lines, length, size)
        col = np.arange(size, dtype=np.uint32)
        ships = (lines[:size, None] >> col[None]) & np.uint32(1) == 1
        cursor_cell = draw_index(uniform[-1], size**2)
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            cursor_x=cursor_cell % size,
            cursor_y=cursor_cell // size,
            ships=ships,
            fired=jnp.zeros((size, size), jnp.bool_),
            num_repeats=jnp.int32(0),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Moves the cursor or fires at its cell."""
        del key  # nothing is random after the first frame
        cursor_x, cursor_y = move_cursor(
            state.cursor_x, state.cursor_y, action, params.size
        )
        fires = action == Move.FIRE
        target = cell_mask(cursor_y, cursor_x, params.size) & fires
        repeated = jnp.any(state.fired & target)
        hit = jnp.any(state.ships & ~state.fired & target)
        score = state.score + hit.astype(jnp.int32)
        num_repeats = state.num_repeats + repeated.astype(jnp.int32)
        next_state = replace(
            state,
            score=score,
            cursor_x=cursor_x,
            cursor_y=cursor_y,
            fired=state.fired | target,
            num_repeats=num_repeats,
        )
        reward = jnp.where(hit, jnp.float32(params.hit_reward), 0.0) + jnp.where(
            repeated, jnp.float32(params.repeat_reward), 0.0
        )
        ended = (score >= NUM_SHIP_CELLS) | (num_repeats >= params.max_repeats)
        return next_state, Outcome(reward=reward, terminated=fires & ended)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """All ships are sunk."""
        del params, terminated
        return state.score >= NUM_SHIP_CELLS

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows the marks of earlier shots, all or one, and the cursor."""
        shown = state.fired
        if visibility is Visibility.PARTIAL:
            shown &= cell_mask(state.cursor_y, state.cursor_x, params.size)
        marks = Grid(
            ids=tile_where(shown & state.ships, _HIT)
            | tile_where(shown & ~state.ships, _WATER),
            tiles=_TILES,
            rect=params.field,
        )
        cursor = cursor_layer(
            state.cursor_x, state.cursor_y, params.size, params.field, _cursor(params)
        )
        band = Band(layers=(marks, cursor), still=_still(params))
        return Scene(score=state.score, bands=(band,), title="BattleShip", theme=_THEME)


def _empty_lines(size: int) -> UInt32[Array, " lines"]:
    """The rows and then the columns of a board, one bit for each occupied cell.

    Filled up to a power of two with lines without room: a GPU takes a sum over other
    numbers of lines in two kernels instead of one.
    """
    most = 2 ** (size - 1).bit_length()
    has_room = np.arange(most) < size
    return jnp.asarray(np.tile(np.where(has_room, 0, 2**32 - 1), 2).astype(np.uint32))


def _draw_ship(
    uniform: Float32[Array, ""], lines: UInt32[Array, " lines"], length: int, size: int
) -> UInt32[Array, " lines"]:
    """Adds one of the placements that fit and overlap no earlier ship.

    The placement is found by its line and then by its start in the line, which is
    cheaper than a flat search.
    """
    num_lines = len(lines)
    most = num_lines // 2  # lines of a direction
    is_row = np.arange(num_lines) < most
    place = np.arange(num_lines, dtype=np.uint32) % np.uint32(most)  # in its direction
    blocked = functools.reduce(
        operator.or_, [lines >> np.uint32(cell) for cell in range(length)]
    )
    starts = ~blocked & np.uint32(2 ** (size - length + 1) - 1)
    free_in_line = jax.lax.population_count(starts).astype(jnp.int32)
    # Faster than a cumulative sum, and exact for whole numbers: GPUs round factors to
    # 11 bits unless they are told not to.
    up_to = np.triu(np.ones((num_lines, num_lines), np.float32))
    free_so_far = jnp.matmul(
        free_in_line.astype(jnp.float32), up_to, precision=jax.lax.Precision.HIGHEST
    ).astype(jnp.int32)
    index = draw_index(uniform, free_so_far[-1])
    free_before = free_so_far - free_in_line
    in_line = (free_before <= index) & (index < free_so_far)
    rank, line_starts, line_place = (
        jnp.sum(jnp.where(in_line, values, 0), dtype=values.dtype)
        for values in (index - free_before, starts, place)
    )
    ship = np.uint32(2**length - 1) << _nth_bit(line_starts, rank, most)
    is_across = jnp.any(in_line & is_row)
    crossed = (ship >> place & np.uint32(1)) << line_place
    return lines | jnp.where(
        in_line, ship, jnp.where(is_row == is_across, jnp.uint32(0), crossed)
    )


def _nth_bit(word: UInt32[Array, ""], n: Count, num_bits: int) -> UInt32[Array, ""]:
    """Place of the n-th bit that is set, counted from 0."""
    place = np.arange(num_bits, dtype=np.uint32)
    below = word & ((np.uint32(1) << place) - np.uint32(1))
    is_nth = jax.lax.population_count(below).astype(jnp.int32) == n
    is_set = word >> place & np.uint32(1) == 1
    return jnp.sum(jnp.where(is_nth & is_set, place, 0), dtype=jnp.uint32)


_THEME = Theme.SEA

# Tile ids.
_HIT, _WATER = 1, 2
_TILES = (
    (Paint(sprites.CROSS, Color.RED, inset=1.5),),
    (Paint(sprites.RING, Color.SKY, inset=1.5),),
)


def _cursor(params: Params) -> Paint:
    """A frame as thick as one pixel of a frame of 64 pixels."""
    cell = round(params.field.width / params.size)  # units; a pixel or two are a line
    return Paint(sprites.frame(cell - 2), _THEME.accent)


def _still(params: Params) -> Still:
    return (
        Fill(params.field, _THEME.ground),
        Lines(params.field, params.size, params.size, _THEME.line),
    )


SPEC = GameSpec(
    name="BattleShip",
    version=0,
    game=BattleShip(),
    levels={
        Difficulty.EASY: Params(size=8, max_steps=128),
        Difficulty.MEDIUM: Params(size=10, max_steps=200),
        Difficulty.HARD: Params(size=12, max_steps=288),
    },
)
