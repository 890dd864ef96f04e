"""Tetris against its rule page. Numbers are those of the page, not of the code."""

import functools
import itertools
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jax_core.game import Move
from tests.games import kit
from tests.players import rollout
from tests.players import tetris as player

LEVELS = {
    "TetrisEasy": SimpleNamespace(preview=3, fall=1, soft=2),
    "TetrisMedium": SimpleNamespace(preview=2, fall=1, soft=2),
    "TetrisHard": SimpleNamespace(preview=1, fall=2, soft=3),
}
EASY, HARD = "TetrisEasy", "TetrisHard"
I, O, T, S, Z, J, L = range(7)  # noqa: E741  # the names of the pieces
LIMIT = 3000

# Cells "row column" of rotations 0 to 3, as on the rule page.
CELLS = {
    I: ("10 11 12 13", "02 12 22 32", "20 21 22 23", "01 11 21 31"),
    O: ("11 12 21 22",) * 4,
    T: ("11 20 21 22", "11 21 22 31", "20 21 22 31", "11 20 21 31"),
    S: ("11 12 20 21", "11 21 22 32", "21 22 30 31", "10 20 21 31"),
    Z: ("10 11 21 22", "12 21 22 31", "20 21 31 32", "11 20 21 30"),
    J: ("10 20 21 22", "11 12 21 31", "20 21 22 32", "11 21 30 31"),
    L: ("12 20 21 22", "11 21 31 32", "20 21 22 30", "10 11 21 31"),
}

HALL, BOARD, SIDE = (5, 14, 80, 100), (20, 10), (93, 19, 32)  # units; cells; units

every_level = pytest.mark.parametrize("env_id", LEVELS)


def cells(piece, rotation, x, y):
    """Board cells of a piece, also outside the board."""
    pairs = CELLS[piece][rotation].split()
    return [(y + int(pair[0]), x + int(pair[1])) for pair in pairs]


def is_free(board, *placement):
    return all(
        0 <= row < 20 and 0 <= col < 10 and board[row, col] == 0
        for row, col in cells(*placement)
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
    init = jax.jit(jax.vmap(kit.make(EASY)[0].init))
    bags = np.asarray(init(jax.random.split(jax.random.key(0), 50_400)).bag)
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


@functools.cache
def good_episodes(env_id):
    """Episodes of the scripted player; none needs as many steps as are kept."""
    return jax.tree.map(np.asarray, _play(env_id, player.plan, 8))


def _play(env_id, plan, count, steps=320):
    env, params = kit.make(env_id)

    def run(key):
        keys = rollout.episode_keys(key, steps)
        return rollout.follow(env, params, keys, plan(env, params, keys))

    return jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), count))


@every_level
def test_correction_1_pieces_come_in_bags_of_seven(env_id):
    """Every group of seven pieces of an episode is a permutation."""
    episodes = good_episodes(env_id)
    is_rest = episodes.states.just_locked & episodes.alive
    for pieces, came_to_rest in zip(episodes.states.piece, is_rest, strict=True):
        stream = pieces[came_to_rest]
        groups = stream[: len(stream) // 7 * 7].reshape(-1, 7)
        assert len(groups) >= 3
        assert np.all(np.sort(groups, axis=1) == np.arange(7))


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


def reference_step(rules, state, action):
    """One step by the letter of the rule page, without the draw of a piece."""
    board, piece, rotation = state["board"].copy(), state["piece"], state["rotation"]
    x, y, score, reward = state["piece_x"], state["piece_y"], state["score"], 0.0
    placed, topped_out = state["just_locked"], False
    if placed:
        kept = [row for row in board if not row.all()]
        num_complete = 20 - len(kept)
        board = np.concatenate([np.zeros((num_complete, 10), np.int8), kept])
        gain = min(score + num_complete, 10) - score
        score, reward = score + gain, 0.1 * gain
        piece, rotation, x, y = int(state["next_pieces"][0]), 0, 3, 0
        topped_out = not is_free(board, piece, rotation, x, y)
    is_fresh = placed or state["time"] == 0
    moved = {
        Move.UP: ((rotation + 1) % 4, x),
        Move.LEFT: (rotation, x - 1),
        Move.RIGHT: (rotation, x + 1),
    }.get(action, (rotation, x))
    if is_free(board, piece, *moved, y):
        rotation, x = moved
    distance = rules.fall
    if action == Move.DOWN:
        distance = 1 if is_fresh else rules.soft
    for drop in (distance, 1):
        if all(is_free(board, piece, rotation, x, y + k + 1) for k in range(drop)):
            y += drop
            break
    locks = not is_free(board, piece, rotation, x, y + 1)
    if locks:
        for row, col in cells(piece, rotation, x, y):
            board[row, col] = piece + 1
    wins = score >= 10
    after = {
        "board": board,
        "piece": piece,
        "rotation": rotation,
        "piece_x": x,
        "piece_y": y,
        "just_locked": locks,
        "score": score,
    }
    loss = 1.0 if topped_out and not wins else 0.0
    return after, reward - loss, wins or topped_out


def random_piles(env_id, lanes, seed):
    """States with jagged piles, holes, complete rows and pieces close to them."""
    random = np.random.default_rng(seed)
    states = kit.fresh(env_id, lanes, seed=seed)
    density = random.choice(
        [0.0, 0.3, 0.7, 1.0], (lanes, 20, 1), p=[0.3, 0.2, 0.3, 0.2]
    )
    heights = random.integers(0, 20, (lanes, 1, 1))
    is_pile = np.arange(20)[None, :, None] >= 20 - heights
    filled = (random.random((lanes, 20, 10)) < density) & is_pile
    boards = filled * random.integers(1, 8, filled.shape)
    piece, rotation = random.integers(0, [[7], [4]], (2, lanes))
    places = np.zeros((2, lanes), int)
    for lane in range(lanes):
        free = [
            (x, y)
            for x in range(-2, 9)
            for y in range(19)
            if is_free(boards[lane], piece[lane], rotation[lane], x, y)
        ]
        if not free:
            boards[lane] = 0
            free = [(3, 5)]
        places[:, lane] = free[random.integers(len(free))]
    return kit.put(
        states,
        board=boards,
        piece=piece,
        rotation=rotation,
        piece_x=places[0],
        piece_y=places[1],
        time=random.choice([0, 7, 2999], lanes),
        score=random.integers(0, 10, lanes),
        just_locked=random.random(lanes) < 0.4,
    )


@every_level
@pytest.mark.parametrize("action", list(Move))
def test_random_positions_step_by_the_letter_of_the_rules(env_id, action):
    states = random_piles(env_id, 192, seed=int(action))
    result = kit.step(env_id, states, action)
    for lane in range(192):
        before = jax.tree.map(lambda leaf, k=lane: leaf[k], states)
        fields = vars(before)
        scalars = {k: v.item() for k, v in fields.items() if v.ndim == 0}
        after, reward, terminated = reference_step(
            LEVELS[env_id], fields | scalars, action
        )
        assert result.reward[lane] == pytest.approx(reward, abs=1e-6)
        assert result.terminated[lane] == terminated
        assert result.state.score[lane] == after.pop("score")
        for name, want in after.items():
            if not terminated:
                np.testing.assert_array_equal(getattr(result.state, name)[lane], want)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.sampled_from(list(Move)), min_size=1, max_size=60),
)
def test_blocks_are_conserved_and_pieces_stay_on_free_cells(seed, actions):
    states = kit.fresh(HARD, 1, seed=seed)
    for action in actions:
        result = kit.step(HARD, states, action, seed=seed)
        after = jax.tree.map(lambda leaf: leaf[0], result.state)
        num_before = (states.board > 0).sum()
        num_after = (after.board > 0).sum()
        rows = after.score - states.score[0]
        assert num_after == num_before - 10 * rows + 4 * after.just_locked
        if result.terminated[0]:
            break
        placement = (after.piece, after.rotation, after.piece_x, after.piece_y)
        lies_in_pile = after.just_locked.item()
        assert is_free(after.board, *map(int, placement)) != lies_in_pile
        states = result.state


def played(env_id):
    """A thousand states of good and of random play."""
    episodes = good_episodes(env_id)
    chosen = np.random.default_rng(0).permutation(np.flatnonzero(episodes.alive))[:640]
    good = jax.tree.map(
        lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[chosen], episodes.states
    )
    random = kit.reachable(env_id, stay, count=384, lanes=16, chance=1.0)
    return kit.stack([good, random])


def stay(state, params):
    del state, params  # blind
    return Move.FIRE


def hidden_changed(states, seed=2):
    """Another pile with the same complete rows, another bag and time."""
    random = np.random.default_rng(seed)
    lanes = len(states.time)
    is_complete = np.all(states.board > 0, axis=2, keepdims=True)
    others = random.integers(0, 8, states.board.shape)
    others[:, :, 0] = 0  # not complete by chance
    blocks = random.integers(1, 8, states.board.shape)
    return kit.put(
        states,
        board=np.where(is_complete, blocks, others),
        bag=np.argsort(random.random((lanes, 7)), axis=1),
        bag_index=random.integers(1, 8, lanes),
        time=random.integers(1, LIMIT, lanes),
        just_locked=random.random(lanes) < 0.5,
        rotation=np.where(
            states.piece == O, random.integers(0, 4, lanes), states.rotation
        ),
    )


def with_complete_rows(states, seed=3):
    random = np.random.default_rng(seed)
    board = states.board.copy()
    is_chosen = random.random(board.shape[:2]) < 0.1
    board[is_chosen] = random.integers(1, 8, (is_chosen.sum(), 10))
    return kit.put(states, board=board)


@every_level
def test_partial_view_does_not_depend_on_what_it_hides(env_id):
    for states in (played(env_id), kit.fresh(env_id, 64)):
        assert kit.look_equal(env_id, states, hidden_changed(states))
        others = with_complete_rows(states)
        assert kit.look_equal(env_id, others, hidden_changed(others))


@every_level
def test_full_view_does_not_depend_on_bag_and_time(env_id):
    states = played(env_id)
    changed = hidden_changed(states)
    changed = kit.put(changed, board=states.board)
    assert kit.look_equal(env_id, states, changed, partial=False)


def test_turns_that_cover_the_same_cells_look_alike():
    """The rule page: O in all rotations, I, S, Z in 0/2 and 1/3, boxes shifted."""
    pairs = []
    for piece, turns in (
        (I, (0, 2)),
        (I, (1, 3)),
        (S, (0, 2)),
        (S, (1, 3)),
        (Z, (0, 2)),
    ):
        one = cells(piece, turns[0], 3, 9)
        for x, y in itertools.product(range(1, 6), range(7, 12)):
            if sorted(cells(piece, turns[1], x, y)) == sorted(one):
                pairs.append((piece, turns, x, y))
    assert len(pairs) == 5
    for piece, turns, x, y in pairs:
        one = kit.state(EASY, piece=piece, rotation=turns[0], piece_x=3, piece_y=9)
        two = kit.state(EASY, piece=piece, rotation=turns[1], piece_x=x, piece_y=y)
        two = kit.put(two, next_pieces=one.next_pieces)
        assert kit.look_equal(EASY, one, two, partial=True)


EMPTY, PLAIN, FALLING, COMPLETE = 0, 0, 1, 2


def looks(env_id, size, *, partial):
    """Tables of the cells: (color, mark) on the board, and colors of the preview."""
    preview = LEVELS[env_id].preview
    pieces = np.arange(7)
    board = np.zeros((7, 20, 10), np.int8)
    board[:, 15, 1:] = board[:, 18] = pieces[:, None] + 1
    states = kit.put(
        kit.fresh(env_id, 7),
        board=board,
        piece=pieces,
        rotation=np.zeros(7),
        piece_x=np.full(7, 3),
        piece_y=np.full(7, 4),
        next_pieces=np.repeat(pieces[:, None], preview, axis=1),
    )
    pictures = kit.frames(env_id, states, partial=partial, size=size)
    hall = kit.cut(pictures, HALL, *BOARD)
    side = kit.cut(pictures, (*SIDE, 20 * preview), 4 * preview, 4)
    on_board = [((EMPTY, PLAIN), cell) for cell in hall[:, 0, 0]]
    in_preview = [(EMPTY, cell) for cell in side[:, 0, 0]]
    for piece in pieces:
        row, col = cells(piece, 0, 3, 4)[0]
        on_board += [((piece + 1, FALLING), hall[piece, row, col])]
        row, col = cells(piece, 0, 0, 0)[0]
        in_preview += [(piece + 1, side[piece, row, col])]
        color = EMPTY if partial else piece + 1
        on_board += [((color, PLAIN), hall[piece, 15, 5])]
        on_board += [((color, COMPLETE), hall[piece, 18, 5])]
    return SimpleNamespace(board=kit.table(on_board), side=kit.table(in_preview))


def falling_cells(states):
    marked = np.zeros((len(states.time), 20, 10), bool)
    for lane, mask in enumerate(marked):
        placement = (states.piece, states.rotation, states.piece_x, states.piece_y)
        for row, col in cells(*(int(field[lane]) for field in placement)):
            mask[row, col] = True
    return marked


def assert_read(env_id, states, pictures, tables):
    """Reads what both views show; gives colors, the piece's cells, complete rows."""
    preview = LEVELS[env_id].preview
    seen = kit.read(kit.cut(pictures, HALL, *BOARD), tables.board)
    colors, marks = seen[..., 0], seen[..., 1]
    is_falling = marks == FALLING
    np.testing.assert_array_equal(is_falling, falling_cells(states))
    pieces = np.max(np.where(is_falling, colors, 0), axis=(1, 2)) - 1
    np.testing.assert_array_equal(pieces, states.piece)
    is_complete = np.any(marks == COMPLETE, axis=2)
    np.testing.assert_array_equal(is_complete, np.all(states.board > 0, axis=2))
    boxes = kit.cut(pictures, (*SIDE, 20 * preview), 4 * preview, 4)
    side = kit.read(boxes, tables.side).reshape(-1, preview, 16)
    np.testing.assert_array_equal(side.max(axis=2) - 1, states.next_pieces)
    scores = kit.read_scores(env_id, pictures, 10)
    np.testing.assert_array_equal(scores, states.score)
    return colors, is_falling


def rests(pile, is_falling):
    """Whether the cells of the piece touch the floor or the pile."""
    below = np.pad(pile > 0, ((0, 0), (0, 1), (0, 0)), constant_values=True)[:, 1:]
    return np.any(is_falling & below, axis=(1, 2))


@pytest.mark.parametrize(
    ("env_id", "size"), [*((env_id, 128) for env_id in LEVELS), (EASY, 256)]
)
def test_every_visible_field_is_read_from_the_full_view(env_id, size):
    states = played(env_id)
    pictures = kit.frames(env_id, states, size=size)
    tables = looks(env_id, size, partial=False)
    colors, is_falling = assert_read(env_id, states, pictures, tables)
    pile = np.where(is_falling, 0, colors)
    locked = rests(pile, is_falling)
    np.testing.assert_array_equal(locked, states.just_locked)
    board = np.where(is_falling & ~locked[:, None, None], 0, colors)
    np.testing.assert_array_equal(board, states.board)
    assert np.any(np.all(states.board > 0, axis=2))


@pytest.mark.parametrize("size", [128, 256])
def test_visible_fields_are_read_from_the_partial_view(size):
    states = played(HARD)
    pictures = kit.frames(HARD, states, partial=True, size=size)
    tables = looks(HARD, size, partial=True)
    colors, is_falling = assert_read(HARD, states, pictures, tables)
    assert not np.any(colors[~is_falling])


@pytest.mark.parametrize("size", [64, 84])
def test_small_frames_still_tell_all_pieces_and_piles_apart(size):
    lanes = np.arange(14)
    board = np.zeros((14, 20, 10), np.int8)
    board[:, 19, 4] = np.where(lanes < 7, lanes + 1, 0)
    states = kit.put(
        kit.fresh(EASY, 14),
        board=board,
        piece=np.maximum(lanes - 7, 0),
        rotation=np.zeros(14),
        piece_y=np.full(14, 5),
        next_pieces=np.zeros((14, 3)),
    )
    pictures = kit.frames(EASY, states, size=size)
    assert len({picture.tobytes() for picture in pictures}) == 14


@every_level
def test_a_good_player_completes_ten_rows_in_every_episode(env_id):
    assert_perfect(good_episodes(env_id))


@pytest.mark.slow
@every_level
def test_a_good_player_completes_ten_rows_in_a_thousand_episodes(env_id):
    assert_perfect(_play(env_id, player.plan, 1000, steps=500))


def assert_perfect(episodes):
    np.testing.assert_allclose(episodes.total, 1.0, atol=1e-5)
    assert np.all(np.any(episodes.terminated, axis=1))
    assert np.min(episodes.length) > 100


@functools.cache
def blind_episodes(env_id):
    """Returns of episodes: 480 of random moves, 32 of soft drops."""
    env, params = kit.make(env_id)
    actions = np.random.default_rng(0).integers(0, 5, (512, 320), np.int32)
    actions[480:] = Move.DOWN

    def run(key, actions):
        keys = rollout.episode_keys(key, 320)
        played = rollout.follow(env, params, keys, actions)
        return played.total, played.terminated.any()

    keys = jax.random.split(jax.random.key(0), 512)
    total, terminated = jax.tree.map(np.asarray, jax.jit(jax.vmap(run))(keys, actions))
    assert terminated.all()
    return total[:480], total[480:]


@every_level
def test_random_play_earns_what_the_rule_page_says(env_id):
    total, _ = blind_episodes(env_id)
    assert kit.agrees_with_table(total, -1.0, 0.002)


@every_level
def test_no_return_leaves_its_bounds(env_id):
    random, dropping = blind_episodes(env_id)
    assert random.min() >= -1 - 1e-5
    assert np.all(dropping == -1)
    assert good_episodes(env_id).total.max() <= 1 + 1e-5
