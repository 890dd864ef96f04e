"""Navigator against its rule page. Numbers are those of the page, not of the code."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core.game import Move
from tests.games import kit
from tests.games.boards import board, cells, field, step_from_every_cell
from tests.players import navigator as player
from tests.players import rollout

LEVELS = {
    "NavigatorEasy": SimpleNamespace(
        n=8, limit=64, step=-1 / 128, steps=5.5, reach=0.957, random=-0.553, sd=0.31
    ),
    "NavigatorMedium": SimpleNamespace(
        n=10, limit=100, step=-1 / 200, steps=6.7, reach=0.967, random=-0.556, sd=0.32
    ),
    "NavigatorHard": SimpleNamespace(
        n=12, limit=144, step=-1 / 288, steps=8.2, reach=0.971, random=-0.554, sd=0.32
    ),
}
BARRIERS = 7
BLANK, BARRIER, TREASURE, PLAYER = range(4)

every_level = pytest.mark.parametrize("env_id", LEVELS)


def play(env_id, action, **fields):
    """One step from row 3, column 4; barrier above and right, treasure in a corner."""
    n = LEVELS[env_id].n
    defaults = {
        "time": 5,
        "agent_x": 4,
        "agent_y": 3,
        "barriers": board(n, (2, 4), (3, 5)),
        "treasure_x": 0,
        "treasure_y": n - 1,
    }
    return kit.one_step(env_id, action, **(defaults | fields))


def played(env_id):
    return kit.reachable(env_id, player.act, count=1024, chance=0.4)


def lanes(states):
    return np.arange(len(states.time))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert params.size == rules.n
    assert params.max_steps == rules.limit == rules.n**2
    assert params.step_reward == rules.step


@every_level
@pytest.mark.parametrize("action", list(Move))
def test_player_moves_one_cell_and_stays_at_the_border(env_id, action):
    rules = LEVELS[env_id]
    x, y = cells(rules.n)
    nothing_near = {
        "barriers": np.zeros((rules.n**2, rules.n, rules.n), bool),
        "treasure_x": (x + 1) % rules.n,
        "treasure_y": y,
    }
    result = step_from_every_cell(env_id, rules.n, action, "agent", **nothing_near)
    assert (result.reward == np.float32(rules.step)).all()
    assert not result.state.score.any()


@pytest.mark.quick
@every_level
@pytest.mark.parametrize(
    ("action", "is_hit"),
    [
        (Move.UP, True),
        (Move.RIGHT, True),
        (Move.DOWN, False),
        (Move.LEFT, False),
        (Move.FIRE, False),
    ],
)
def test_walking_into_a_barrier_costs_a_half_and_ends_the_episode(
    env_id, action, is_hit
):
    after = play(env_id, action)
    assert after.terminated == is_hit
    assert after.reward == np.float32(-0.5 if is_hit else LEVELS[env_id].step)
    assert after.score == 0
    assert after.time == 6


@pytest.mark.quick
@every_level
def test_firing_on_the_treasure_pays_one_and_ends_the_episode(env_id):
    after = play(env_id, Move.FIRE, treasure_x=4, treasure_y=3)
    assert after.reward == 1
    assert after.score == 100
    assert after.terminated
    assert not after.truncated


@every_level
def test_walking_over_the_treasure_has_no_effect(env_id):
    onto = play(env_id, Move.LEFT, treasure_x=3, treasure_y=3)
    off = play(env_id, Move.LEFT, treasure_x=4, treasure_y=3)
    for after in (onto, off):
        assert after.reward == np.float32(LEVELS[env_id].step)
        assert after.score == 0
        assert not after.terminated
    assert (onto.treasure_x, onto.treasure_y) == (3, 3)


@every_level
@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_firing_beside_the_treasure_is_an_ordinary_step(env_id, dx, dy):
    after = play(env_id, Move.FIRE, treasure_x=4 + dx, treasure_y=3 + dy)
    assert after.reward == np.float32(LEVELS[env_id].step)
    assert not after.terminated


@every_level
def test_the_map_stays_as_it_is(env_id):
    states = played(env_id)
    actions = np.random.default_rng(0).integers(0, 5, len(states.time))
    after = kit.step(env_id, states, actions).state
    for name in ("barriers", "treasure_x", "treasure_y"):
        assert np.array_equal(getattr(after, name), getattr(states, name))
    assert np.array_equal(after.time, states.time + 1)


@every_level
def test_the_step_limit_truncates_and_does_not_terminate(env_id):
    limit = LEVELS[env_id].limit
    for action in (Move.DOWN, Move.FIRE):
        assert play(env_id, action, time=limit - 1).truncated
        assert not play(env_id, action, time=limit - 1).terminated
        assert not play(env_id, action, time=limit - 2).truncated


@every_level
def test_correction_3_the_last_step_is_rewarded_like_any_other(env_id):
    rules = LEVELS[env_id]
    last = {"time": rules.limit - 1}
    found = play(env_id, Move.FIRE, treasure_x=4, treasure_y=3, **last)
    assert (found.reward, found.score) == (1, 100)
    hit = play(env_id, Move.UP, **last)
    assert hit.reward == np.float32(-0.5)
    walked = play(env_id, Move.DOWN, **last)
    assert walked.reward == np.float32(rules.step)
    assert [one.terminated for one in (found, hit, walked)] == [True, True, False]
    assert all(one.truncated for one in (found, hit, walked))


@every_level
def test_steps_do_not_depend_on_the_key(env_id):
    states = played(env_id)
    first, second = (kit.step(env_id, states, Move.LEFT, seed) for seed in (0, 1))
    assert jax.tree.all(jax.tree.map(np.array_equal, first, second))


# Starts.


def cell_of(states, who):
    n = states.barriers.shape[1]
    return getattr(states, f"{who}_y") * n + getattr(states, f"{who}_x")


@every_level
@pytest.mark.parametrize("who", ["treasure", "agent"])
def test_corrections_1_and_2_treasure_and_player_start_on_any_free_cell(env_id, who):
    states = kit.fresh(env_id, 20000)
    cells = cell_of(states, who)
    n = LEVELS[env_id].n
    assert kit.is_uniform(np.bincount(cells, minlength=n * n))
    assert not states.barriers.reshape(20000, -1)[lanes(states), cells].any()
    assert (cell_of(states, "treasure") != cell_of(states, "agent")).all()


@every_level
def test_seven_barriers_lie_anywhere(env_id):
    n = LEVELS[env_id].n
    states = kit.fresh(env_id, 20000)
    barriers = states.barriers.reshape(20000, -1)
    assert (barriers.sum(axis=1) == BARRIERS).all()
    assert kit.is_uniform(barriers.sum(axis=0), inclusion=BARRIERS / n**2)
    assert not states.time.any()
    assert not states.score.any()


@pytest.mark.parametrize("who", ["treasure", "agent"])
def test_correction_4_barriers_are_independent_of_treasure_and_player(who):
    """For each cell of the one, the other 63 hold a barrier equally often."""
    states = kit.fresh("NavigatorEasy", 40000, seed=1)
    cells = cell_of(states, who)
    barriers = states.barriers.reshape(40000, -1)
    counts = np.array([barriers[cells == cell].sum(axis=0) for cell in range(64)])
    others = counts[~np.eye(64, dtype=bool)].reshape(64, 63)
    assert kit.is_uniform(others, inclusion=BARRIERS / 63)


def test_correction_4_player_and_treasure_are_independent():
    states = kit.fresh("NavigatorEasy", 40000, seed=1)
    pairs = cell_of(states, "treasure") * 64 + cell_of(states, "agent")
    counts = np.bincount(pairs, minlength=64 * 64).reshape(64, 64)
    assert kit.is_uniform(counts[~np.eye(64, dtype=bool)])


def test_barriers_are_as_close_to_each_other_as_chance_has_it():
    """Pairs of barriers at each distance in a row, against exact counts."""
    n, count = 8, 20000
    barriers = kit.fresh("NavigatorEasy", count, seed=2).barriers
    chance = BARRIERS * (BARRIERS - 1) / (n**2 * (n**2 - 1))
    for gap in range(1, n):
        pairs = (barriers[:, :, gap:] & barriers[:, :, :-gap]).sum()
        expected = count * n * (n - gap) * chance
        assert abs(pairs - expected) < 5.5 * np.sqrt(expected)


# Pictures.


def decode(env_id, pictures):
    """Names of all cells and the score, from pictures alone."""
    n, size = LEVELS[env_id].n, pictures.shape[1]
    states = kit.put(
        kit.fresh(env_id, 4),
        time=np.full(4, 5),
        agent_x=np.array([0, 0, 0, 1]),
        agent_y=np.array([0, 0, 0, 1]),
        treasure_x=np.array([0, 0, 1, 0]),
        treasure_y=np.array([0, 0, 1, 0]),
        barriers=np.array([board(n), board(n, (1, 1)), board(n), board(n)]),
    )
    samples = kit.cut(kit.frames(env_id, states, size=size), field(n), n, n)
    names = (BLANK, BARRIER, TREASURE, PLAYER)
    looks = kit.table(zip(names, samples[:, 1, 1], strict=True))
    named = kit.read(kit.cut(pictures, field(n), n, n), looks)
    return named, kit.read_scores(env_id, pictures, 100)


def expected_cells(states, *, has_map):
    cells = np.where(states.barriers & has_map[:, None, None], BARRIER, BLANK)
    shown = lanes(states)[has_map]
    cells[shown, states.treasure_y[shown], states.treasure_x[shown]] = TREASURE
    cells[lanes(states), states.agent_y, states.agent_x] = PLAYER
    return cells


@every_level
@kit.both_sizes
def test_full_view_can_be_read_back_from_the_pixels(env_id, size):
    states = played(env_id)
    named, score = decode(env_id, kit.frames(env_id, states, size=size))
    has_map = np.full(len(named), True)
    assert np.array_equal(named, expected_cells(states, has_map=has_map))
    assert np.array_equal(score, states.score)


@every_level
def test_partial_view_shows_the_map_in_the_first_picture_only(env_id):
    states = played(env_id)
    has_map = states.time == 0
    assert has_map.any()
    named, score = decode(env_id, kit.frames(env_id, states, partial=True))
    assert np.array_equal(named, expected_cells(states, has_map=has_map))
    assert np.array_equal(score, states.score)


@every_level
def test_partial_view_hides_barriers_treasure_and_time(env_id):
    rules, states = LEVELS[env_id], played(env_id)
    states = kit.put(states, time=states.time.clip(min=1))
    count, n = len(states.time), rules.n
    for seed in range(3):
        rng = np.random.default_rng(seed)
        others = kit.put(
            states,
            time=rng.integers(1, rules.limit, count),
            barriers=rng.random((count, n, n)) < 0.3,
            treasure_x=rng.integers(0, n, count),
            treasure_y=rng.integers(0, n, count),
        )
        assert kit.look_equal(env_id, states, others)


@every_level
def test_time_is_hidden_in_the_full_view(env_id):
    rules, states = LEVELS[env_id], played(env_id)
    times = np.random.default_rng(0).integers(0, rules.limit, len(states.time))
    others = kit.put(states, time=times)
    assert kit.look_equal(env_id, states, others, partial=False)


@every_level
def test_the_first_picture_is_the_same_in_both_views(env_id):
    assert kit.views_agree(env_id, kit.fresh(env_id, 64))


@every_level
def test_the_player_covers_what_is_under_it(env_id):
    n = LEVELS[env_id].n
    states = kit.put(
        kit.fresh(env_id, 2),
        agent_x=np.array([2, 2]),
        agent_y=np.array([3, 3]),
        treasure_x=np.array([2, 2]),
        treasure_y=np.array([3, 3]),
        barriers=np.array([board(n), board(n, (3, 2))]),
    )
    bare, covered = kit.frames(env_id, states)
    assert np.array_equal(bare, covered)


# Players.

SOLVER = player.plan


def crash_late(state, params):
    """Wastes all steps but the last and then walks into a barrier below, if any."""
    row = np.arange(params.size, dtype=np.int32)
    below = (row[:, None] == state.agent_y + 1) & (row[None] == state.agent_x)
    is_last = state.time == params.max_steps - 1
    walks = is_last & jnp.any(state.barriers & below)
    return jnp.where(walks, Move.DOWN, Move.FIRE)


ADVERSARY = rollout.closed_loop(crash_late)


@pytest.mark.slow
@every_level
def test_shortest_ways_return_the_mean_of_the_table(env_id):
    """The table leaves out the boards without a way, 0.3 % of the small ones.

    They return -0.5 and would lower the mean of the small boards by 0.005.
    """
    rules = LEVELS[env_id]
    summary = kit.episodes(env_id, SOLVER, 4000)
    found = summary.terminated
    assert found.mean() > 0.99
    assert abs(summary.total[found].mean() - rules.reach) < 0.006
    assert abs(summary.length[found].mean() - 1 - rules.steps) < 0.15
    expected = 1 + (summary.length[found] - 1) * rules.step
    np.testing.assert_allclose(summary.total[found], expected, atol=1e-5)


@every_level
def test_crashing_in_the_last_step_stays_within_the_bounds(env_id):
    worst = kit.episodes(env_id, ADVERSARY, 256).total
    bound = -0.5 + LEVELS[env_id].step * (LEVELS[env_id].limit - 1)
    np.testing.assert_allclose(worst.min(), bound, atol=1e-5)
    assert worst.min() > -1


@every_level
def test_firing_for_ever_returns_minus_one_half(env_id):
    totals = kit.follow(env_id, kit.constant_actions(env_id, Move.FIRE, 512)).total
    np.testing.assert_allclose(totals, -0.5, atol=1e-5)


@every_level
def test_random_play_agrees_with_the_table(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(env_id, rules.random, rules.sd, worst=-1)
