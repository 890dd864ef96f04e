"""What the pictures of MineSweeper show and hide, against its rule page."""

import itertools

import numpy as np
import pytest
from scipy import signal

from tests.games import kit
from tests.games.boards import board
from tests.games.minesweeper_kit import LEVELS, every_level, played, targets

CLOSED = -1


def numbers(mines):
    """Mines in the 3 x 3 block around each cell, board by board."""
    return np.array(
        [signal.convolve2d(one, np.ones((3, 3), int), "same") for one in mines]
    )


def cell_looks(env_id, size):
    """Looks of a cell in the second row and column: (number or CLOSED, cursor)."""
    n, most = LEVELS[env_id].n, min(LEVELS[env_id].mines, 8)
    ring = [c for c in itertools.product(range(3), repeat=2) if c != (1, 1)]
    names = list(itertools.product([CLOSED, *range(most + 1)], (False, True)))
    states = kit.put(
        kit.fresh(env_id, len(names)),
        mines=np.array([board(n, *ring[: max(k, 0)]) for k, _ in names]),
        opened=np.array([board(n, *[(1, 1)] * (k >= 0)) for k, _ in names]),
        cursor_x=np.array([1 if cursor else 3 for _, cursor in names]),
        cursor_y=np.array([1 if cursor else 3 for _, cursor in names]),
    )
    cells = kit.cut(kit.frames(env_id, states, size=size), kit.FULL_FIELD, n, n)
    return kit.table(zip(names, cells[:, 1, 1], strict=True))


def decode(env_id, pictures):
    """Reads score, numbers (or CLOSED) and cursor from pictures alone."""
    rules = LEVELS[env_id]
    looks = cell_looks(env_id, pictures.shape[1])
    cells = kit.cut(pictures, kit.FULL_FIELD, rules.n, rules.n)
    named = kit.read(cells, looks)
    score = kit.read_scores(env_id, pictures, rules.n**2 - rules.mines)
    return score, named[..., 0], named[..., 1].astype(bool)


@every_level
@kit.both_sizes
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    states = played(env_id)
    score, shown, cursor = decode(env_id, kit.frames(env_id, states, size=size))
    assert np.array_equal(score, states.score)
    assert np.array_equal(cursor, targets(states))
    assert np.array_equal(shown != CLOSED, states.opened)
    assert np.array_equal(shown, np.where(states.opened, numbers(states.mines), CLOSED))


@every_level
def test_partial_view_shows_the_number_under_the_cursor_only(env_id):
    states = played(env_id)
    pictures = kit.frames(env_id, states, partial=True)
    score, shown, cursor = decode(env_id, pictures)
    assert np.array_equal(score, states.score)
    assert np.array_equal(cursor, targets(states))
    seen = np.asarray(states.opened) & targets(states)
    assert np.array_equal(shown, np.where(seen, numbers(states.mines), CLOSED))


def shuffled_hidden(states, rules, rng):
    """Other states with the same score, cursor and number under the cursor."""
    lanes, n = states.mines.shape[:2]
    mines = rng.random((lanes, n, n)) < 0.3
    at = targets(states)
    for lane in np.flatnonzero((np.asarray(states.opened) & at).any((1, 2))):
        x, y = int(states.cursor_x[lane]), int(states.cursor_y[lane])
        block = np.s_[lane, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        ring = ~at[block]
        mines[block][ring] = rng.permutation(np.asarray(states.mines)[block][ring])
        mines[lane, y, x] = False
    opened = np.where(at, states.opened, rng.random((lanes, n, n)) < 0.5)
    return kit.put(
        states,
        mines=mines,
        opened=opened,
        num_repeats=rng.integers(0, rules.repeats + 1, lanes),
        time=rng.integers(0, rules.limit, lanes),
    )


@every_level
def test_partial_view_hides_the_rest(env_id):
    states = played(env_id, 64)
    rng = np.random.default_rng(1)
    for _ in range(3):
        others = shuffled_hidden(states, LEVELS[env_id], rng)
        assert kit.look_equal(env_id, states, others)


@every_level
def test_full_view_hides_mines_away_from_opened_cells(env_id):
    rules, rng = LEVELS[env_id], np.random.default_rng(2)
    n = rules.n
    opened = rng.random((64, n, n)) < 0.7
    opened[:, :, -2:] = False
    states = kit.put(played(env_id, 64), opened=opened)
    mines = np.array(states.mines)
    mines[:, :, -1] = rng.random((64, n)) < 0.5
    others = kit.put(
        states,
        mines=mines,
        num_repeats=rng.integers(0, rules.repeats + 1, 64),
        time=rng.integers(0, rules.limit, 64),
    )
    assert kit.look_equal(env_id, states, others, partial=False)


@pytest.mark.quick
@every_level
def test_the_first_picture_is_the_same_in_both_views(env_id):
    assert kit.views_agree(env_id, kit.fresh(env_id, 64))


def test_an_opened_mine_shows_the_number_of_its_block():
    """Nine mines in a block: the digit 9, which a safe cell cannot show."""
    block = board(8, *itertools.product(range(3), repeat=2))
    states = kit.put(
        kit.fresh("MineSweeperHard", 2),
        mines=np.array([block, block]),
        opened=np.array([board(8, (1, 1)), board(8)]),
        cursor_x=np.array([1, 1]),
        cursor_y=np.array([1, 1]),
    )
    nine, closed = kit.frames("MineSweeperHard", states, partial=True)
    assert not np.array_equal(nine, closed)
