"""What the pictures of Breakout show and hide, against its rule page."""

import numpy as np
import pytest

from tests.games import kit
from tests.games.breakout_kit import (
    DOWN_RIGHT,
    LEVELS,
    LIMIT,
    UP_RIGHT,
    every_level,
    played,
    wall,
)

# The field has 20 rows of 5 units and 10 columns of 10 units.
BALL, DOT, BRICK, PADDLE = 1, 2, 4, 8  # a cell shows a sum of these
HAS_BRICKS = range(1, 7)


def looks_by_row(env_id):
    """Looks of the cell in column 4, by row: names and states that show them."""
    base = kit.put(kit.fresh(env_id, 1), time=np.array([5]))
    tables = []
    for row in range(19):
        names = list(range(8 if row in HAS_BRICKS else 4))
        if row == 1:  # a red dot on a red brick; no play is known that leads to it
            names.remove(DOT + BRICK)
        states = [kit.put(base, **one(shown_in(row, name))) for name in names]
        tables.append((names, states))
    paddles = [kit.put(base, **one({"paddle_x": x})) for x in (5, 3)]
    return [*tables, ((0, PADDLE), paddles)]


def shown_in(row, name):
    """Fields such that column 4 of a row shows what the name says."""
    elsewhere = 8 if row == 18 else 18
    ball_y = row if name & BALL else elsewhere
    last_ball_y = row if name & DOT else elsewhere
    return {
        "ball_x": 4,
        "ball_y": ball_y,
        "last_ball_x": 4,
        "last_ball_y": last_ball_y,
        "bricks": wall((row, 4)) if name & BRICK else wall(),
        "paddle_x": 0,
    }


def one(fields):
    return {name: np.asarray(value)[None] for name, value in fields.items()}


def decode(env_id, pictures):
    """Names of all cells and the score, from pictures alone."""
    size = pictures.shape[1]
    named = np.empty((len(pictures), 20, 10), int)
    cells = kit.cut(pictures, kit.WIDE_FIELD, 20, 10)
    tables = looks_by_row(env_id)
    everything = [state for _, states in tables for state in states]
    drawn = kit.frames(env_id, kit.stack(everything), size=size)
    samples = iter(kit.cut(drawn, kit.WIDE_FIELD, 20, 10))
    for row, (names, _) in enumerate(tables):
        table = kit.table([(name, next(samples)[row, 4]) for name in names])
        named[:, row] = kit.read(cells[:, row : row + 1], table)[:, 0]
    return named, kit.read_scores(env_id, pictures, 60)


def expected_cells(states, width, *, partial):
    """What the rule page says is drawn."""
    lanes = np.arange(len(states.time))
    cells = np.zeros((len(lanes), 20, 10), int)
    cells[:, 1:7][states.bricks] = BRICK
    shown = np.flatnonzero((states.ball_dir <= UP_RIGHT) | (not partial))
    cells[shown, states.ball_y[shown], states.ball_x[shown]] += BALL
    if not partial:
        cells[lanes, states.last_ball_y, states.last_ball_x] += DOT
    col = np.arange(10)[None]
    paddle = states.paddle_x[:, None]
    cells[:, 19][(col >= paddle) & (col < paddle + width)] = PADDLE
    return cells


@every_level
@kit.both_sizes
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    """Bricks, paddle, ball, last ball cell and score, exactly."""
    states = played(env_id)
    named, score = decode(env_id, kit.frames(env_id, states, size=size))
    width = LEVELS[env_id].width
    assert np.array_equal(named, expected_cells(states, width, partial=False))
    assert np.array_equal(score, states.score)


@pytest.mark.quick
@every_level
def test_partial_view_shows_the_ball_only_while_it_rises_and_never_the_dot(env_id):
    states = played(env_id)
    named, score = decode(env_id, kit.frames(env_id, states, partial=True))
    width = LEVELS[env_id].width
    assert np.array_equal(named, expected_cells(states, width, partial=True))
    assert np.array_equal(score, states.score)


@every_level
@pytest.mark.parametrize("partial", [False, True])
def test_views_hide_what_the_rule_page_hides(env_id, partial):
    states = played(env_id)
    count = len(states.time)
    rng = np.random.default_rng(0)
    fields = {
        "strike": rng.random(count) < 0.5,
        "time": rng.integers(0, LIMIT, count),
    }
    if partial:
        falling = np.asarray(states.ball_dir) >= DOWN_RIGHT
        side = rng.integers(0, 2, count)
        fields |= {
            "ball_dir": np.where(falling, 2 + side, side),
            "ball_x": np.where(falling, rng.integers(0, 10, count), states.ball_x),
            "ball_y": np.where(falling, rng.integers(0, 20, count), states.ball_y),
            "last_ball_x": rng.integers(0, 10, count),
            "last_ball_y": rng.integers(0, 20, count),
        }
    assert kit.look_equal(env_id, states, kit.put(states, **fields), partial=partial)


@every_level
def test_the_dot_lies_over_the_ball_and_the_brick(env_id):
    """A ball that passes through bricks is still seen, and so is its dot."""
    base = kit.fresh(env_id, 4)
    states = kit.put(
        base,
        ball_x=np.array([4, 4, 2, 2]),
        ball_y=np.array([3, 3, 9, 9]),
        last_ball_x=np.array([4, 2, 4, 2]),
        last_ball_y=np.array([3, 9, 3, 9]),
        ball_dir=np.full(4, UP_RIGHT),
    )
    cells = kit.cut(kit.frames(env_id, states), kit.WIDE_FIELD, 20, 10)[:, 3, 4]
    assert len({cell.tobytes() for cell in cells}) == 4
