"""Skittles in the partial view: every picture shows each cell with probability 1/2.

Every row has one block. Both players go through the ten rows that are on their way and
take the way on which they most probably survive. They differ in how many blocks they
know: those of this picture, or all that they have ever seen, moved on in mind.
"""

import jax
import jax.numpy as jnp

from jax_core.game import Move
from jax_core.games.skittles import SIZE
from tests.players.viewers import Viewer, without_memory

SHIFTS = (0, -1, 1)
ACTIONS = (Move.UP, Move.LEFT, Move.RIGHT)
PLAYER = 8  # tile; those below are blocks

# Chance that a player does not think of a block any more when it is time to evade it.
FORGETS = 0.3
# Factor per step on the risk of a row that shows no block yet, as it will show it.
FORGETFUL_FADE, FADE = 0.8, 0.5


def look(scene):
    """Blocks that a picture shows, bool [10, 10], and the player's column."""
    ids = scene.bands[0].layers[0].ids
    return (ids > 0) & (ids < PLAYER), jnp.argmax(ids[-1] == PLAYER).astype(jnp.int32)


def react(scene, params, key):
    """Plans with the blocks of this picture."""
    del key  # nothing is left to chance
    blocks, x = look(scene)
    chances = _chances(blocks, scene.score, params)
    return best_move(chances, x, params, forgets=FORGETS, fade=FORGETFUL_FADE)


def start(params):
    del params  # the field has the same size at all levels
    return jnp.zeros((SIZE, SIZE), jnp.bool_)


def remember(known, scene, params, key):
    """Plans with all blocks that were ever shown."""
    del key  # nothing is left to chance
    blocks, x = look(scene)
    known = known | blocks
    chances = _chances(known, scene.score, params)
    action = best_move(chances, x, params, forgets=0.0, fade=FADE)
    return jnp.concatenate([jnp.zeros_like(known[:1]), known[:-1]]), action


def _chances(known, time, params):
    """Of a block in every cell: one is in every row that time has filled."""
    row, col = jnp.arange(SIZE)[:, None], jnp.arange(SIZE)[None]
    in_lane = (col >= params.lane_start) & (col <= params.lane_end)
    anywhere = jnp.where(in_lane & (row < time), 1.0 / params.lane_width, 0.0)
    is_known = jnp.any(known, axis=1, keepdims=True)
    return jnp.where(is_known, known.astype(jnp.float32), anywhere)


def best_move(chances, x, params, *, forgets, fade):
    """First move of the way through the rows that most probably survives.

    Args:
        chances: of a block, float32 [row, col].
        x: the player's column.
        params: of the level.
        forgets: probability that a later move is not made.
        fade: factor on the risk of rows without a certain block, for each step that
            is still to come before they matter.
    """
    is_known = jnp.max(chances, axis=1, keepdims=True) == 1
    wait = jnp.arange(SIZE - 1, -1, -1, dtype=jnp.float32)[:, None] - 1
    risk = jnp.where(is_known, chances, chances * fade ** jnp.maximum(wait, 0))
    col = jnp.arange(SIZE)
    shifts = jnp.array(SHIFTS)[:, None]
    goals = jnp.clip(col[None] + shifts, params.lane_start, params.lane_end)
    leaves = goals != col[None]

    def survive(after, rows):
        """[move, column]: the chance after a step through a row into the next one."""
        beside, above = rows
        safe = jnp.where(leaves, 1 - beside[goals], 1.0) * (1 - above[goals])
        return safe * after[goals]

    def decide(after, rows):
        moves = survive(after, rows)
        return (1 - forgets) * jnp.max(moves, axis=0) + forgets * moves[0], None

    above = jnp.concatenate([jnp.zeros((1, SIZE)), risk[:-1]])
    rows = (risk[:-1], above[:-1])  # those of the second step and of later ones
    after = jax.lax.scan(decide, jnp.ones(SIZE), rows)[0]
    now = survive(after, (risk[-1], above[-1]))[:, x]
    return jnp.array(ACTIONS, jnp.int32)[jnp.argmax(now)]


REACTIVE = without_memory(react)
REMEMBERING = Viewer(start=start, act=remember)
