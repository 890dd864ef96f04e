"""Navigator from the partial view: the map of the first picture, or only its moment."""

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.game import Move
from tests.players.navigator import descend, distances
from tests.players.pictures import place, tiles
from tests.players.tours import stations, tour
from tests.players.viewers import Viewer, without_memory

BARRIER, TREASURE, PLAYER = 1, 2, 3  # tiles
CHANCE_TO_FIRE = 0.8  # in a cell of the tour, at every step; found by trial


def read(scene):
    """The board, and the player's cell."""
    board = tiles(scene)
    return board, *place(board == PLAYER)


def is_map(board):
    """Whether this is the first picture, the only one with barriers."""
    return jnp.any(board == BARRIER)


def _start(params):
    return jnp.zeros((params.size, params.size), jnp.int32)


def _remember(first, scene, params, key):
    """Keeps the map and walks a shortest way: it loses nothing to the view."""
    del params, key
    board, row, col = read(scene)
    first = jnp.where(is_map(board), board, first)
    distance = distances(first == BARRIER, first == TREASURE)
    return first, descend(row, col, distance)


def _wander(scene, params, key):
    """Walks along a closed way and fires now and then, after one good step.

    Later pictures show only where the player is. So the way on is fixed, and whether it
    fires there is left to chance, because a shot changes nothing in the picture. In
    the first picture it knows where each of its five moves will lead, and takes the
    best one: of the ways past the cells around, one may meet the treasure before a
    barrier. Gradient ascent on the chances of all moves in all cells returns 0.01 more
    when it begins here, and 0.03 less when it begins with equal chances.
    """
    board, row, col = read(scene)
    fires = jax.random.bernoulli(key, CHANCE_TO_FIRE)
    onwards = jnp.where(fires, Move.FIRE, jnp.asarray(tour(params.size))[row, col])
    first = jnp.argmax(_prospects(board, row, col, params)).astype(jnp.int32)
    return jnp.where(is_map(board), first, onwards)


def _prospects(board, row, col, params):
    """What the tour will return after each of the five moves."""
    last = params.size - 1
    rows = jnp.clip(row + np.array([-1, 1, 0, 0, 0], np.int32), 0, last)
    cols = jnp.clip(col + np.array([0, 0, -1, 1, 0], np.int32), 0, last)
    station = jnp.asarray(stations(params.size))
    ahead = (station[None] - station[rows, cols][:, None, None]) % params.size**2
    to_barrier = jnp.min(_where(board == BARRIER, ahead), axis=(1, 2))
    to_treasure = jnp.min(_where(board == TREASURE, ahead), axis=(1, 2))
    cost, steps = -params.step_reward, 1 / (1 - CHANCE_TO_FIRE)  # for every cell
    lost = -0.5 - cost * (steps * to_barrier.astype(jnp.float32) - 1)
    found = 1 - cost * steps * to_treasure.astype(jnp.float32)
    finds = to_treasure < to_barrier
    later = jnp.where(finds, CHANCE_TO_FIRE * found + (1 - CHANCE_TO_FIRE) * lost, lost)
    return jnp.where(to_barrier == 0, -0.5, later - cost)


def _where(mask, ahead):
    return jnp.where(mask[None], ahead, mask.size)


REACTIVE = without_memory(_wander)
REMEMBERING = Viewer(start=_start, act=_remember)
