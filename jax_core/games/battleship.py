"""BattleShip: find and hit all ship cells on a hidden board.

The partial view shows the result of a shot only while the cursor is on it, so the
player has to remember where it fired and what it hit.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | cursor up | cursor down | cursor left | cursor right | fire at its cell |

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

from dataclasses import replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32

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
    nth_true,
    tile_where,
)
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
    sprites,
)
from jax_core.types import Action, Count, Key

SHIP_LENGTHS = (2, 3, 3, 4)
NUM_SHIP_CELLS = sum(SHIP_LENGTHS)


@pytree
class Params(GameParams):
    """One level."""

    size: int = static()  # cells of a side of the board

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
        uniform = jax.random.uniform(key, (len(SHIP_LENGTHS) + 1,))
        ships = jnp.zeros((size, size), jnp.bool_)
        for index, length in enumerate(SHIP_LENGTHS):
            ships |= _draw_ship(uniform[index], ships, length)
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
        cursor = cursor_layer(state.cursor_x, state.cursor_y, params.size, params.field)
        band = Band(layers=(marks, cursor), still=_still(params))
        return Scene(score=state.score, bands=(band,), title="BattleShip")


def _draw_ship(
    uniform: Float32[Array, ""], ships: Bool[Array, "size size"], length: int
) -> Bool[Array, "size size"]:
    """Draws one of the placements that fit and overlap no earlier ship.

    A line is a row (first) or a column (then) of the board. The placement is found by
    its line and then by its start in the line, which is cheaper than a flat search.
    """
    size = ships.shape[0]
    lines = jnp.concatenate([ships, ships.T])
    num_starts = size - length + 1
    is_free = ~jnp.any(
        jnp.stack([lines[:, cell : cell + num_starts] for cell in range(length)]),
        axis=0,
    )
    free_in_line = jnp.sum(is_free, axis=1, dtype=jnp.int32)
    free_so_far = jnp.cumsum(free_in_line, dtype=jnp.int32)
    index = draw_index(uniform, free_so_far[-1])
    free_before = free_so_far - free_in_line
    in_line = (free_before <= index) & (index < free_so_far)
    starts = jnp.any(is_free & in_line[:, None], axis=0)
    index_in_line = index - jnp.sum(jnp.where(in_line, free_before, 0), dtype=jnp.int32)
    start = nth_true(starts, index_in_line)
    cells = jnp.any(
        jnp.stack(
            [jnp.pad(start, (cell, length - 1 - cell)) for cell in range(length)]
        ),
        axis=0,
    )
    across = in_line[:size, None] & cells[None]
    down = cells[:, None] & in_line[None, size:]
    return across | down


# Tile ids.
_HIT, _WATER = 1, 2
_TILES = (
    (Paint(sprites.CROSS, Color.RED, inset=1.5),),
    (Paint(sprites.RING, Color.SKY, inset=1.5),),
)


def _still(params: Params) -> Still:
    return (
        Fill(params.field, Color.INK),
        Lines(params.field, params.size, params.size),
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
