"""AutoEncode against its rule page. Numbers are those of the page, not of the code."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from jax_core.game import Move
from jax_core.games._cards import shuffle_suits
from tests.compiling import jit_plainly
from tests.games import kit
from tests.games.autoencode_kit import EASY, LEVELS, every_level
from tests.games.cards import CLUB, DIAMOND, HEART, SPADE
from tests.players import autoencode as player
from tests.players import rollout

PERFECT = rollout.closed_loop(player.act)
WRONG = rollout.closed_loop(player.act_badly)


def row_of(env_id, suit=HEART):
    return np.full(LEVELS[env_id].n, suit)


def recall(env_id, action, **fields):
    """A step some time after the last card; all cards are clubs."""
    n = LEVELS[env_id].n
    defaults = {"time": n + 5, "cards": row_of(env_id, CLUB), "num_answered": 3}
    return kit.one_step(env_id, action, **(defaults | fields))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.num_cards, params.max_steps) == (rules.n, rules.limit)
    assert kit.fresh(env_id, 1).cards.shape == (1, rules.n)


@every_level
def test_an_episode_starts_with_all_cards_and_nothing_else(env_id):
    n = LEVELS[env_id].n
    states = kit.fresh(env_id, 64)
    want = np.sort(np.arange(n) % 4)
    np.testing.assert_array_equal(
        np.sort(states.cards, axis=1), np.broadcast_to(want, (64, n))
    )
    for name in ("time", "score", "selected_suit", "num_answered"):
        assert not np.any(getattr(states, name)), name


def test_every_order_of_a_few_cards_is_equally_likely():
    """Chi-square over all 90 orders of 6 cards, two of each suit."""
    uniforms = jax.random.uniform(jax.random.key(3), (45_000, 6))
    shuffled = jit_plainly(jax.vmap(lambda row: shuffle_suits(row, 3)))(uniforms)
    orders = sorted(set(itertools.permutations([0, 0, 1, 1, 2, 2])))
    codes = np.asarray(shuffled).astype(int) @ 3 ** np.arange(6)
    names = np.array(orders) @ 3 ** np.arange(6)
    counts = (codes[:, None] == names).sum(axis=0)
    assert counts.sum() == 45_000
    assert kit.is_uniform(counts)


@pytest.mark.parametrize(("cards", "suits"), [(26, 1), (16, 2), (17, 3), (78, 4)])
def test_gpus_deal_the_same_cards(cards, suits, monkeypatch):
    """Their form, run on the CPU; words of 16 suits that are full, or nearly empty."""
    uniforms = jax.random.uniform(jax.random.key(4), (100, cards))

    def shuffled():
        return jit_plainly(jax.vmap(lambda row: shuffle_suits(row, suits)))(uniforms)

    on_cpus = shuffled()
    monkeypatch.setattr(
        jax.lax, "platform_dependent", lambda *args, cpu, default: default(*args)
    )
    on_gpus = shuffled()
    assert on_gpus.dtype == on_cpus.dtype
    assert np.array_equal(on_gpus, on_cpus)


@every_level
def test_every_place_has_every_suit_as_often_as_the_cards_allow(env_id):
    """Chi-square of neighbours: first two, middle two, last two cards."""
    n = LEVELS[env_id].n
    cards = np.asarray(kit.fresh(env_id, 20_000, seed=1).cards).astype(int)
    of_suit = np.bincount(np.arange(n) % 4)
    pairs = of_suit[:, None] * of_suit - np.diag(of_suit)
    for place in (0, n // 2, n - 2):
        codes = 4 * cards[:, place] + cards[:, place + 1]
        counts = np.bincount(codes, minlength=16)
        expected = pairs.ravel() / pairs.sum() * len(cards)
        assert stats.chisquare(counts, expected).pvalue > kit.FALSE_ALARM / 3


@pytest.mark.parametrize("time", [0, 10, 26, 40])
@pytest.mark.parametrize(
    ("move", "selected", "after"),
    [
        (Move.LEFT, HEART, SPADE),
        (Move.LEFT, DIAMOND, HEART),
        (Move.RIGHT, HEART, DIAMOND),
        (Move.RIGHT, CLUB, SPADE),
        (Move.UP, CLUB, CLUB),
        (Move.DOWN, CLUB, CLUB),
        (Move.FIRE, CLUB, CLUB),
    ],
)
def test_left_is_the_next_suit_and_right_the_one_before(time, move, selected, after):
    result = kit.one_step(EASY, move, time=time, selected_suit=selected)
    assert result.selected_suit == after


@pytest.mark.quick
@every_level
def test_a_right_answer_pays_one_over_n(env_id):
    n = LEVELS[env_id].n
    result = recall(env_id, Move.FIRE, selected_suit=CLUB, score=2)
    assert result.reward == np.float32(1 / n)
    assert (result.score, result.num_answered) == (3, 4)
    assert (result.selected_suit, result.time) == (CLUB, n + 6)
    assert not result.terminated


@every_level
def test_a_wrong_answer_counts_and_pays_nothing(env_id):
    result = recall(env_id, Move.FIRE, selected_suit=SPADE, score=2)
    assert (result.reward, result.score, result.num_answered) == (0, 2, 4)
    assert not result.terminated


@every_level
@pytest.mark.parametrize("answered", [0, 1, 7, 25])
def test_the_last_card_is_asked_for_first(env_id, answered):
    n = LEVELS[env_id].n
    cards = row_of(env_id, SPADE)
    cards[n - 1 - answered] = DIAMOND
    fields = {"cards": cards, "num_answered": answered}
    assert recall(env_id, Move.FIRE, selected_suit=DIAMOND, **fields).score == 1
    assert recall(env_id, Move.FIRE, selected_suit=SPADE, **fields).score == 0


@every_level
@pytest.mark.parametrize("time_left", [1, 2, 20])
def test_answers_do_nothing_while_cards_are_shown(env_id, time_left):
    time = LEVELS[env_id].n - time_left
    result = kit.one_step(env_id, Move.FIRE, time=time, cards=row_of(env_id))
    assert (result.reward, result.score, result.num_answered) == (0, 0, 0)
    assert result.time == time + 1


@every_level
def test_answers_count_from_the_first_step_without_a_card(env_id):
    n = LEVELS[env_id].n
    result = kit.one_step(env_id, Move.FIRE, time=n, cards=row_of(env_id))
    assert (result.reward, result.num_answered) == (np.float32(1 / n), 1)


@every_level
def test_the_step_limit_truncates_and_keeps_the_reward(env_id):
    n, limit = LEVELS[env_id].n, LEVELS[env_id].limit
    before = recall(env_id, Move.FIRE, time=limit - 2, selected_suit=CLUB)
    assert not before.truncated
    last = recall(env_id, Move.FIRE, time=limit - 1, selected_suit=CLUB)
    assert (last.truncated, last.terminated) == (True, False)
    assert last.reward == np.float32(1 / n)


@every_level
def test_correction_1_all_five_actions_are_declared(env_id):
    env, _ = kit.make(env_id)
    assert env.action_space().n == 5


@every_level
@pytest.mark.parametrize("selected", [CLUB, SPADE])
def test_correction_2_the_last_answer_ends_the_episode(env_id, selected):
    n = LEVELS[env_id].n
    last = recall(env_id, Move.FIRE, num_answered=n - 1, selected_suit=selected)
    assert (last.terminated, last.truncated, last.num_answered) == (True, False, n)
    before = recall(env_id, Move.FIRE, num_answered=n - 2, selected_suit=selected)
    assert not before.terminated


@every_level
def test_correction_2_the_episode_may_end_in_both_ways_at_once(env_id):
    n, limit = LEVELS[env_id].n, LEVELS[env_id].limit
    last = recall(env_id, Move.FIRE, num_answered=n - 1, time=limit - 1)
    assert (last.terminated, last.truncated) == (True, True)


@every_level
@pytest.mark.parametrize("move", [Move.UP, Move.DOWN, Move.LEFT, Move.RIGHT])
def test_correction_3_only_fire_answers(env_id, move):
    for time in (LEVELS[env_id].n, LEVELS[env_id].n + 9):
        for selected in range(4):
            result = kit.one_step(env_id, move, time=time, selected_suit=selected)
            assert (result.reward, result.score, result.num_answered) == (0, 0, 0)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.sampled_from(list(Move)), min_size=1, max_size=40),
)
def test_cards_never_change_and_answers_are_counted(seed, actions):
    states = kit.put(kit.fresh(EASY, 1, seed=seed), time=[20])
    cards, num_answered, score = np.asarray(states.cards), 0, 0
    for time, action in enumerate(actions, start=20):
        answers = action == Move.FIRE and time >= 26
        result = kit.step(EASY, states, action)
        suit, asked = int(states.selected_suit[0]), cards[0, 25 - num_answered]
        score += answers and suit == asked
        num_answered += answers
        states = result.state
        assert states.num_answered[0] == num_answered
        assert states.score[0] == score
        np.testing.assert_array_equal(states.cards, cards)
        if result.terminated[0]:
            assert num_answered == 26
            break


@every_level
def test_perfect_memory_earns_one_in_every_episode(env_id):
    summary = kit.episodes(env_id, PERFECT, 256)
    np.testing.assert_allclose(summary.total, 1.0, atol=1e-5)
    assert summary.terminated.all()
    assert not summary.truncated.any()
    assert summary.length.max() <= 4 * LEVELS[env_id].n


@pytest.mark.slow
@every_level
def test_correction_2_no_return_leaves_its_bounds(env_id):
    limit = LEVELS[env_id].limit
    wrong = kit.episodes(env_id, WRONG, 64)
    assert np.all(wrong.total == 0)
    assert wrong.terminated.all()
    firing = kit.follow(env_id, kit.constant_actions(env_id, Move.FIRE, 512))
    assert firing.total.min() >= -1e-5
    assert firing.total.max() <= 1 + 1e-5
    assert np.all(firing.length == 2 * LEVELS[env_id].n)
    idle = kit.follow(env_id, kit.constant_actions(env_id, Move.UP, 512))
    assert np.all(idle.total == 0)
    assert np.all((idle.length == limit) & idle.truncated & ~idle.terminated)


@every_level
def test_random_play_earns_what_the_rule_page_says(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(env_id, rules.random, rules.deviation, worst=0)
