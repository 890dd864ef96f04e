"""What the pictures of Tetris show and hide, against its rule page."""

import itertools
from types import SimpleNamespace

import jax
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
    O,
    S,
    Z,
    cells,
    every_level,
    good_episodes,
)

HALL, BOARD, SIDE = (5, 14, 80, 100), (20, 10), (93, 19, 32)  # units; cells; units


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
    ("env_id", "size"), [*((env_id, 128) for env_id in LEVELS), kit.larger(EASY)]
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


@kit.both_sizes
@pytest.mark.parametrize("env_id", [EASY, HARD])
def test_visible_fields_are_read_from_the_partial_view(env_id, size):
    states = played(env_id)
    pictures = kit.frames(env_id, states, partial=True, size=size)
    tables = looks(env_id, size, partial=True)
    colors, is_falling = assert_read(env_id, states, pictures, tables)
    assert not np.any(colors[~is_falling])


@pytest.mark.quick
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
