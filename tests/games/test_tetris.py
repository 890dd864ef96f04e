"""Tetris against its rule page. Numbers are those of the page, not of the code."""

import itertools

import numpy as np
import pytest

from jax_core.game import Move
from tests.games import kit
from tests.games.tetris_kit import (
    EASY,
    HARD,
    LEVELS,
    LIMIT,
    I,
    J,
    L,
    O,
    S,
    T,
    Z,
    cells,
    every_level,
)


def board_of(*rows, fill=I + 1):
    """A board whose lowest rows are given as text, `#` for a block."""
    board = np.zeros((20, 10), np.int8)
    for row, text in enumerate(reversed(rows)):
        board[19 - row] = [fill if cell == "#" else 0 for cell in text]
    return board


def blocks(*places):
    """A board with blocks at (row, columns)."""
    board = np.zeros((20, 10), np.int8)
    for row, cols in places:
        board[row, cols] = T + 1
    return board


def play(env_id, action, seed=0, **fields):
    """A step in the middle of a fall over an empty board."""
    defaults = {
        "time": 50,
        "score": 0,
        "board": blocks(),
        "piece": T,
        "rotation": 0,
        "piece_x": 3,
        "piece_y": 6,
        "just_locked": False,
    }
    return kit.one_step(env_id, action, seed, **(defaults | fields))


def place(env_id, action=Move.FIRE, **fields):
    """A step after a lock; the next piece is an O, in an I-less preview."""
    preview = np.array([O, T, S])[: LEVELS[env_id].preview]
    bag = np.array([6, 5, 4, 3, 2, 1, 0])
    defaults = {
        "board": board_of("#........."),
        "just_locked": True,
        "next_pieces": preview,
        "bag": bag,
        "bag_index": 4,
    }
    return play(env_id, action, **(defaults | fields))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.preview, params.fall) == (rules.preview, rules.fall)
    assert (params.soft_drop, params.max_steps) == (rules.soft, LIMIT)
    assert kit.fresh(env_id, 1).next_pieces.shape == (1, rules.preview)


@every_level
def test_an_episode_starts_with_an_empty_board_and_a_new_bag(env_id):
    states, preview = kit.fresh(env_id, 64), LEVELS[env_id].preview
    zero = ("time", "score", "board", "rotation", "piece_y", "just_locked")
    for name in zero:
        assert not np.any(getattr(states, name)), name
    assert np.all(states.piece_x == 3)
    assert np.all(states.bag_index == 1 + preview)
    assert np.all(np.sort(states.bag, axis=1) == np.arange(7))
    dealt = np.concatenate([states.piece[:, None], states.next_pieces], axis=1)
    np.testing.assert_array_equal(dealt, states.bag[:, : 1 + preview])


def test_all_orders_of_the_first_bag_are_equally_likely():
    """Chi-square over all 5,040 permutations."""
    bags = kit.fresh(EASY, 50_400).bag
    codes = bags.astype(int) @ 7 ** np.arange(7)
    orders = np.array(list(itertools.permutations(range(7)))) @ 7 ** np.arange(7)
    counts = np.bincount(np.searchsorted(np.sort(orders), codes), minlength=5040)
    assert np.all(np.isin(codes, orders))
    assert kit.is_uniform(counts)


def test_a_new_bag_does_not_depend_on_the_old_one():
    """Chi-square of the last piece of a bag with the first of the next, 49 pairs."""
    lanes = 9_800
    states = kit.put(
        kit.fresh(HARD, lanes), just_locked=np.ones(lanes), bag_index=np.full(lanes, 7)
    )
    after = kit.step(HARD, states, Move.FIRE, seed=1).state
    assert np.all(after.bag_index == 1)
    assert np.all(np.sort(after.bag, axis=1) == np.arange(7))
    np.testing.assert_array_equal(after.bag[:, 0], after.next_pieces[:, -1])
    pairs = 7 * states.bag[:, 6].astype(int) + after.bag[:, 0]
    assert kit.is_uniform(np.bincount(pairs, minlength=49))
    pairs = 7 * after.bag[:, 1].astype(int) + after.bag[:, 6]
    counts = np.bincount(pairs, minlength=49)[~np.eye(7, dtype=bool).ravel()]
    assert kit.is_uniform(counts)


@every_level
def test_correction_1_the_preview_moves_up_and_ends_with_the_next_of_the_bag(env_id):
    preview = LEVELS[env_id].preview
    result = place(env_id)
    assert (result.piece, result.bag_index) == (O, 5)
    want = [*np.array([O, T, S])[1:preview], 2]  # bag[4]
    np.testing.assert_array_equal(result.next_pieces, want)
    np.testing.assert_array_equal(result.bag, [6, 5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize("piece", range(7))
@pytest.mark.parametrize("rotation", range(4))
def test_pieces_have_the_cells_of_the_rule_page(piece, rotation):
    placement = (piece, rotation, 4, 10)
    down = max(row for row, _ in cells(*placement))
    board = blocks((down + 2, slice(None, None, 2)), (down + 2, slice(1, 9, 2)))
    fields = {"piece": piece, "rotation": rotation, "piece_x": 4, "piece_y": 10}
    result = play(EASY, Move.FIRE, board=board, **fields)
    assert result.just_locked
    assert result.piece_y == 11
    want = board.copy()
    for row, col in cells(piece, rotation, 4, 11):
        want[row, col] = piece + 1
    np.testing.assert_array_equal(result.board, want)


@every_level
@pytest.mark.parametrize(
    ("move", "rotation", "x"),
    [
        (Move.UP, 1, 3),
        (Move.DOWN, 0, 3),
        (Move.LEFT, 0, 2),
        (Move.RIGHT, 0, 4),
        (Move.FIRE, 0, 3),
    ],
)
def test_actions_turn_and_shift_the_piece(env_id, move, rotation, x):
    rules = LEVELS[env_id]
    result = play(env_id, move)
    assert (result.rotation, result.piece_x) == (rotation, x)
    assert result.piece_y == 6 + (rules.soft if move == Move.DOWN else rules.fall)
    assert (result.reward, result.time, result.just_locked) == (0, 51, False)


def test_the_fourth_turn_restores_the_piece():
    assert play(EASY, Move.UP, rotation=3).rotation == 0


@pytest.mark.parametrize(
    ("piece", "rotation", "x", "move"),
    [
        (T, 0, 0, Move.LEFT),
        (T, 0, 7, Move.RIGHT),
        (I, 1, -2, Move.LEFT),
        (I, 3, 8, Move.RIGHT),
        (I, 1, -2, Move.UP),
        (I, 1, 7, Move.UP),
        (T, 1, -1, Move.UP),
    ],
)
def test_walls_stop_moves_and_there_are_no_kicks(piece, rotation, x, move):
    result = play(EASY, move, piece=piece, rotation=rotation, piece_x=x)
    assert (result.rotation, result.piece_x, result.piece_y) == (rotation, x, 7)


@pytest.mark.parametrize(("move", "col"), [(Move.LEFT, 2), (Move.RIGHT, 6)])
def test_blocks_stop_shifts(move, col):
    result = play(EASY, move, board=blocks((8, [col])))  # beside the T's lower row
    assert (result.piece_x, result.piece_y) == (3, 7)
    free = play(EASY, move, board=blocks((7, [col])))  # beside its upper one
    assert free.piece_x != 3


def test_blocks_stop_turns():
    result = play(EASY, Move.UP, board=blocks((9, [4])))
    assert (result.rotation, result.just_locked) == (0, True)


@every_level
def test_a_piece_locks_in_the_step_in_which_it_touches(env_id):
    fall = LEVELS[env_id].fall
    floor = play(env_id, Move.FIRE, piece_y=17 - fall)  # T has its lowest row at y + 2
    assert (floor.just_locked, floor.piece_y) == (True, 17)
    assert (floor.board[19, 3:6] == T + 1).all()
    assert (floor.board[18, 4], (floor.board > 0).sum()) == (T + 1, 4)
    above = play(env_id, Move.FIRE, piece_y=16 - fall)
    assert (above.just_locked, above.piece_y) == (False, 16)
    assert not above.board.any()


@every_level
def test_a_fall_without_room_goes_back_to_one_cell(env_id):
    """With room for two cells only, a drop by three falls one cell and goes on."""
    soft = LEVELS[env_id].soft
    board = blocks((8 + soft, [4]))  # leaves soft - 1 cells below the T
    result = play(env_id, Move.DOWN, board=board)
    assert (result.piece_y, result.just_locked) == (7, soft == 2)
    stuck = play(env_id, Move.DOWN, board=blocks((9, [4])))
    assert (stuck.piece_y, stuck.just_locked) == (6, True)


@every_level
def test_a_shift_under_an_overhang_goes_before_the_fall(env_id):
    result = play(env_id, Move.RIGHT, board=blocks((9, [3])))
    assert (result.piece_x, result.piece_y) == (4, 6 + LEVELS[env_id].fall)


@every_level
def test_a_fresh_piece_soft_drops_by_one_cell(env_id):
    rules = LEVELS[env_id]
    assert play(env_id, Move.DOWN, time=0, piece_y=0).piece_y == 1
    assert play(env_id, Move.FIRE, time=0, piece_y=0).piece_y == rules.fall
    assert play(env_id, Move.DOWN, time=1, piece_y=0).piece_y == rules.soft
    assert place(env_id, Move.DOWN).piece_y == 1
    assert place(env_id, Move.FIRE).piece_y == rules.fall


@every_level
@pytest.mark.parametrize("move", list(Move))
def test_a_new_piece_moves_in_the_step_in_which_it_comes(env_id, move):
    result = place(env_id, move, rotation=2, piece_x=7, piece_y=15)
    x = 3 + (move == Move.RIGHT) - (move == Move.LEFT)
    assert (result.piece, result.rotation) == (O, int(move == Move.UP))
    assert (result.piece_x, result.just_locked) == (x, False)
    assert result.piece_y == (1 if move == Move.DOWN else LEVELS[env_id].fall)


@pytest.mark.quick
@every_level
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4])
def test_complete_rows_are_paid_in_the_step_after(env_id, rows):
    texts = ["##########"] * rows + ["#########."]
    result = place(env_id, board=board_of(*texts), score=3)
    assert result.reward == np.float32(rows / 10)
    assert (result.score, result.terminated) == (3 + rows, False)
    np.testing.assert_array_equal(result.board, board_of("#########."))
    waiting = place(env_id, board=board_of(*texts), score=3, just_locked=False)
    assert (waiting.score, waiting.reward) == (3, 0)
    np.testing.assert_array_equal(waiting.board, board_of(*texts))


@every_level
def test_rows_above_complete_ones_move_down(env_id):
    board = board_of(
        "#.........",
        "##########",
        ".#........",
        "##########",
        "##########",
        "..#.......",
    )
    board[14, 0], board[16, 1], board[19, 2] = Z + 1, J + 1, L + 1
    want = np.zeros((20, 10), np.int8)
    want[17, 0], want[18, 1], want[19, 2] = Z + 1, J + 1, L + 1
    result = place(env_id, board=board)
    np.testing.assert_array_equal(result.board, want)
    assert result.score == 3


@every_level
@pytest.mark.parametrize("cleared", [0, 1])
def test_topping_out_costs_one_and_ends_the_episode(env_id, cleared):
    board = blocks((1, [4, 5]), (2, [4, 5]))  # where the O is to appear
    board[19] = cleared
    result = place(env_id, board=board, score=4)
    assert result.terminated
    assert result.score == 4 + cleared
    assert result.reward == pytest.approx(cleared / 10 - 1, abs=1e-7)
    assert result.time == 51


@every_level
def test_a_row_cleared_just_in_time_prevents_topping_out(env_id):
    board = blocks((1, slice(None)), (19, [0]))
    result = place(env_id, board=board, score=4)
    assert (result.terminated, result.score) == (False, 5)
    assert result.reward == np.float32(0.1)


@every_level
def test_ten_rows_win(env_id):
    board = board_of("##########")
    result = place(env_id, board=board, score=9)
    assert (result.terminated, result.truncated, result.score) == (True, False, 10)
    assert result.reward == np.float32(0.1)
    assert not place(env_id, board=board, score=8).terminated


@every_level
def test_topping_out_with_the_tenth_row_is_a_win(env_id):
    board = blocks((1, [4, 5]), (0, [4, 5]), (2, [4, 5]), (19, slice(None)))
    result = place(env_id, board=board, score=9)
    assert (result.terminated, result.score) == (True, 10)
    assert result.reward == np.float32(0.1)


def test_correction_2_a_piece_does_not_pass_through_a_row_of_blocks():
    board = blocks((8, slice(3, 7)))
    fields = {"piece": I, "piece_x": 3, "piece_y": 5, "board": board}
    result = play(HARD, Move.DOWN, **fields)
    assert (result.piece_y, result.just_locked) == (6, True)


def test_correction_2_a_normal_fall_does_not_pass_through_blocks():
    board = blocks((8, slice(4, 9)))
    fields = {"piece": I, "piece_x": 0, "piece_y": 6, "board": board}
    result = play(HARD, Move.RIGHT, **fields)
    assert (result.piece_x, result.piece_y, result.just_locked) == (1, 6, True)


@every_level
@pytest.mark.parametrize(("score", "rows"), [(9, 4), (9, 2), (8, 4), (7, 4), (6, 4)])
def test_correction_3_rows_beyond_the_tenth_do_not_count(env_id, score, rows):
    board = board_of(*["##########"] * rows)
    result = place(env_id, board=board, score=score)
    assert result.score == 10
    assert result.reward == np.float32((10 - score) / 10)
    assert result.terminated


@every_level
def test_correction_4_the_step_limit_truncates_only(env_id):
    last = play(env_id, Move.FIRE, time=LIMIT - 1)
    assert (last.terminated, last.truncated, last.reward) == (False, True, 0)
    assert not play(env_id, Move.FIRE, time=LIMIT - 2).truncated


@every_level
def test_correction_5_topping_out_costs_one_in_the_last_step_too(env_id):
    board = blocks((1, [4, 5]), (2, [4, 5]))
    last = place(env_id, board=board, time=LIMIT - 1)
    assert (last.terminated, last.truncated, last.reward) == (True, True, -1)
