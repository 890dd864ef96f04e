"""Skittles against its rule page. Numbers are those of the page, not of the code."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jax_core.game import Move
from tests.games import kit
from tests.games.skittles_kit import LEVELS, LIMIT, blocks, busy, every_level
from tests.players import rollout
from tests.players import skittles as player

STEP = np.float32(1 / 100)


def last(env_id):
    return LEVELS[env_id].first + LEVELS[env_id].width - 1


def move(env_id, action, enemies, **fields):
    """One step from column 5, which is inside the lane at all levels."""
    defaults = {"time": 20, "score": 20, "agent_x": 5, "enemies": enemies}
    return kit.one_step(env_id, action, **(defaults | fields))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.lane_start, params.lane_width) == (rules.first, rules.width)
    assert params.max_steps == LIMIT


@every_level
def test_player_moves_one_column_and_stays_in_the_lane(env_id):
    first, end = LEVELS[env_id].first, last(env_id)
    for col in range(first, end + 1):
        for action, shift in enumerate((0, 0, -1, 1, 0)):
            after = move(env_id, action, blocks(), agent_x=col)
            assert after.agent_x == min(max(col + shift, first), end)
            assert not after.terminated


@every_level
def test_every_step_pays_one_hundredth_the_last_one_included(env_id):
    safe, deadly = blocks(), blocks((8, 5))
    for enemies in (safe, deadly):
        after = move(env_id, Move.UP, enemies)
        assert after.reward == STEP
        assert (after.score, after.time) == (21, 21)
    assert move(env_id, Move.UP, safe, time=LIMIT - 1).reward == STEP


@pytest.mark.quick
@every_level
def test_rows_fall_by_one_and_one_block_enters_the_lane(env_id):
    states = busy(env_id, 256)
    after = kit.step(env_id, states, Move.UP).state
    assert np.array_equal(after.enemies[:, 1:], states.enemies[:, :-1])
    assert (after.enemies[:, 0].sum(axis=1) == 1).all()
    col = after.enemies[:, 0].argmax(axis=1)
    assert (col >= LEVELS[env_id].first).all()
    assert (col <= last(env_id)).all()


@every_level
@pytest.mark.parametrize(
    ("action", "col"), [(Move.UP, 5), (Move.LEFT, 4), (Move.RIGHT, 6), (Move.FIRE, 5)]
)
@pytest.mark.parametrize(
    "row", [pytest.param(9, id="hit-a"), pytest.param(8, id="hit-b")]
)
def test_the_new_column_is_what_counts(env_id, action, col, row):
    """Hit A is a block that is there now, hit B one that comes down in this step."""
    assert move(env_id, action, blocks((row, col))).terminated
    for other in {3, 4, 5, 6, 7} - {col}:
        assert not move(env_id, action, blocks((row, other))).terminated


@every_level
def test_correction_1_both_hits_at_once_are_one_boolean(env_id):
    result = kit.step(
        env_id,
        kit.state(env_id, time=20, agent_x=5, enemies=blocks((8, 5), (9, 5))),
        Move.UP,
    )
    assert result.terminated.dtype == np.bool_
    assert result.terminated.all()


@every_level
def test_blocks_higher_up_do_no_harm(env_id):
    enemies = np.ones((10, 10), bool)
    enemies[8:, 5] = False
    assert not move(env_id, Move.UP, enemies).terminated


@every_level
def test_a_block_at_the_border_meets_a_player_who_cannot_leave(env_id):
    first, end = LEVELS[env_id].first, last(env_id)
    assert move(env_id, Move.LEFT, blocks((8, first)), agent_x=first).terminated
    assert move(env_id, Move.RIGHT, blocks((8, end)), agent_x=end).terminated


@every_level
def test_the_step_limit_truncates_and_does_not_terminate(env_id):
    after = move(env_id, Move.UP, blocks(), time=LIMIT - 1)
    assert after.truncated
    assert not after.terminated
    assert not move(env_id, Move.UP, blocks(), time=LIMIT - 2).truncated
    hit = move(env_id, Move.UP, blocks((9, 5)), time=LIMIT - 1)
    assert hit.truncated
    assert hit.terminated


@every_level
def test_episodes_start_anywhere_in_an_empty_lane(env_id):
    rules = LEVELS[env_id]
    states = kit.fresh(env_id, 20000)
    starts = np.bincount(states.agent_x, minlength=10)
    assert starts.sum() == starts[rules.first : last(env_id) + 1].sum()
    assert kit.is_uniform(starts[rules.first : last(env_id) + 1])
    assert states.visible.all()
    for name in ("time", "score", "enemies"):
        assert not getattr(states, name).any()


@every_level
def test_new_blocks_are_uniform_and_independent_of_the_last_one_and_the_player(env_id):
    rules = LEVELS[env_id]
    start = kit.fresh(env_id, 20000)
    first = kit.step(env_id, start, Move.UP, seed=1).state
    second = kit.step(env_id, first, Move.UP, seed=2).state
    old, new, player_x = (
        second.enemies[:, 1].argmax(axis=1) - rules.first,
        second.enemies[:, 0].argmax(axis=1) - rules.first,
        start.agent_x - rules.first,
    )
    width = rules.width
    for pair in (old * width + new, player_x * width + new):
        counts = np.bincount(pair, minlength=width * width)
        assert kit.is_uniform(counts)


# Flicker.


def masks(env_id, count, seed, action=Move.UP):
    """Masks after one and after two steps; the player's column is taken out."""
    start = kit.put(kit.fresh(env_id, count), agent_x=np.full(count, 5))
    first = kit.step(env_id, start, action, seed).state
    second = kit.step(env_id, first, action, seed + 1).state
    assert first.visible[:, 9, 5].all()
    assert second.visible[:, 9, 5].all()
    others = np.arange(100) != 95
    return (state.visible.reshape(count, 100)[:, others] for state in (first, second))


@every_level
def test_each_cell_is_visible_with_probability_one_half(env_id):
    count = 10000
    for mask in masks(env_id, count, seed=3):
        statistic = ((mask.sum(axis=0) - count / 2) ** 2 / (count / 4)).sum()
        assert stats.chi2.sf(statistic, 99) > kit.FALSE_ALARM
        assert stats.chi2.cdf(statistic, 99) > kit.FALSE_ALARM
        # The number of visible cells is binomial: variance 99/4.
        assert abs(mask.sum(axis=1).var() / (99 / 4) - 1) < 5.5 * np.sqrt(2 / count)


@every_level
def test_correction_2_masks_differ_between_copies_steps_and_episodes(env_id):
    """Pairs of masks agree in half of the cells; `time` is the same in all of them."""
    count = 4000
    first, second = masks(env_id, count, seed=5)
    other_episode, _ = masks(env_id, count, seed=7)
    pairs = {
        "neighbouring lanes": (first[:-1], first[1:]),
        "steps": (first, second),
        "episodes": (first, other_episode),
        "neighbouring cells": (first[:, :-1], first[:, 1:]),
    }
    for what, (one, other) in pairs.items():
        agreement = (one == other).mean()
        assert abs(agreement - 0.5) < 5.5 * 0.5 / np.sqrt(one.size), what
    assert len(np.unique(first, axis=0)) == count


@every_level
def test_no_cell_of_a_mask_depends_on_the_column_of_the_new_block(env_id):
    count, rules = 20000, LEVELS[env_id]
    start = kit.put(kit.fresh(env_id, count), agent_x=np.full(count, 5))
    after = kit.step(env_id, start, Move.UP, seed=9).state
    block_x = after.enemies[:, 0].argmax(axis=1)
    statistic = 0.0
    for col in range(rules.first, last(env_id) + 1):
        seen = after.visible[block_x == col].reshape(-1, 100)
        seen = np.delete(seen, 95, axis=1)  # the player
        expected = len(seen) / 2
        statistic += ((seen.sum(axis=0) - expected) ** 2 / (expected / 2)).sum()
    assert stats.chi2.sf(statistic, 99 * rules.width) > kit.FALSE_ALARM


@every_level
def test_masks_do_not_depend_on_blocks_or_player_and_not_the_other_way_round(env_id):
    """Shares of visible cells under the new block, and in the player's new column."""
    states = kit.step(env_id, kit.fresh(env_id, 20000), Move.UP, seed=9).state
    seen = states.visible[states.enemies]
    assert abs(seen.mean() - 0.5) < 5.5 * 0.5 / np.sqrt(20000)
    above = states.visible[np.arange(20000), 8, states.agent_x]
    assert abs(above.mean() - 0.5) < 5.5 * 0.5 / np.sqrt(20000)
    assert states.visible[np.arange(20000), 9, states.agent_x].all()


@every_level
def test_the_player_is_visible_where_it_has_moved_to(env_id):
    states = kit.fresh(env_id, 256)
    for action in (Move.LEFT, Move.RIGHT):
        after = kit.step(env_id, states, action).state
        assert after.visible[np.arange(256), 9, after.agent_x].all()


# Players.


def crash(state, params):
    """Walks into the nearest block of the last rows."""
    del params  # the blocks say where the lane is
    low = state.enemies[8] | state.enemies[9]
    x = state.agent_x
    sideways = jnp.where(
        low[(x + 1).clip(max=9)],
        Move.RIGHT,
        jnp.where(low[(x - 1).clip(0)], Move.LEFT, Move.UP),
    )
    return jnp.where(low[x], Move.UP, sideways)


@every_level
def test_a_player_who_knows_the_future_reaches_the_table(env_id):
    summary = kit.episodes(env_id, player.plan, 1000)
    assert abs(summary.total.mean() - LEVELS[env_id].reach) < 0.006
    assert summary.total.max() <= 1 + 1e-5
    np.testing.assert_allclose(summary.total, summary.length / 100, atol=1e-5)


@every_level
def test_returns_stay_within_their_bounds(env_id):
    worst = kit.episodes(env_id, rollout.closed_loop(crash), 128)
    assert worst.total.min() >= 0.1 - 1e-5
    assert (worst.length >= 10).all()
    assert (worst.length == 10).any()


@every_level
def test_random_play_agrees_with_the_table(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(env_id, rules.random, rules.sd, worst=0.1)
