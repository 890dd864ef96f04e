"""Tetris: stack falling pieces and complete ten rows.

The partial view never shows the pile, only the falling piece, the preview and rows that
are complete, so the pile has to be remembered.

Actions:
    | 0 up | 1 down | 2 left | 3 right | 4 fire |
    |---|---|---|---|---|
    | rotate clockwise | soft drop | one left | one right | - |

Signs:
    | sign | meaning |
    |---|---|
    | white outline | the falling piece |
    | on the right | the next pieces |
    | white bars | complete rows, about to vanish |
    | colored blocks | the pile (full view) |

Rewards: 0.1 for each of the first ten rows, -1 for topping out, which is when a new
    piece finds no room. Returns lie in -1..1.

Ends: terminated after ten rows or on topping out; truncated after 3000 steps.

A piece locks in the step in which it touches. Complete rows are seen for one picture;
the next step removes and pays them and moves the next piece already. A turn or shift
without room does nothing, a fall without room falls back to one cell. In its first step
a piece drops by one cell only, where `down` is chosen.

Partial view: the pile is left out, except that complete rows are white bars. Neither
    view shows `bag`, `bag_index`, `time` and, other than by its cells, `rotation`.

Levels: previews of 3, 2 and 1 pieces; pieces fall by 1, 1 and 2 cells, in a soft drop
    by 2, 2 and 3.

Source: POPGym Arcade (arXiv 2503.01450).

Differences from the published package:
    1. Pieces come in shuffled bags of seven at every level.
    2. A fall by several cells does not pass through blocks.
    3. Rows beyond the tenth are neither counted nor paid.
    4. Reaching the step limit truncates and does not terminate.
    5. Topping out costs 1 in the last step too.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int, Int8, Int32, UInt8

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
    horizontal,
)
from jax_core.games._grid import tile_where
from jax_core.games._packed_rows import (
    COLS,
    ROWS,
    Board,
    PackedRows,
    clear_complete,
    pack,
    taken_columns,
    unpack,
)
from jax_core.games._tetrominoes import BOX, BOXES, NUM_PIECES, draw_bag
from jax_core.limits import Limit
from jax_core.pytree import pytree, static
from jax_core.rendering.scene import (
    FIELD_BOTTOM,
    FIELD_TOP,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Rect,
    Scene,
    Still,
    Theme,
    Tile,
)
from jax_core.types import Action, Count, Flag, Key

GOAL = 10  # rows to complete
START_X, START_Y = 3, 0

Rows = Int32[Array, "24"]  # board rows and a floor, one bit per column


@pytree
class Params(GameParams):
    """One level."""

    max_steps: Int[ArrayLike, ""] = 3000
    preview: int = static()  # pieces, 0 to 4
    fall: int = static()  # cells per step, 0 to soft_drop
    soft_drop: int = static()  # cells per step with action `down`, 1 to 19

    def limits(self) -> dict[str, Limit]:
        """The range of each constant."""
        return super().limits() | {
            "preview": Limit(0, (ROWS - _PREVIEW_ROW) // BOX, "boxes beside the board"),
            "soft_drop": Limit(1, ROWS - 1, "rows below the first one"),
            "fall": Limit(
                0, self.soft_drop, "no faster than a soft drop", given=("soft_drop",)
            ),
        }


@pytree
class State(GameState):
    """One episode in progress. Columns count from the left, rows from the top."""

    board: Board  # 0 is empty, otherwise piece + 1
    piece: Count  # 0..6: I, O, T, S, Z, J, L
    rotation: Count  # 0..3
    piece_x: Count  # of the box's left column, -2..8
    piece_y: Count  # of the box's top row
    next_pieces: Int8[Array, " preview"]  # the next one first
    bag: Int8[Array, "7"]  # permutation being dealt
    bag_index: Count  # pieces of `bag` dealt to piece or preview, 1..7
    just_locked: Flag  # the piece came to rest in the last step


class Tetris(Game[State, Params]):
    """Rules and look of Tetris."""

    def init(self, key: Key, params: Params) -> State:
        """Deals the first piece and the preview from a new bag."""
        bag = draw_bag(key)
        return State(
            time=jnp.int32(0),
            score=jnp.int32(0),
            board=jnp.zeros((ROWS, COLS), jnp.int8),
            piece=bag[0].astype(jnp.int32),
            rotation=jnp.int32(0),
            piece_x=jnp.int32(START_X),
            piece_y=jnp.int32(START_Y),
            next_pieces=bag[1 : 1 + params.preview],
            bag=bag,
            bag_index=jnp.int32(1 + params.preview),
            just_locked=jnp.bool_(False),
        )

    def step(
        self, key: Key, state: State, action: Action, params: Params
    ) -> tuple[State, Outcome]:
        """Clears rows and brings the next piece if one locked, then moves the piece."""
        placed = state.just_locked
        is_fresh = placed | (state.time == 0)
        state, packed, num_paid = _start_next_piece(key, state)
        blocked = _blocked_rows(packed)
        topped_out = placed & ~_is_free(state, blocked)
        state = _turn_or_shift(state, action, blocked)
        state = _drop(state, action, is_fresh, blocked, params)
        succeeded = state.score >= GOAL
        reward = num_paid.astype(jnp.float32) / GOAL - jnp.where(
            topped_out & ~succeeded, 1.0, 0.0
        )
        return state, Outcome(reward=reward, terminated=succeeded | topped_out)

    def is_won(self, state: State, params: Params, terminated: Flag) -> Flag:
        """Ten rows are complete."""
        del params, terminated
        return state.score >= GOAL

    def scene(self, state: State, params: Params, visibility: Visibility) -> Scene:
        """Shows falling piece, preview, complete rows and, or not, the pile."""
        pile = state.board.astype(jnp.uint8)
        is_complete = jnp.broadcast_to(jnp.all(pile > 0, axis=1)[:, None], pile.shape)
        if visibility is Visibility.PARTIAL:
            pile = jnp.zeros_like(pile)
        is_falling = _piece_cells(state)
        blocks = jnp.where(is_falling, (state.piece + 1).astype(jnp.uint8), pile)
        marks = jnp.where(
            is_falling, jnp.uint8(_OUTLINE), tile_where(is_complete, _BAR)
        )
        preview = _preview_ids(state.next_pieces)
        # Rows below the preview are drawn without its columns, which is faster.
        below = _PREVIEW_ROW + BOX * params.preview
        beside = jnp.concatenate([blocks, preview], axis=1)[:below]
        bands = (
            _band(beside, marks[:below], params, row=0),
            _band(blocks[below:], marks[below:], params, row=below),
        )
        return Scene(score=state.score, bands=bands, title="Tetris", theme=_THEME)


def _start_next_piece(key: Key, state: State) -> tuple[State, PackedRows, Count]:
    """After a lock, clears rows and places the next piece.

    Returns:
        The state, its board packed, and the rows paid.
    """
    packed = pack(state.board)
    cleared, num_complete = clear_complete(packed)
    score = jnp.minimum(state.score + num_complete, GOAL)
    bag, bag_index, drawn = _draw_piece(key, state)
    upcoming = jnp.concatenate([state.next_pieces, drawn[None]])
    fresh = replace(
        state,
        score=score,
        board=unpack(cleared),
        piece=upcoming[0].astype(jnp.int32),
        rotation=jnp.int32(0),
        piece_x=jnp.int32(START_X),
        piece_y=jnp.int32(START_Y),
        next_pieces=upcoming[1:],
        bag=bag,
        bag_index=bag_index,
        just_locked=jnp.bool_(False),
    )
    next_state = jax.tree.map(
        lambda new, old: jnp.where(state.just_locked, new, old), fresh, state
    )
    packed = jnp.where(state.just_locked, cleared, packed)
    return next_state, packed, next_state.score - state.score


def _draw_piece(
    key: Key, state: State
) -> tuple[Int8[Array, "7"], Count, Int8[Array, ""]]:
    """Draws from the bag, a new one if it is empty: (bag, bag_index, piece)."""
    is_empty = state.bag_index == NUM_PIECES
    bag = jnp.where(is_empty, draw_bag(key), state.bag)
    index = jnp.where(is_empty, 0, state.bag_index)
    is_drawn = np.arange(NUM_PIECES, dtype=np.int32) == index
    piece = jnp.sum(jnp.where(is_drawn, bag, jnp.int8(0)), dtype=jnp.int8)
    return bag, index + 1, piece


def _blocked_rows(packed: PackedRows) -> Rows:
    """Cells that are taken, with walls at the sides and a floor below."""
    walls = np.int32(~((2**COLS - 1) << _WALL))
    floor = np.full(BOX, -1, np.int32)
    return jnp.concatenate([taken_columns(packed) << _WALL | walls, floor])


def _piece_rows(state: State) -> Rows:
    """Cells of the falling piece."""
    kind = np.arange(BOXES.size, dtype=np.int32).reshape(BOXES.shape)
    is_kind = kind == state.piece * BOX + state.rotation
    box = jnp.sum(jnp.where(is_kind, BOXES, 0), dtype=jnp.int32)
    box_row = np.arange(ROWS + BOX, dtype=np.int32) - state.piece_y
    is_inside = (box_row >= 0) & (box_row < BOX)
    cells = (box >> (BOX * jnp.clip(box_row, 0, BOX - 1))) & (2**BOX - 1)
    return jnp.where(is_inside, cells << (state.piece_x + _WALL), 0)


def _is_free(state: State, blocked: Rows) -> Flag:
    """Whether the piece lies on empty cells of the board only."""
    return ~jnp.any((_piece_rows(state) & blocked) != 0)


def _turn_or_shift(state: State, action: Action, blocked: Rows) -> State:
    """Turns or shifts the piece if there is room."""
    turns = (action == Move.UP).astype(jnp.int32)
    moved = replace(
        state,
        rotation=(state.rotation + turns) % BOX,
        piece_x=state.piece_x + horizontal(action),
    )
    is_free = _is_free(moved, blocked)
    return replace(
        state,
        rotation=jnp.where(is_free, moved.rotation, state.rotation),
        piece_x=jnp.where(is_free, moved.piece_x, state.piece_x),
    )


def _drop(
    state: State, action: Action, is_fresh: Flag, blocked: Rows, params: Params
) -> State:
    """Lets the piece fall, and locks it where it cannot fall further."""
    soft_drop = jnp.where(is_fresh, 1, params.soft_drop)
    wanted = jnp.where(action == Move.DOWN, soft_drop, params.fall)
    room = _room_below(_piece_rows(state), blocked, params.soft_drop + 1)
    distance = jnp.where(room >= wanted, wanted, jnp.minimum(room, 1))
    state = replace(state, piece_y=state.piece_y + distance)
    locks = room == distance
    board = jnp.where(
        _piece_cells(state) & locks, (state.piece + 1).astype(jnp.int8), state.board
    )
    return replace(state, board=board, just_locked=locks)


def _room_below(piece: Rows, blocked: Rows, limit: int) -> Count:
    """Cells that a piece can fall, at most `limit`."""
    room, is_free = jnp.int32(0), jnp.bool_(True)
    for distance in range(1, limit + 1):
        is_free &= ~jnp.any((piece[:-distance] & blocked[distance:]) != 0)
        room += is_free.astype(jnp.int32)
    return room


def _piece_cells(state: State) -> Bool[Array, "20 10"]:
    """Board cells of the falling piece."""
    col = np.arange(COLS, dtype=np.int32)[None]
    rows = compute_once(_piece_rows(state)[:ROWS])  # every cell of a row asks for it
    return (rows[:, None] >> (col + _WALL)) & 1 == 1


def _preview_ids(pieces: Int8[Array, " preview"]) -> UInt8[Array, "20 preview_cols"]:
    """Tile ids of the columns to the right of the board."""
    is_piece = pieces[:, None] == np.arange(NUM_PIECES, dtype=np.int8)[None]
    boxes = jnp.sum(jnp.where(is_piece, BOXES[None, :, 0], 0), axis=1, dtype=jnp.int32)
    cells = (boxes[:, None] >> np.arange(BOX * BOX, dtype=np.int32)[None]) & 1
    looks = (cells * (pieces[:, None].astype(jnp.int32) + 1)).astype(jnp.uint8)
    rows = BOX * len(pieces)
    around = ((_PREVIEW_ROW, ROWS - _PREVIEW_ROW - rows), (_PREVIEW_COL - COLS, 0))
    return jnp.pad(looks.reshape(rows, BOX), around)


_WALL = 3  # bits to the left of the board, so that boxes may hang over its side

# The grid: ten columns of the board, the right wall, four columns of preview.
_PREVIEW_ROW, _PREVIEW_COL = 1, COLS + 1
_CELL_WIDTH, _CELL_HEIGHT = 8, 5
_BOARD = Rect(5, FIELD_TOP, COLS * _CELL_WIDTH, FIELD_BOTTOM - FIELD_TOP)

# A block has a gap at its right and bottom, which is lost in very small frames.
_BLOCK_ART = ("#######.",) * 4 + ("........",)
_OUTLINE_ART = ("########", *("#......#",) * 7, "########", "########")
_BAR_ART = (*(".",) * 3, *("#",) * 5, *(".",) * 2)  # colors stay visible above it

_THEME = Theme.TEAL

# Tile ids: piece + 1.
_BLOCKS: tuple[Tile, ...] = tuple(
    (Paint(_BLOCK_ART, color, on_line=True),)
    for color in (
        Color.SKY,
        Color.YELLOW,
        Color.VIOLET,
        Color.GREEN,
        Color.RED,
        Color.BLUE,
        Color.ORANGE,
    )
)

# Tile ids of what is drawn over the blocks: the falling piece, complete rows.
_OUTLINE, _BAR = 1, 2
_MARKS: tuple[Tile, ...] = tuple(
    (Paint(art, Color.WHITE, on_line=True),) for art in (_OUTLINE_ART, _BAR_ART)
)


def _band(
    blocks: UInt8[Array, "rows cols"],
    marks: UInt8[Array, "rows 10"],
    params: Params,
    row: int,
) -> Band:
    """The rows of the grid from `row` on."""
    rows, cols = blocks.shape
    rect = Rect(
        _BOARD.x,
        _BOARD.y + row * _CELL_HEIGHT,
        cols * _CELL_WIDTH,
        rows * _CELL_HEIGHT,
    )
    # As wide as the blocks, because layers of the same cells are drawn as one.
    marks = jnp.pad(marks, ((0, 0), (0, cols - COLS)))
    layers = (
        Grid(ids=blocks, tiles=_BLOCKS, rect=rect),
        Grid(ids=marks, tiles=_MARKS, rect=rect),
    )
    bottom = rect.y + rect.height
    return Band(layers=layers, still=_still(params), top=rect.y, bottom=bottom)


def _still(params: Params) -> Still:
    """Walls, the inside of the board, and a panel behind the preview, if any."""
    panel = Rect(
        _BOARD.x + _PREVIEW_COL * _CELL_WIDTH,
        _BOARD.y + _PREVIEW_ROW * _CELL_HEIGHT,
        BOX * _CELL_WIDTH,
        params.preview * BOX * _CELL_HEIGHT,
    )
    walls = Rect(_BOARD.x - 2, _BOARD.y, _BOARD.width + 4, _BOARD.height)
    return (
        Fill(walls, _THEME.line),
        Fill(_BOARD, _THEME.ground),
        *((Fill(panel, _THEME.ground),) if params.preview else ()),  # never a bare line
    )


SPEC = GameSpec(
    name="Tetris",
    version=0,
    game=Tetris(),
    levels={
        Difficulty.EASY: Params(preview=3, fall=1, soft_drop=2),
        Difficulty.MEDIUM: Params(preview=2, fall=1, soft_drop=2),
        Difficulty.HARD: Params(preview=1, fall=2, soft_drop=3),
    },
    steps_per_second=5,
)
