"""BattleShip against its rule page. Numbers are those of the page, not of the code."""

import itertools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jax_core.game import Move
from jax_core.games import battleship
from tests.compiling import jit_plainly
from tests.games import kit
from tests.games.boards import board, field, step_from_every_cell, under_cursor
from tests.players import battleship as player
from tests.players import rollout

LEVELS = {
    "BattleShipEasy": SimpleNamespace(
        n=8, limit=128, repeat=-1 / 32, repeats=32, random=-0.115, deviation=0.19
    ),
    "BattleShipMedium": SimpleNamespace(
        n=10, limit=200, repeat=-1 / 50, repeats=50, random=-0.136, deviation=0.18
    ),
    "BattleShipHard": SimpleNamespace(
        n=12, limit=288, repeat=-1 / 72, repeats=72, random=-0.147, deviation=0.18
    ),
}
HIT = np.float32(1 / 12)
LENGTHS = (2, 3, 3, 4)
BLANK, WATER, SHIP = 0, 1, 2  # marks

every_level = pytest.mark.parametrize("env_id", LEVELS)


def fire(env_id, **fields):
    """Fires at row 1, column 2; ships fill the first row and more."""
    n = LEVELS[env_id].n
    defaults = {
        "time": 5,
        "cursor_x": 2,
        "cursor_y": 1,
        "ships": board(n, (1, 2), (1, 3)),
        "fired": board(n),
    }
    return kit.one_step(env_id, Move.FIRE, **(defaults | fields))


def played(env_id, count=1024):
    return kit.reachable(env_id, player.act, count=count, chance=0.7)


def targets(states):
    return under_cursor(states, states.ships)


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert params.size == rules.n
    assert params.max_steps == rules.limit
    assert battleship.SHIP_LENGTHS == LENGTHS


@every_level
@pytest.mark.parametrize("action", [Move.UP, Move.DOWN, Move.LEFT, Move.RIGHT])
def test_cursor_moves_one_cell_and_stays_at_the_border(env_id, action):
    result = step_from_every_cell(env_id, LEVELS[env_id].n, action)
    assert not result.reward.any()
    assert not result.state.fired.any()


@pytest.mark.quick
@every_level
def test_the_first_hit_of_a_ship_cell_pays(env_id):
    n = LEVELS[env_id].n
    after = fire(env_id, score=3, fired=board(n, (1, 3), (0, 0)))
    assert after.reward == HIT
    assert after.score == 4
    assert np.array_equal(after.fired, board(n, (1, 3), (0, 0), (1, 2)))
    assert after.num_repeats == 0
    assert not after.terminated
    assert (after.cursor_x, after.cursor_y, after.time) == (2, 1, 6)


@every_level
def test_a_miss_costs_nothing(env_id):
    n = LEVELS[env_id].n
    after = fire(env_id, ships=board(n, (2, 1)), score=3)
    assert after.reward == 0
    assert after.score == 3
    assert np.array_equal(after.fired, board(n, (1, 2)))
    assert after.num_repeats == 0
    assert not after.terminated


@every_level
@pytest.mark.parametrize("on_ship", [False, True])
def test_firing_at_a_cell_again_costs(env_id, on_ship):
    rules = LEVELS[env_id]
    ships = board(rules.n, (1, 2)) & on_ship
    fired = board(rules.n, (1, 2), (5, 5))
    after = fire(env_id, ships=ships, fired=fired, score=1, num_repeats=4)
    assert after.reward == np.float32(rules.repeat)
    assert after.num_repeats == 5
    assert after.score == 1
    assert np.array_equal(after.fired, fired)
    assert not after.terminated


@every_level
def test_the_twelfth_hit_ends_the_episode(env_id):
    after = fire(env_id, score=11)
    assert after.terminated
    assert after.reward == HIT
    assert after.score == 12
    assert not fire(env_id, score=10).terminated


@every_level
def test_only_shots_terminate(env_id):
    for fields in ({"score": 12}, {"num_repeats": LEVELS[env_id].repeats}):
        assert not kit.one_step(env_id, Move.UP, time=5, **fields).terminated


@every_level
def test_correction_1_the_repeat_limit_counts_the_present_shot(env_id):
    rules = LEVELS[env_id]
    fired = board(rules.n, (1, 2))
    last = fire(env_id, fired=fired, num_repeats=rules.repeats - 1)
    assert last.terminated
    assert last.reward == np.float32(rules.repeat)
    assert not fire(env_id, fired=fired, num_repeats=rules.repeats - 2).terminated


@every_level
def test_correction_1_firing_for_ever_returns_no_less_than_minus_one(env_id):
    rules = LEVELS[env_id]
    actions = kit.constant_actions(env_id, Move.FIRE, 512)
    summary = kit.follow(env_id, actions)
    assert (summary.length == rules.repeats + 1).all()
    assert summary.terminated.all()
    hits = np.isclose(summary.total, 1 / 12 - 1, atol=1e-5)
    misses = np.isclose(summary.total, -1, atol=1e-5)
    assert (hits | misses).all()
    assert hits.any()
    assert misses.any()


@every_level
def test_the_step_limit_truncates_whatever_the_action(env_id):
    limit = LEVELS[env_id].limit
    for action in Move:
        assert kit.one_step(env_id, action, time=limit - 1).truncated
        assert not kit.one_step(env_id, action, time=limit - 1).terminated
        assert not kit.one_step(env_id, action, time=limit - 2).truncated
    both = fire(env_id, time=limit - 1, score=11)
    assert both.terminated
    assert both.truncated


@every_level
def test_correction_2_the_cursor_starts_anywhere(env_id):
    n = LEVELS[env_id].n
    states = kit.fresh(env_id, 20000)
    cells = np.asarray(states.cursor_y * n + states.cursor_x)
    assert kit.is_uniform(np.bincount(cells, minlength=n * n))


@every_level
def test_correction_3_the_cursor_says_nothing_about_the_ships(env_id):
    """Chi-square of its row with the ship cells in each row; columns likewise."""
    n, states = LEVELS[env_id].n, kit.fresh(env_id, 20000)
    for place, axis in ((states.cursor_y, 2), (states.cursor_x, 1)):
        for line in states.ships.sum(axis=axis).clip(max=4).T:
            counts = np.bincount(5 * place + line, minlength=5 * n).reshape(n, 5)
            p = stats.chi2_contingency(counts[:, counts.any(axis=0)]).pvalue
            assert p > kit.FALSE_ALARM / (2 * n)


@every_level
def test_correction_3_the_cursor_starts_on_ships_as_often_as_chance_has_it(env_id):
    states = kit.fresh(env_id, 20000)
    share = states.ships[targets(states)].mean()
    expected = states.ships.mean(axis=0).mean()
    assert abs(share - expected) < 5 * np.sqrt(expected / 20000)


@every_level
def test_an_episode_starts_with_twelve_ship_cells_and_nothing_else(env_id):
    states = kit.fresh(env_id, 20000)
    assert (np.asarray(states.ships).sum(axis=(1, 2)) == 12).all()
    for name in ("time", "score", "fired", "num_repeats"):
        assert not getattr(states, name).any()


def placements(n, length):
    """All placements of a ship as boolean boards."""
    across = [
        board(n, *((row, col + k) for k in range(length)))
        for row in range(n)
        for col in range(n - length + 1)
    ]
    return np.array(across + [one.T for one in across])


def lines(ships):
    """The rows, then the columns of a board as words, a bit for each cell.

    Each filled up to a power of two with words without room.
    """
    place = np.arange(len(ships))
    both = [(some << place).sum(axis=1, dtype=np.uint32) for some in (ships, ships.T)]
    room = np.full(8 if len(ships) == 8 else 16, 2**32 - 1, np.uint32)
    return np.concatenate([[*some, *room[len(some) :]] for some in both])


@pytest.mark.parametrize("length", [2, 3, 4])
@pytest.mark.parametrize(("n", "share"), [(8, 0.0), (8, 0.15), (10, 0.1), (12, 0.05)])
def test_a_ship_takes_each_free_placement_for_one_interval_of_uniform_numbers(
    n, length, share
):
    """Exact: with F free placements, the numbers (k + 1/2)/F give each of them once."""
    occupied = np.random.default_rng(n + length).random((n, n)) < share
    free = [one for one in placements(n, length) if not (one & occupied).any()]
    uniform = (np.arange(len(free), dtype=np.float32) + 0.5) / np.float32(len(free))
    before = jnp.asarray(lines(occupied))
    drawn = jit_plainly(jax.vmap(lambda u: battleship._draw_ship(u, before, length, n)))
    assert {one.tobytes() for one in np.asarray(drawn(uniform))} == {
        lines(occupied | one).tobytes() for one in free
    }


def reference_ships(n, count, rng):
    """Boards made by rejection, which is uniform over free placements."""
    every = {length: placements(n, length) for length in LENGTHS}
    ships = np.zeros((count, n, n), bool)
    for length in LENGTHS:
        waiting = np.arange(count)
        while len(waiting):
            tried = every[length][rng.integers(0, len(every[length]), len(waiting))]
            fits = ~(ships[waiting] & tried).any(axis=(1, 2))
            ships[waiting[fits]] |= tried[fits]
            waiting = waiting[~fits]
    return ships


@every_level
def test_ships_are_spread_like_those_of_a_reference(env_id):
    """Chi-square of two samples over the number of ship cells in each row."""
    n = LEVELS[env_id].n
    ours = np.asarray(kit.fresh(env_id, 20000).ships)
    theirs = reference_ships(n, 20000, np.random.default_rng(0))
    for kind in (lambda s: s.sum(axis=1), lambda s: s.sum(axis=2)):
        counts = np.stack(
            [
                np.bincount(
                    (np.arange(n) * 9 + kind(sample).clip(max=8)).ravel(),
                    minlength=9 * n,
                )
                for sample in (ours, theirs)
            ]
        )
        counts = counts[:, counts.sum(axis=0) > 20]
        # Rows of a board are nearly independent; their fixed sum only lowers the
        # statistic.
        assert stats.chi2_contingency(counts).pvalue > kit.FALSE_ALARM
    touching = [
        (sample[:, 1:] & sample[:, :-1]).sum()
        + (sample[:, :, 1:] & sample[:, :, :-1]).sum()
        for sample in (ours, theirs)
    ]
    assert abs(np.diff(touching)[0]) < 5 * 2 * np.sqrt(2 * 20000)


@pytest.mark.slow
@every_level
def test_random_play_keeps_the_books(env_id):
    rules, before = LEVELS[env_id], played(env_id)
    actions = np.random.default_rng(0).integers(0, 5, len(before.time))
    result = kit.step(env_id, before, actions)
    fires = (actions == Move.FIRE)[:, None, None]
    fired = np.asarray(before.fired | (targets(before) & fires))
    assert np.array_equal(result.state.fired, fired)
    assert np.array_equal(result.state.ships, before.ships)
    assert np.array_equal(
        result.state.score, (fired & np.asarray(before.ships)).sum((1, 2))
    )
    assert (result.state.num_repeats <= rules.repeats).all()
    assert np.array_equal(result.state.time, before.time + 1)
    gained = result.state.score - before.score
    repeated = result.state.num_repeats - before.num_repeats
    expected = gained * HIT + repeated * np.float32(rules.repeat)
    np.testing.assert_allclose(result.reward, expected, atol=1e-7)


# Pictures.


def decode(env_id, pictures):
    """Reads score, marks and cursor from pictures alone."""
    n, size = LEVELS[env_id].n, pictures.shape[1]
    names = list(itertools.product((BLANK, WATER, SHIP), (False, True)))
    states = kit.put(
        kit.fresh(env_id, len(names)),
        ships=np.array([board(n, *[(1, 1)] * (mark == SHIP)) for mark, _ in names]),
        fired=np.array([board(n, *[(1, 1)] * (mark != BLANK)) for mark, _ in names]),
        cursor_x=np.array([1 if cursor else 3 for _, cursor in names]),
        cursor_y=np.array([1 if cursor else 3 for _, cursor in names]),
    )
    cells = kit.cut(kit.frames(env_id, states, size=size), field(n), n, n)
    looks = kit.table(zip(names, cells[:, 1, 1], strict=True))
    named = kit.read(kit.cut(pictures, field(n), n, n), looks)
    score = kit.read_scores(env_id, pictures, 12)
    return score, named[..., 0], named[..., 1].astype(bool)


def marks(ships, shown):
    return np.where(shown, np.where(ships, SHIP, WATER), BLANK)


@every_level
@kit.both_sizes
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    states = played(env_id)
    score, shown, cursor = decode(env_id, kit.frames(env_id, states, size=size))
    assert np.array_equal(score, states.score)
    assert np.array_equal(cursor, targets(states))
    assert np.array_equal(shown, marks(states.ships, states.fired))


@pytest.mark.quick
@every_level
def test_partial_view_shows_the_mark_under_the_cursor_only(env_id):
    states = played(env_id)
    score, shown, cursor = decode(env_id, kit.frames(env_id, states, partial=True))
    assert np.array_equal(score, states.score)
    assert np.array_equal(cursor, targets(states))
    assert np.array_equal(shown, marks(states.ships, states.fired & targets(states)))


@every_level
def test_partial_view_hides_the_rest(env_id):
    rules, states = LEVELS[env_id], played(env_id)
    at = targets(states)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        ships = rng.random(at.shape) < 0.5
        others = kit.put(
            states,
            fired=np.where(at, states.fired, rng.random(at.shape) < 0.5),
            ships=np.where(at & states.fired, states.ships, ships),
            num_repeats=rng.integers(0, rules.repeats + 1, len(at)),
            time=rng.integers(0, rules.limit, len(at)),
        )
        assert kit.look_equal(env_id, states, others)


@every_level
def test_full_view_hides_ships_that_were_not_fired_at(env_id):
    rules, states = LEVELS[env_id], played(env_id)
    rng = np.random.default_rng(0)
    ships = rng.random(states.ships.shape) < 0.5
    others = kit.put(
        states,
        ships=np.where(states.fired, states.ships, ships),
        num_repeats=rng.integers(0, rules.repeats + 1, len(ships)),
        time=rng.integers(0, rules.limit, len(ships)),
    )
    assert kit.look_equal(env_id, states, others, partial=False)


@every_level
def test_the_first_picture_is_the_same_in_both_views(env_id):
    assert kit.views_agree(env_id, kit.fresh(env_id, 64))


# Players.

SOLVER = rollout.closed_loop(player.act)


@every_level
def test_a_player_who_knows_the_ships_reaches_one(env_id):
    summary = kit.episodes(env_id, SOLVER, 1000)
    np.testing.assert_allclose(summary.total, 1, atol=1e-5)
    assert summary.terminated.all()


@every_level
def test_random_play_agrees_with_the_table_and_stays_within_the_bounds(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(env_id, rules.random, rules.deviation, worst=-1)
