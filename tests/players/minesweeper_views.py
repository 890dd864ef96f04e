"""MineSweeper from the partial view: what the numbers say, and what one number says."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tests.players.minesweeper import approach
from tests.players.pictures import place, tiles
from tests.players.tables import Task, player
from tests.players.viewers import Viewer

ROUNDS = 12  # of the estimate of dangers; more change no choice that matters
SMALL = 1e-3
CORNERS = 0.02  # the danger that a border is worth


class Notes(NamedTuple):
    """What is known of every cell, in one row."""

    numbers: jax.Array  # int32, -1 where the cell is closed
    mines: jax.Array  # bool, surely a mine
    safe: jax.Array  # bool, surely none


class Rules(NamedTuple):
    """Sets of cells that nothing is known of, and the mines in each."""

    cells: jax.Array  # bool [rule, cell]
    mines: jax.Array  # int32 [rule]


def read(scene):
    """Numbers that are shown, -1 elsewhere, and the cursor's cell."""
    row, col = place(tiles(scene, layer=1) > 0)
    return tiles(scene) - 1, row, col


def _start(params):
    unknown = jnp.zeros(params.size**2, jnp.bool_)
    return Notes(unknown.astype(jnp.int32) - 1, unknown, unknown)


def _infer(notes, scene, params, key):
    """Opens the nearest cell that is surely safe, or else the least dangerous one.

    Sure is what follows from the numbers one by one and in pairs, the number of all
    mines among them. Where nothing is sure, dangers are estimated, and corners are
    preferred: their numbers are about few cells and say more of each. With that it
    beats `minesweeper.infer`, which knows the dangers exactly.
    """
    del key
    shown, row, col = read(scene)
    numbers = jnp.maximum(notes.numbers, shown.ravel())
    notes = _deduce(_deduce(notes._replace(numbers=numbers), params), params)
    is_closed = numbers < 0
    surely = is_closed & notes.safe
    danger = jnp.where(is_closed & ~notes.mines, _dangers(notes, params), 2.0)
    danger -= CORNERS * jnp.asarray(_borders(params.size))
    least = danger <= jnp.min(danger) + SMALL
    goals = jnp.where(jnp.any(surely), surely, least)
    return notes, approach(col, row, goals.reshape(shown.shape))


def _rules(notes, params):
    """One rule for every number, and one for the whole board."""
    blocks = jnp.asarray(_blocks(params.size))
    is_open = notes.numbers >= 0
    unknown = ~(is_open | notes.mines | notes.safe)
    cells = jnp.concatenate(
        [blocks & is_open[:, None], jnp.ones((1, len(blocks)), bool)]
    )
    known = jnp.sum(cells & notes.mines[None], axis=1, dtype=jnp.int32)
    mines = jnp.append(jnp.where(is_open, notes.numbers, 0), params.num_mines)
    return Rules(cells & unknown[None], mines - known)


def _deduce(notes, params):
    """What two rules together say for sure.

    If b has as many mines more than a as it has cells that a lacks, then these are all
    mines, and the cells that only a has are safe. A closed cell gives an empty rule, so
    this covers single rules, too.
    """
    cells, mines = _rules(notes, params)
    inside = cells.astype(jnp.float32)
    outside = 1.0 - inside
    only_in_b = outside @ inside.T
    holds = (mines[None] - mines[:, None]).astype(jnp.float32) == only_in_b  # [a, b]
    holds = holds.astype(jnp.float32)
    new_mines = jnp.any(cells & (holds.T @ outside > 0), axis=0)
    new_safe = jnp.any(cells & (holds @ outside > 0), axis=0)
    return notes._replace(mines=notes.mines | new_mines, safe=notes.safe | new_safe)


def _dangers(notes, params):
    """About how likely every cell is a mine.

    Iterative proportional fitting: all rules scale their cells until each adds up to
    its mines.
    """
    cells, mines = _rules(notes, params)
    inside, wanted = cells.astype(jnp.float32), mines.astype(jnp.float32)
    num_rules = jnp.maximum(jnp.sum(inside, axis=0), 1.0)

    def fit(_, danger):
        ratio = jnp.maximum(wanted, SMALL) / jnp.maximum(inside @ danger, SMALL)
        return jnp.minimum(danger * jnp.exp(jnp.log(ratio) @ inside / num_rules), 1.0)

    return jax.lax.fori_loop(0, ROUNDS, fit, jnp.full(cells.shape[1], 0.5))


def _blocks(size):
    """The 3 x 3 block around every cell: bool [cell, cell]."""
    row, col = np.divmod(np.arange(size**2), size)
    near_rows = abs(row[:, None] - row[None]) <= 1
    return near_rows & (abs(col[:, None] - col[None]) <= 1)


def _borders(size):
    """Borders that a cell lies at, 0 to 2: float32 [cell]."""
    row, col = np.divmod(np.arange(size**2), size)
    at_border = [np.isin(place, (0, size - 1)) for place in (row, col)]
    return np.sum(at_border, axis=0, dtype=np.float32)


def _count(params):
    return params.size**2 * _marks(params) * params.num_safe_cells


def _number(scene, params):
    """Cell of the cursor, what is in it, and the score, as one number."""
    shown, row, col = read(scene)
    cell = row * params.size + col
    mark = shown[row, col] + 1
    score = jnp.minimum(scene.score, params.num_safe_cells - 1)
    return (cell * _marks(params) + mark) * params.num_safe_cells + score


def _marks(params):
    """Looks of a cell: closed, or a number up to all mines or 9."""
    return min(params.num_mines, 9) + 2


# A table, since the score is a clock: it tells how much is open already, so that one
# can go back to a number and act on it. The learned player opens a corner first, goes
# on beside low numbers and comes back to read them. Who opens cell after cell of a tour
# gets 1 / (mines + 1). A table need not be the best one; longer learning raises Easy no
# more, and Hard a little.
TASK = Task("MineSweeper", _count, _number, updates=1200)
REACTIVE = player(TASK)
REMEMBERING = Viewer(start=_start, act=_infer)
