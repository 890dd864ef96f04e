"""Completes ten rows: drops each piece where it leaves the best pile.

Features and weights, here times 100, are those of El-Tetris (Islam El-Ashi 2011, after
Pierre Dellacherie), taken before complete rows are removed. The player sees the pile
and looks ahead to the place of the next piece.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.game import Move
from jax_core.games._tetrominoes import BOXES
from jax_core.games.tetris import COLS, ROWS

MAX_PIECES = 60  # half of them are enough
MAX_STEPS_PER_PIECE = 20

_BITS = np.arange(16).reshape(4, 4)
_SHAPES = (BOXES[..., None, None] >> _BITS) & 1 == 1  # [piece, rotation, row, col]
_FIRST_X = -2
_XS = np.arange(_FIRST_X, COLS - 1)
_NUM_TRIED = 12
_MUCH = 10**6  # more than any pile is worth


class _Piece(NamedTuple):
    taken: jax.Array  # [row, col]
    kind: jax.Array
    rotation: jax.Array
    x: jax.Array
    y: jax.Array


def plan(env, params, keys):
    """Plays until ten rows are complete; later actions are 0."""

    def place(carry, _):
        start, offset, actions = carry
        goal = best_place(start, params)

        def step(carry, index):
            state, is_falling = carry
            action = toward(state, goal)
            key = keys.steps[jnp.minimum(offset + index, len(keys.steps) - 1)]
            after = env.transition(key, state, action, params).state
            state = jax.tree.map(
                lambda old, new: jnp.where(is_falling, new, old), state, after
            )
            return (state, is_falling & ~state.just_locked), (action, is_falling)

        index = jnp.arange(MAX_STEPS_PER_PIECE, dtype=jnp.int32)
        (state, _), (script, is_played) = jax.lax.scan(step, (start, True), index)
        actions = jax.lax.dynamic_update_slice(actions, script, (offset,))
        return (state, offset + jnp.sum(is_played, dtype=jnp.int32), actions), None

    room = MAX_PIECES * MAX_STEPS_PER_PIECE
    actions = jnp.zeros(room + len(keys.steps), jnp.int32)
    start = (env.init(keys.reset, params), jnp.int32(0), actions)
    (_, _, actions), _ = jax.lax.scan(place, start, length=MAX_PIECES)
    return actions[: len(keys.steps)]


def act(state, params):
    """Turns, shifts and drops the piece towards the best place in reach."""
    return toward(state, best_place(state, params))


def toward(state, goal):
    """The next move of the piece to a rotation and a column of its box."""
    piece = _present(state)
    rotation, x = goal
    shift = jnp.where(x < piece.x, Move.LEFT, Move.RIGHT)
    move = jnp.where(x == piece.x, Move.DOWN, shift)
    return jnp.where(rotation == piece.rotation, move, Move.UP)


def _present(state):
    """The piece that the next action moves, on the board without complete rows."""
    locked = state.just_locked
    return _Piece(
        taken=jnp.where(locked, _clear(state.board > 0), state.board > 0),
        kind=jnp.where(locked, state.next_pieces[0].astype(jnp.int32), state.piece),
        rotation=jnp.where(locked, 0, state.rotation),
        x=jnp.where(locked, 3, state.piece_x),
        y=jnp.where(locked, 0, state.piece_y),
    )


def best_place(state, params):
    """Rotation and column of the box for the piece that the next action moves."""
    piece = _present(state)
    drawn = state.bag[jnp.minimum(state.bag_index, 6)]  # wrong where a bag is empty
    upcoming = jnp.concatenate([state.next_pieces, drawn[None]]).astype(jnp.int32)
    next_kind = jnp.where(state.just_locked, upcoming[1], upcoming[0])
    value, gain = _rate(piece, params)
    tried = jax.lax.top_k(value, _NUM_TRIED)[1]

    def rate_pair(place):
        rotation, column = jnp.divmod(place, len(_XS))
        pile = _piles(piece)[0][rotation, column]
        fresh = _Piece(
            _clear(pile), next_kind, jnp.int32(0), jnp.int32(3), jnp.int32(0)
        )
        is_bad = value[place] < -_MUCH // 2
        best_next = jnp.max(_rate(fresh, params)[0])
        return gain[place] + best_next - jnp.where(is_bad, 4 * _MUCH, 0)

    place = tried[jnp.argmax(jax.vmap(rate_pair)(tried))]
    rotation, column = jnp.divmod(place, len(_XS))
    return rotation, column + _FIRST_X


def _clear(taken):
    is_complete = jnp.all(taken, axis=1)
    rows = jnp.argsort(~is_complete, stable=True)  # complete ones first
    return (taken & ~is_complete[:, None])[rows]


def _rate(piece, params):
    """Values of all places, rotations first, and the part that the move itself has."""
    pile, landing = _piles(piece)
    turns = (jnp.arange(4) - piece.rotation)[:, None] % 4
    steps = turns + jnp.abs(_XS - piece.x)[None]
    fallen = piece.y + (steps - 1) * params.fall  # when the last step begins
    is_in_reach = (fallen <= landing) & (fallen < _lowest_on_the_way(landing, piece.x))
    lines = jnp.sum(jnp.all(pile, axis=-1), axis=-1)
    gain = 342 * lines - 450 * (ROWS - landing)
    value = gain + _value(pile) - steps
    value = jnp.where(is_in_reach, value, value - _MUCH)
    value = jnp.where(landing >= piece.y, value, -2 * _MUCH)
    return value.ravel(), gain.ravel()


def _piles(piece):
    """Board with the piece at rest, and row of its box, by rotation and column."""
    shapes = jnp.asarray(_SHAPES)[piece.kind]
    landing = _landing(piece.taken, shapes, piece.y)
    row = jnp.arange(ROWS)[None, None, :, None] - landing[..., None, None]
    col = (jnp.arange(COLS)[None] - _XS[:, None])[None, :, None, :]
    turn = jnp.arange(4)[:, None, None, None]
    is_inside = (row >= 0) & (row < 4) & (col >= 0) & (col < 4)
    cells = shapes[turn, row.clip(0, 3), col.clip(0, 3)] & is_inside
    return piece.taken[None, None] | cells, landing


def _landing(taken, shapes, y):
    """Row at which the box lands, by rotation and column; above `y` if blocked."""
    walled = jnp.pad(taken, ((0, 4), (2, 2)), constant_values=True)
    windows = jnp.stack(
        [
            jnp.stack([walled[r : r + ROWS + 1, c : c + len(_XS)] for c in range(4)])
            for r in range(4)
        ]
    )  # [box row, box col, y, x]
    is_free = ~jnp.any(shapes[..., None, None] & windows[None], axis=(1, 2))
    is_above = (jnp.arange(ROWS + 1) < y)[None, :, None]
    reached = jnp.cumprod((is_free | is_above).astype(jnp.int32), axis=1)
    return jnp.sum(reached, axis=1) - 1


def _lowest_on_the_way(landing, x):
    """Row at which the piece would land before it gets to a column, from column `x`."""
    there, here = _XS[:, None], _XS[None]
    is_between = jnp.where(
        there < x, (there < here) & (here <= x), (x <= here) & (here < there)
    )
    return jnp.min(jnp.where(is_between[None], landing[:, None], ROWS), axis=-1)


def _value(pile):
    """Of piles, whoever built them."""
    holes = jnp.sum((jnp.cumsum(pile, axis=-2) > 0) & ~pile, axis=(-2, -1))
    return (
        -322 * _changes(pile, axis=-1)
        - 935 * _changes(pile, axis=-2)
        - 790 * holes
        - 339 * _wells(pile)
    )


def _changes(pile, axis):
    """Neighbours along an axis of which one is taken; outside all is taken."""
    pad = [(0, 0)] * pile.ndim
    pad[axis] = (1, 1)
    walled = jnp.pad(pile, pad, constant_values=True)
    return jnp.sum(jnp.diff(walled, axis=axis), axis=(-2, -1))


def _wells(pile):
    """Cells between two taken ones, each counted with those above it in the column."""
    walled = jnp.pad(pile, [(0, 0)] * (pile.ndim - 1) + [(1, 1)], constant_values=True)
    is_well = ~pile & walled[..., :-2] & walled[..., 2:]
    depth, total = jnp.int32(0), jnp.int32(0)
    for row in range(ROWS):
        depth = (depth + 1) * is_well[..., row, :].astype(jnp.int32)
        total += jnp.sum(depth, axis=-1)
    return total
