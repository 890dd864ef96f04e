"""BattleShip from the partial view: a tour of the board needs no memory."""

import jax.numpy as jnp

from jax_core.game import Move
from tests.players.pictures import place, tiles
from tests.players.tours import tour
from tests.players.viewers import Viewer, without_memory

HIT, WATER = 1, 2  # tiles of the marks


def read(scene):
    """Marks that are shown, 0 elsewhere, and the cursor's cell."""
    return tiles(scene), *place(tiles(scene, layer=1) > 0)


def _tour(scene, params, key):
    """Fires at every cell of a closed way once; the mark says when to go on.

    That takes at most n^2 shots and n^2 - 1 moves, fewer than the 2 n^2 steps, and a
    miss costs nothing. So it always returns 1, the most that there is: no player with
    memory returns more, it only needs fewer steps.
    """
    del key
    marks, row, col = read(scene)
    onwards = jnp.asarray(tour(params.size))[row, col]
    return jnp.where(marks[row, col] == 0, Move.FIRE, onwards)


def _start(params):
    return jnp.zeros((params.size, params.size), jnp.int32)


def _remember(known, scene, params, key):
    """Goes the same way, by what it remembers instead of by the mark.

    Memory could only save steps, which are not paid for. `battleship.search`, which
    remembers, too, and saves many, does not find every ship in time on small boards:
    it returns 0.986 in Easy.
    """
    del key
    marks, row, col = read(scene)
    known = jnp.maximum(known, marks)
    onwards = jnp.asarray(tour(params.size))[row, col]
    return known, jnp.where(known[row, col] == 0, Move.FIRE, onwards)


REACTIVE = without_memory(_tour)
REMEMBERING = Viewer(start=_start, act=_remember)
