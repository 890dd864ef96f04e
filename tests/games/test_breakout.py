"""Breakout against its rule page. Numbers are those of the page, not of the code."""

import numpy as np
import pytest

from jax_core.game import Move
from tests.games import kit
from tests.games.breakout_kit import (
    DOWN_LEFT,
    DOWN_RIGHT,
    LEVELS,
    LIMIT,
    UP_LEFT,
    UP_RIGHT,
    every_level,
    played,
    wall,
)
from tests.players import breakout as player
from tests.players import rollout

FULL_WALL = np.ones((6, 10), bool)
ROW_REWARDS = np.array([0.015, 0.013, 0.011, 0.009, 0.007, 0.005]) * 5 / 3


def fly(env_id, x, y, direction, action=Move.UP, **fields):
    """One step of a ball in (row y, column x); one brick is left, far from it."""
    ball = {"ball_x": x, "ball_y": y, "ball_dir": direction}
    last = {"last_ball_x": 3, "last_ball_y": 3}
    defaults = {"time": 5, "paddle_x": 0, "bricks": wall((6, 0)), **last}
    return kit.one_step(env_id, action, **(defaults | ball | fields))


def flight(after):
    return int(after.ball_x), int(after.ball_y), int(after.ball_dir)


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert params.paddle_width == rules.width
    assert params.max_steps == LIMIT


@every_level
@pytest.mark.parametrize(
    ("direction", "x", "y"),
    [(UP_LEFT, 4, 9), (UP_RIGHT, 6, 9), (DOWN_RIGHT, 6, 11), (DOWN_LEFT, 4, 11)],
)
def test_a_free_ball_moves_diagonally(env_id, direction, x, y):
    after = fly(env_id, 5, 10, direction, strike=True)
    assert flight(after) == (x, y, direction)
    assert (after.last_ball_x, after.last_ball_y) == (5, 10)
    assert not after.strike
    assert after.reward == 0
    assert after.time == 6
    assert not after.terminated


@every_level
@pytest.mark.parametrize(
    ("x", "direction", "y", "mirrored"),
    [
        (0, UP_LEFT, 9, UP_RIGHT),
        (9, UP_RIGHT, 9, UP_LEFT),
        (9, DOWN_RIGHT, 11, DOWN_LEFT),
        (0, DOWN_LEFT, 11, DOWN_RIGHT),
    ],
)
def test_a_side_wall_mirrors_the_ball_and_keeps_it_in_its_column(
    env_id, x, direction, y, mirrored
):
    assert flight(fly(env_id, x, 10, direction)) == (x, y, mirrored)


@every_level
@pytest.mark.parametrize(
    ("x", "direction", "next_x", "mirrored"),
    [
        (5, UP_LEFT, 4, DOWN_LEFT),
        (5, UP_RIGHT, 6, DOWN_RIGHT),
        (0, UP_LEFT, 0, DOWN_RIGHT),
        (9, UP_RIGHT, 9, DOWN_LEFT),
    ],
)
def test_the_ceiling_mirrors_the_ball_and_keeps_it_in_its_row(
    env_id, x, direction, next_x, mirrored
):
    after = fly(env_id, x, 0, direction)
    assert flight(after) == (next_x, 0, mirrored)
    assert not after.strike


@pytest.mark.parametrize("row", range(1, 7))
def test_a_brick_pays_by_its_row_and_vanishes(row):
    bricks = wall((row, 4), (row, 5), (6, 0))
    after = fly("BreakoutEasy", 5, row + 1, UP_LEFT, bricks=bricks, score=7)
    assert after.reward == np.float32(ROW_REWARDS[row - 1])
    assert after.score == 8
    assert np.array_equal(after.bricks, wall((row, 5), (6, 0)))
    assert flight(after) == (4, row + 1, DOWN_LEFT)
    assert after.strike


@every_level
def test_a_brick_is_met_from_above_too(env_id):
    after = fly(env_id, 5, 2, DOWN_RIGHT, bricks=wall((3, 6), (6, 0)))
    assert flight(after) == (6, 2, UP_RIGHT)
    assert after.reward == np.float32(ROW_REWARDS[2])


@every_level
def test_a_brick_beside_a_wall_turns_the_ball_round(env_id):
    after = fly(env_id, 0, 5, UP_LEFT, bricks=wall((4, 0), (6, 5)))
    assert flight(after) == (0, 5, DOWN_RIGHT)
    assert after.reward == np.float32(ROW_REWARDS[3])


@pytest.mark.quick
@every_level
def test_a_second_brick_in_a_row_vanishes_without_pay_or_bounce(env_id):
    bricks = wall((4, 4), (6, 0))
    after = fly(env_id, 5, 5, UP_LEFT, bricks=bricks, strike=True, score=7)
    assert after.reward == 0
    assert after.score == 7
    assert np.array_equal(after.bricks, wall((6, 0)))
    assert flight(after) == (4, 4, UP_LEFT)
    assert after.strike


@every_level
def test_the_last_brick_ends_the_episode_with_its_reward(env_id):
    after = fly(env_id, 5, 2, UP_LEFT, bricks=wall((1, 4)), score=59)
    assert after.terminated
    assert after.reward == np.float32(0.025)
    assert after.score == 60
    unpaid = fly(env_id, 5, 2, UP_LEFT, bricks=wall((1, 4)), strike=True)
    assert unpaid.terminated
    assert unpaid.reward == 0


@every_level
@pytest.mark.parametrize(("direction", "shift"), [(DOWN_RIGHT, 1), (DOWN_LEFT, -1)])
def test_the_paddle_meets_the_ball_by_its_old_column_or_else_by_its_new_one(
    env_id, direction, shift
):
    """All positions of the paddle against a ball in column 5 of the last free row."""
    width = LEVELS[env_id].width
    for paddle in range(11 - width):
        after = fly(env_id, 5, 18, direction, paddle_x=paddle, bricks=FULL_WALL)
        if paddle <= 5 < paddle + width:
            mirrored = UP_RIGHT if direction == DOWN_RIGHT else UP_LEFT
            assert flight(after) == (5 + shift, 18, mirrored)
        elif paddle <= 5 + shift < paddle + width:
            reversed_ = UP_LEFT if direction == DOWN_RIGHT else UP_RIGHT
            assert flight(after) == (5 + shift, 18, reversed_)
        else:
            assert after.terminated
            assert after.reward == -1
            continue
        assert not after.terminated
        assert after.reward == 0
        assert not after.strike


@every_level
def test_the_paddle_moves_before_the_ball_is_judged(env_id):
    width = LEVELS[env_id].width
    ball = (width, 18, DOWN_RIGHT)  # one column right of a paddle at the left wall
    assert fly(env_id, *ball, action=Move.UP, paddle_x=0).terminated
    caught = fly(env_id, *ball, action=Move.RIGHT, paddle_x=0)
    assert flight(caught) == (width + 1, 18, UP_RIGHT)
    left_alone = fly(env_id, width, 18, DOWN_RIGHT, action=Move.LEFT, paddle_x=1)
    assert left_alone.terminated
    ball = (width + 1, 18, DOWN_LEFT)  # for the edge, only the new column counts
    assert fly(env_id, *ball, action=Move.UP, paddle_x=0).terminated
    caught = fly(env_id, *ball, action=Move.RIGHT, paddle_x=0)
    assert flight(caught) == (width, 18, UP_RIGHT)


@every_level
def test_the_ball_at_a_wall_is_judged_by_its_clamped_column(env_id):
    """In column 9 the ball turns at the wall and at the paddle in one step."""
    paddle_x = 10 - LEVELS[env_id].width
    after = fly(env_id, 9, 18, DOWN_RIGHT, paddle_x=paddle_x)
    assert flight(after) == (9, 18, UP_LEFT)


@every_level
@pytest.mark.parametrize("left", [1, 2, 30, 60])
def test_losing_the_ball_costs_the_bricks_that_are_left(env_id, left):
    bricks = (np.arange(60) < left).reshape(6, 10)
    after = fly(env_id, 9, 18, DOWN_LEFT, bricks=bricks)
    assert after.terminated
    assert after.reward == np.float32(-left / 60)
    assert after.score == 0


@every_level
def test_paddle_moves_one_column_and_stays_between_the_walls(env_id):
    stop = 10 - LEVELS[env_id].width
    for paddle in range(stop + 1):
        for action, shift in enumerate((0, 0, -1, 1, 0)):
            after = fly(env_id, 5, 10, UP_LEFT, action=action, paddle_x=paddle)
            assert after.paddle_x == min(max(paddle + shift, 0), stop)


@every_level
def test_episodes_start_at_either_wall_with_equal_chance(env_id):
    states = kit.fresh(env_id, 20000)
    right = np.asarray(states.ball_x) == 9
    assert kit.is_uniform([right.sum(), (~right).sum()])
    assert np.array_equal(states.ball_x, np.where(right, 9, 0))
    assert np.array_equal(states.ball_dir, np.where(right, UP_RIGHT, UP_LEFT))
    assert np.array_equal(states.last_ball_x, states.ball_x)
    assert (np.asarray(states.ball_y) == 13).all()
    assert (np.asarray(states.last_ball_y) == 13).all()
    assert states.bricks.all()
    for name in ("time", "score", "strike"):
        assert not getattr(states, name).any()


@every_level
def test_correction_1_the_paddle_starts_inside_its_range(env_id):
    assert (kit.fresh(env_id, 64).paddle_x == LEVELS[env_id].start).all()


@every_level
def test_correction_2_the_step_limit_does_not_terminate(env_id):
    late = {"time": LIMIT - 1}
    after = fly(env_id, 5, 10, UP_LEFT, **late)
    assert after.truncated
    assert not after.terminated
    assert after.reward == 0
    assert not fly(env_id, 5, 10, UP_LEFT, time=LIMIT - 2).truncated
    lost = fly(env_id, 9, 18, DOWN_LEFT, **late)
    assert lost.truncated
    assert lost.terminated
    assert lost.reward == np.float32(-1 / 60)


@every_level
def test_random_play_keeps_the_books(env_id):
    before = played(env_id)
    actions = np.random.default_rng(0).integers(0, 5, len(before.time))
    result = kit.step(env_id, before, actions)
    after, went_on = result.state, ~np.asarray(result.terminated)
    assert (after.bricks <= before.bricks).all()
    assert np.array_equal(after.last_ball_x, before.ball_x)
    assert np.array_equal(after.last_ball_y, before.ball_y)
    assert (after.ball_x >= 0).all()
    assert (after.ball_x <= 9).all()
    assert (after.ball_y[went_on] >= 0).all()
    assert (after.ball_y[went_on] <= 18).all()
    lost_bricks = before.bricks & ~after.bricks
    paid = after.score - before.score
    assert np.array_equal(lost_bricks.sum(axis=(1, 2)) == 1, after.strike)
    assert (paid <= after.strike).all()
    expected = (lost_bricks * ROW_REWARDS[:, None]).sum(axis=(1, 2)) * paid
    fine = after.bricks.sum(axis=(1, 2)) / 60
    expected -= np.where(went_on | (fine == 0), 0, fine)
    np.testing.assert_allclose(result.reward, expected, atol=1e-6)


# Players.

SOLVER = rollout.closed_loop(player.act)
ADVERSARY = rollout.closed_loop(player.flee)


@every_level
def test_a_paddle_under_the_ball_clears_the_board_in_1718_steps(env_id):
    summary = kit.episodes(env_id, SOLVER, 16)
    np.testing.assert_allclose(summary.total, 1, atol=1e-5)
    assert (summary.length == 1718).all()
    assert summary.terminated.all()
    assert not summary.truncated.any()


def test_both_starts_are_among_the_cleared_ones():
    assert len(set(kit.fresh("BreakoutEasy", 16).ball_x.tolist())) == 2


@every_level
def test_losing_the_ball_at_once_stays_within_the_bounds(env_id):
    worst = kit.episodes(env_id, ADVERSARY, 16).total
    assert worst.min() >= -1 - 1e-5
    assert worst.max() < -0.9


@pytest.mark.slow
@every_level
def test_random_play_agrees_with_the_table(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(
        env_id, rules.random, rules.deviation, worst=-1, count=128
    )
