"""Tetris in the partial view: the pile is never shown.

A player that remembers lays every piece on a pile of its own, by the rules. One without
memory does not know what it has laid, so it gives every kind a place of its own, such
that seven pieces, which come in shuffled bags, fit.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.environment import select
from jax_core.game import Move
from jax_core.games import tetris
from jax_core.games._tetrominoes import BOX, BOXES
from jax_core.games.tetris import COLS
from tests.players import tetris as player
from tests.players.viewers import Viewer, without_memory

GAME = tetris.Tetris()


class Memory(NamedTuple):
    """The game played on in mind, and what the player is about to do in it."""

    state: tetris.State
    began: jax.Array  # a picture was seen
    goal: tuple[jax.Array, jax.Array]  # rotation and column of the box
    is_new: jax.Array  # the piece has no goal yet


def board(scene):
    """Tiles of the board, which are those of the falling piece, uint8 [20, 10]."""
    return jnp.concatenate([band.layers[0].ids[:, :COLS] for band in scene.bands])


def kinds(scene, params):
    """Falling piece and preview, int32 and int8 [preview]."""
    ids = scene.bands[0].layers[0].ids[1 : 1 + BOX * params.preview, COLS + 1 :]
    boxes = ids.reshape(params.preview, -1)
    return (
        jnp.max(board(scene)).astype(jnp.int32) - 1,
        jnp.max(boxes, axis=1).astype(jnp.int8) - jnp.int8(1),
    )


def start(params):
    anything = GAME.init(jax.random.key(0), params)
    yes, no = jnp.bool_(True), jnp.bool_(False)
    return Memory(anything, no, (jnp.int32(0), jnp.int32(0)), yes)


def remember(memory, scene, params, key):
    """Lays the pieces on a pile in mind, and looks ahead to the next one.

    It waits for one step when a piece locks, since the last piece of the preview is
    known only then, and `down` makes a new piece fall by one cell at all levels.
    """
    kind, preview = kinds(scene, params)
    state = memory.state.replace(next_pieces=preview)
    state = select(memory.began, state, state.replace(piece=kind))
    goal = jax.lax.cond(
        memory.is_new, lambda: player.best_place(state, params), lambda: memory.goal
    )
    action = jnp.where(state.just_locked, Move.DOWN, player.toward(state, goal))
    action = jnp.asarray(action, jnp.int32)
    after, _ = GAME.step(key, state, action, params)
    after = after.replace(time=state.time + 1)
    return Memory(after, jnp.bool_(True), goal, state.just_locked), action


def _shapes():
    """Cells of the pieces, moved to the top left of the box: bool [7, 4, 4, 4]."""
    bits = np.arange(BOX * BOX).reshape(BOX, BOX)
    shapes = np.zeros((*BOXES.shape, BOX, BOX), np.bool_)
    for index, box in np.ndenumerate(BOXES):
        row, col = np.nonzero((box >> bits) & 1)
        shapes[index][row - row.min(), col - col.min()] = True
    return shapes


SHAPES = _shapes()


# Turns and left column of I, O, T, S, Z, J and L. Four kinds have columns of their own,
# in which they lie without holes; the others share three. The best of some thousand
# tables, each a few changes from the best before; to look at the next piece was no use.
TURNS = np.array([1, 0, 2, 1, 1, 0, 0], np.int32)
LEFT = np.array([7, 0, 2, 5, 8, 2, 2], np.int32)


def lay_in_place(scene, params, key):
    """Turns and shifts the piece to the place that it has by heart, and drops it.

    The best we know.
    """
    del key  # nothing is left to chance
    kind, _ = kinds(scene, params)
    turns, left = jnp.asarray(TURNS)[kind], jnp.asarray(LEFT)[kind]
    taken = board(scene) > 0
    row = jnp.argmax(jnp.any(taken, axis=1)).astype(jnp.int32)
    col = jnp.argmax(jnp.any(taken, axis=0)).astype(jnp.int32)
    around = jnp.pad(taken, ((0, BOX), (0, BOX)))
    shape = jax.lax.dynamic_slice(around, (row, col), (BOX, BOX))
    is_turned = jnp.all(shape == jnp.asarray(SHAPES)[kind, turns])
    shift = jnp.where(left < col, Move.LEFT, Move.RIGHT)
    move = jnp.where(left == col, Move.DOWN, shift)
    return jnp.where(is_turned, move, Move.UP)


REACTIVE = without_memory(lay_in_place)
REMEMBERING = Viewer(start=start, act=remember)
