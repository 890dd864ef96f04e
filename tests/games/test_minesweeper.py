"""MineSweeper against its rule page. Numbers are those of the page, not of the code."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core.game import Move
from jax_core.games._grid import draw_places, mark_places
from tests.compiling import jit_plainly
from tests.games import kit
from tests.games.boards import board, step_from_every_cell
from tests.games.minesweeper_kit import LEVELS, every_level, played, targets
from tests.players import minesweeper as player
from tests.players import rollout

DEVIATION = {4: 0.20, 6: 0.12, 8: 0.08}


def fire(env_id, **fields):
    """Fires at row 1, column 2 of a board with mines in two corners."""
    n = LEVELS[env_id].n
    defaults = {
        "time": 5,
        "cursor_x": 2,
        "cursor_y": 1,
        "mines": board(n, (0, 0), (n - 1, n - 1)),
        "opened": board(n),
    }
    return kit.one_step(env_id, Move.FIRE, **(defaults | fields))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.size, params.num_mines) == (rules.n, rules.mines)
    assert params.max_steps == rules.limit
    assert kit.fresh(env_id, 1).mines.shape == (1, rules.n, rules.n)


@every_level
@pytest.mark.parametrize("action", [Move.UP, Move.DOWN, Move.LEFT, Move.RIGHT])
def test_cursor_moves_one_cell_and_stays_at_the_border(env_id, action):
    result = step_from_every_cell(env_id, LEVELS[env_id].n, action)
    assert not result.reward.any()
    assert not result.state.opened.any()


@pytest.mark.quick
@every_level
def test_opening_a_safe_cell_pays_and_opens_only_that_cell(env_id):
    rules = LEVELS[env_id]
    after = fire(env_id, opened=board(rules.n, (3, 3)), score=1)
    assert after.reward == np.float32(rules.safe)
    assert after.score == 2
    assert np.array_equal(after.opened, board(rules.n, (3, 3), (1, 2)))
    assert after.num_repeats == 0
    assert not after.terminated
    assert (after.cursor_x, after.cursor_y, after.time) == (2, 1, 6)


@every_level
def test_a_cell_without_mines_around_it_opens_no_other(env_id):
    n = LEVELS[env_id].n
    after = fire(env_id, mines=board(n, (3, 3)), cursor_x=0, cursor_y=0)
    assert np.array_equal(after.opened, board(n, (0, 0)))


@every_level
def test_a_mine_ends_the_episode_and_pays_nothing(env_id):
    n = LEVELS[env_id].n
    after = fire(env_id, mines=board(n, (1, 2), (0, 0)), score=3)
    assert after.terminated
    assert after.reward == 0
    assert after.score == 3
    assert after.num_repeats == 0
    assert after.opened[1, 2]
    assert np.array_equal(after.mines, board(n, (1, 2), (0, 0)))


@every_level
def test_firing_at_an_opened_cell_costs(env_id):
    rules = LEVELS[env_id]
    opened = board(rules.n, (1, 2), (3, 3))
    after = fire(env_id, opened=opened, score=2, num_repeats=1)
    assert after.reward == np.float32(rules.repeat)
    assert after.num_repeats == 2
    assert after.score == 2
    assert np.array_equal(after.opened, opened)
    assert not after.terminated


@every_level
def test_the_last_safe_cell_ends_the_episode(env_id):
    rules = LEVELS[env_id]
    last = rules.n**2 - rules.mines
    assert fire(env_id, score=last - 1).terminated
    assert fire(env_id, score=last - 1).reward == np.float32(rules.safe)
    assert not fire(env_id, score=last - 2).terminated


@every_level
def test_only_shots_terminate(env_id):
    rules = LEVELS[env_id]
    for fields in (
        {"score": rules.n**2 - rules.mines},
        {"num_repeats": rules.repeats},
        {"mines": np.ones((rules.n, rules.n), bool)},
    ):
        assert not kit.one_step(env_id, Move.UP, time=5, **fields).terminated


@every_level
def test_correction_1_the_repeat_limit_counts_the_present_shot(env_id):
    rules = LEVELS[env_id]
    opened = board(rules.n, (1, 2))
    assert fire(env_id, opened=opened, num_repeats=rules.repeats - 1).terminated
    assert not fire(env_id, opened=opened, num_repeats=rules.repeats - 2).terminated


@every_level
def test_correction_1_firing_for_ever_returns_no_less_than_minus_one(env_id):
    rules = LEVELS[env_id]
    summary = kit.follow(env_id, kit.constant_actions(env_id, Move.FIRE, 512))
    on_mine = summary.length == 1
    assert not summary.total[on_mine].any()
    np.testing.assert_allclose(summary.total[~on_mine], rules.safe - 1, atol=1e-5)
    assert (summary.length[~on_mine] == 1 + rules.repeats).all()


@every_level
def test_correction_2_the_step_limit_truncates_whatever_the_action(env_id):
    limit = LEVELS[env_id].limit
    for action in Move:
        last = kit.one_step(env_id, action, time=limit - 1)
        assert last.truncated
        assert last.time == limit
        assert not kit.one_step(env_id, action, time=limit - 2).truncated


@every_level
def test_both_flags_may_be_set_in_one_step(env_id):
    rules = LEVELS[env_id]
    after = fire(env_id, time=rules.limit - 1, score=rules.n**2 - rules.mines - 1)
    assert after.terminated
    assert after.truncated
    assert after.reward == np.float32(rules.safe)


@every_level
def test_correction_3_the_cursor_starts_anywhere(env_id):
    n = LEVELS[env_id].n
    states = kit.fresh(env_id, 20000)
    cells = np.asarray(states.cursor_y * n + states.cursor_x)
    assert kit.is_uniform(np.bincount(cells, minlength=n * n))


@every_level
def test_mines_lie_anywhere_and_their_number_is_fixed(env_id):
    rules = LEVELS[env_id]
    states = kit.fresh(env_id, 20000)
    mines = np.asarray(states.mines).reshape(20000, -1)
    assert (mines.sum(axis=1) == rules.mines).all()
    assert kit.is_uniform(mines.sum(axis=0), inclusion=rules.mines / rules.n**2)
    for name in ("time", "score", "opened", "num_repeats"):
        assert not getattr(states, name).any()


@every_level
def test_correction_4_the_cursor_says_nothing_about_the_mines(env_id):
    rules = LEVELS[env_id]
    states = kit.fresh(env_id, 40000, seed=3)
    n = rules.n
    cells = np.asarray(states.cursor_y * n + states.cursor_x)
    mines = np.asarray(states.mines).reshape(40000, -1)
    # By cell of the cursor: how often a mine is in each cell.
    counts = np.array([mines[cells == cell].sum(axis=0) for cell in range(n * n)])
    assert kit.is_uniform(counts, inclusion=rules.mines / n**2)
    share = mines[np.arange(40000), cells].mean()
    assert abs(share - rules.mines / n**2) < 5 * 0.5 / np.sqrt(40000)


def test_all_pairs_of_mines_are_equally_likely():
    mines = np.asarray(kit.fresh("MineSweeperEasy", 40000, seed=5).mines)
    first, second = np.nonzero(mines.reshape(-1, 16))[1].reshape(-1, 2).T
    counts = np.bincount(first * 16 + second, minlength=256)
    pairs = [a * 16 + b for a, b in itertools.combinations(range(16), 2)]
    assert counts[pairs].sum() == 40000
    assert kit.is_uniform(counts[pairs])


@pytest.mark.parametrize(("draws", "places"), [(2, 16), (3, 6), (4, 5)])
def test_each_set_of_places_has_the_same_number_of_random_words(draws, places):
    """An exact count over a grid of uniform numbers, one point per outcome."""
    ranges = range(places - draws + 1, places + 1)
    grid = np.array(list(itertools.product(*(np.arange(r) for r in ranges))))
    uniform = ((grid + 0.5) / np.array(ranges)).astype(np.float32)
    drawn = np.stack(jit_plainly(jax.vmap(lambda u: draw_places(u, places)))(uniform))
    sets, counts = np.unique(np.sort(drawn, axis=0), axis=1, return_counts=True)
    assert (np.diff(sets, axis=0) > 0).all()
    assert sets.shape[1] == len(list(itertools.combinations(range(places), draws)))
    assert (counts == counts[0]).all()


def test_places_are_counted_row_by_row():
    marked = mark_places((jnp.int32(1), jnp.int32(6)), 3)
    assert np.array_equal(marked, board(3, (0, 1), (2, 0)))


@pytest.mark.slow
@every_level
def test_random_play_keeps_the_books(env_id):
    rules, before = LEVELS[env_id], played(env_id)
    actions = np.random.default_rng(0).integers(0, 5, len(before.time))
    result = kit.step(env_id, before, actions)
    state = result.state
    fires = (actions == Move.FIRE)[:, None, None]
    opened = np.asarray(before.opened | (targets(before) & fires))
    assert np.array_equal(state.opened, opened)
    assert np.array_equal(state.mines, before.mines)
    assert np.array_equal(state.score, (opened & ~np.asarray(state.mines)).sum((1, 2)))
    assert (state.num_repeats >= 0).all()
    assert (state.num_repeats <= rules.repeats).all()
    assert np.array_equal(state.time, before.time + 1)
    exploded = (np.asarray(state.mines) & opened).any((1, 2))
    cleared = np.asarray(state.score) == rules.n**2 - rules.mines
    repeated = np.asarray(state.num_repeats) >= rules.repeats
    assert np.array_equal(result.terminated, exploded | cleared | repeated)


@every_level
def test_steps_do_not_depend_on_the_key(env_id):
    states = played(env_id, 64)
    actions = np.arange(64) % 5
    first, second = (kit.step(env_id, states, actions, seed) for seed in (0, 1))
    assert jax.tree.all(jax.tree.map(np.array_equal, first, second))


# Players.


def fire_again(state, params):
    """Opens one safe cell and fires at it for ever."""
    again = state.opened[state.cursor_y, state.cursor_x]
    return jnp.where(again, Move.FIRE, player.act(state, params))


ADVERSARY = rollout.closed_loop(fire_again)


@every_level
def test_a_player_who_knows_the_mines_reaches_one(env_id):
    summary = kit.episodes(env_id, player.plan, 1000)
    np.testing.assert_allclose(summary.total, 1, atol=1e-5)
    assert summary.terminated.all()


@every_level
def test_firing_at_one_cell_for_ever_returns_the_least(env_id):
    rules = LEVELS[env_id]
    worst = kit.episodes(env_id, ADVERSARY, 64).total
    np.testing.assert_allclose(worst, rules.safe - 1, atol=1e-5)


@every_level
def test_random_play_agrees_with_the_table(env_id):
    rules = LEVELS[env_id]
    deviation, worst = DEVIATION[rules.n], rules.safe - 1
    kit.assert_random_play_earns(env_id, rules.random, deviation, worst=worst)
