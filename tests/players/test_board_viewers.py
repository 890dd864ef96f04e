"""Players of the games on boards, who see the partial view."""

import jax
import numpy as np
import pytest

from tests.games.boards import under_cursor
from tests.players import (
    battleship_views,
    minesweeper,
    minesweeper_views,
    navigator,
    navigator_views,
)
from tests.players.kit import every_level, read, watched
from tests.players.tours import stations, tour


@pytest.mark.parametrize("size", [2, 8, 10, 12])
def test_a_tour_comes_by_every_cell_once_and_closes(size):
    numbers = stations(size)
    assert np.array_equal(np.sort(numbers.ravel()), np.arange(size**2))
    shifts = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])[tour(size)]
    rows, cols = np.indices((size, size)) + np.moveaxis(shifts, 2, 0)
    assert np.array_equal(numbers[rows, cols], (numbers + 1) % size**2)


def test_boards_with_an_odd_side_have_no_tour():
    with pytest.raises(ValueError, match="size must be even"):
        tour(7)


def test_marks_of_battleship_are_read():
    played = watched("BattleShipEasy", battleship_views.REACTIVE)
    (marks, row, col), states = read("BattleShipEasy", played, battleship_views.read)
    shown = states.fired & under_cursor(states, states.ships)
    assert np.array_equal(marks, np.where(shown, np.where(states.ships, 1, 2), 0))
    assert np.array_equal(row, states.cursor_y)
    assert np.array_equal(col, states.cursor_x)
    assert set(marks.ravel()) == {0, 1, 2}


@every_level
def test_a_tour_without_memory_sinks_all_ships(level):
    played = watched(f"BattleShip{level}", battleship_views.REACTIVE)
    np.testing.assert_allclose(played.total[:, -1], 1.0, atol=1e-5)
    assert not played.state.num_repeats.any()


@pytest.mark.slow
@every_level
def test_who_remembers_the_shots_knows_all_but_the_last(level):
    played = watched(f"BattleShip{level}", battleship_views.REMEMBERING)
    np.testing.assert_allclose(played.total[:, -1], 1.0, atol=1e-5)
    fired, ships = played.state.fired[:, -1], played.state.ships[:, -1]
    marks = np.where(fired, np.where(ships, 1, 2), 0)
    assert np.all((marks != played.memory[:, -1]).sum(axis=(1, 2)) == 1)


def test_numbers_of_minesweeper_are_read():
    played = watched("MineSweeperEasy", minesweeper_views.REMEMBERING)
    found, states = read("MineSweeperEasy", played, minesweeper_views.read)
    numbers, row, col = found
    shown = states.opened & under_cursor(states, states.mines)
    around = minesweeper._numbers(states.mines)
    assert np.array_equal(numbers, np.where(shown, around, -1))
    assert np.array_equal(row, states.cursor_y)
    assert np.array_equal(col, states.cursor_x)
    assert set(numbers.ravel()) == {-1, 0, 1, 2}


@every_level
def test_what_the_sweeper_is_sure_of_is_true(level):
    played = watched(f"MineSweeper{level}", minesweeper_views.REMEMBERING)
    notes, mines = played.memory, played.state.mines
    mines = mines.reshape(notes.mines.shape)
    assert np.all(mines[notes.mines])
    assert not np.any(mines[notes.safe])
    closed = notes.numbers < 0
    assert ((notes.mines | notes.safe) & closed).sum() > 0.1 * closed.sum()


def test_the_map_of_navigator_is_read_once():
    played = watched("NavigatorEasy", navigator_views.REMEMBERING)
    (board, row, col), states = read("NavigatorEasy", played, navigator_views.read)
    assert np.array_equal(row, states.agent_y)
    assert np.array_equal(col, states.agent_x)
    first = states.time == 0
    assert np.array_equal((board == 1)[first], states.barriers[first])
    treasures = np.argwhere((board == 2)[first])[:, 1:]
    expected = np.stack([states.treasure_y, states.treasure_x], axis=1)[first]
    assert np.array_equal(treasures, expected)
    assert not np.isin(board[~first], (1, 2)).any()


@every_level
def test_one_look_at_the_map_is_enough_for_a_shortest_way(level):
    played = watched(f"Navigator{level}", navigator_views.REMEMBERING)
    first = jax.tree.map(lambda leaf: leaf[:, 0], played.state)
    size = first.barriers.shape[1]
    cells = np.arange(size)
    goal = first.treasure_y[:, None, None] == cells[:, None]
    goal = goal & (first.treasure_x[:, None, None] == cells)
    distance = np.asarray(jax.vmap(navigator.distances)(first.barriers, goal))
    steps = distance[np.arange(len(distance)), first.agent_y, first.agent_x]
    expected = np.where(steps < size**2, 1 - 0.5 * steps / size**2, -0.5)
    np.testing.assert_allclose(played.total[:, -1], expected, atol=1e-4)
