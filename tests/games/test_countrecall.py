"""CountRecall against its rule page. Numbers are those of the page, not of the code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from jax_core.game import Move
from tests.compiling import jit_plainly
from tests.games import kit
from tests.games.cards import HEART, SPADE
from tests.games.countrecall_kit import EASY, LEVELS, every_level
from tests.players import countrecall as player
from tests.players import rollout

CAREFUL = rollout.closed_loop(player.act)
WRONG = rollout.closed_loop(player.act_badly)


def row_of(env_id, suit=HEART):
    return np.full(LEVELS[env_id].n, suit)


def counts(env_id, hearts, spades):
    return np.array([hearts, spades, 0, 0])[: LEVELS[env_id].suits]


def ask(env_id, action, **fields):
    """A step at a heart, asked for spades, after three hearts and five spades."""
    defaults = {
        "time": 40,
        "score": 2,
        "num_answered": 8,
        "counter": 5,
        "value_cards": row_of(env_id, HEART),
        "query_cards": row_of(env_id, SPADE),
        "seen_counts": counts(env_id, 3, 5),
    }
    return kit.one_step(env_id, action, **(defaults | fields))


@every_level
def test_constants_are_those_of_the_rule_page(env_id):
    params, rules = kit.make(env_id)[1], LEVELS[env_id]
    assert (params.num_cards, params.num_suits) == (rules.n, rules.suits)
    assert (params.max_steps, params.max_counter) == (rules.limit, rules.top)
    states = kit.fresh(env_id, 1)
    assert states.value_cards.shape == states.query_cards.shape == (1, rules.n)
    assert states.seen_counts.shape == (1, rules.suits)


@every_level
def test_an_episode_starts_with_two_shuffled_decks_and_nothing_else(env_id):
    rules = LEVELS[env_id]
    states = kit.fresh(env_id, 64)
    want = np.broadcast_to(np.sort(np.arange(rules.n) % rules.suits), (64, rules.n))
    for name in ("value_cards", "query_cards"):
        np.testing.assert_array_equal(np.sort(getattr(states, name), axis=1), want)
    for name in ("time", "score", "num_answered", "counter", "seen_counts"):
        assert not np.any(getattr(states, name)), name


@every_level
def test_cards_and_queries_are_fair_and_independent(env_id):
    """Chi-square of card with query, and of neighbours, at three places each."""
    rules = LEVELS[env_id]
    states = kit.fresh(env_id, 20_000, seed=1)
    cards, queries = (
        np.asarray(row).astype(int) for row in (states.value_cards, states.query_cards)
    )
    of_suit = np.bincount(np.arange(rules.n) % rules.suits)
    independent = np.outer(of_suit, of_suit)
    neighbours = independent - np.diag(of_suit)

    def fits(first, second, chances):
        codes = rules.suits * first + second
        expected = chances.ravel() / chances.sum() * len(codes)
        seen = np.bincount(codes, minlength=rules.suits**2)
        return stats.chisquare(seen, expected).pvalue > kit.FALSE_ALARM / 9

    for place in (0, rules.n // 2, rules.n - 2):
        assert fits(cards[:, place], queries[:, place], independent)
        assert fits(cards[:, place], cards[:, place + 1], neighbours)
        assert fits(queries[:, place], queries[:, place + 1], neighbours)


@every_level
@pytest.mark.parametrize(
    ("move", "before", "after"),
    [
        (Move.UP, 0, 1),
        (Move.UP, 7, 8),
        (Move.DOWN, 7, 6),
        (Move.DOWN, 1, 0),
        (Move.LEFT, 7, 7),
        (Move.RIGHT, 7, 7),
        (Move.FIRE, 7, 7),
    ],
)
def test_up_and_down_move_the_counter_by_one(env_id, move, before, after):
    result = ask(env_id, move, counter=before)
    assert result.counter == after
    assert result.time == 41


@every_level
@pytest.mark.parametrize("move", [Move.UP, Move.DOWN, Move.LEFT, Move.RIGHT])
def test_moves_of_the_counter_answer_nothing(env_id, move):
    result = ask(env_id, move)
    assert (result.reward, result.score, result.num_answered) == (0, 2, 8)
    np.testing.assert_array_equal(result.seen_counts, counts(env_id, 3, 5))
    assert not result.terminated


@pytest.mark.quick
@every_level
def test_a_right_answer_pays_one_over_n(env_id):
    result = ask(env_id, Move.FIRE)
    assert result.reward == np.float32(1 / LEVELS[env_id].n)
    assert (result.score, result.num_answered, result.counter) == (3, 9, 5)
    assert not result.terminated


@every_level
@pytest.mark.parametrize("counter", [0, 3, 4, 6])
def test_a_wrong_answer_deals_the_next_card_and_pays_nothing(env_id, counter):
    result = ask(env_id, Move.FIRE, counter=counter)
    assert (result.reward, result.score, result.num_answered) == (0, 2, 9)
    assert result.counter == counter


@every_level
@pytest.mark.parametrize(("suit", "after"), [(HEART, (4, 5)), (SPADE, (3, 6))])
def test_every_answer_counts_the_present_card(env_id, suit, after):
    cards = row_of(env_id, 1 - suit)
    cards[8] = suit
    for counter in (5, 9):
        result = ask(env_id, Move.FIRE, value_cards=cards, counter=counter)
        np.testing.assert_array_equal(result.seen_counts, counts(env_id, *after))


@every_level
def test_the_present_card_is_no_part_of_its_own_question(env_id):
    cards = row_of(env_id, SPADE)  # asked for spades, at a spade
    assert ask(env_id, Move.FIRE, value_cards=cards, counter=5).score == 3
    assert ask(env_id, Move.FIRE, value_cards=cards, counter=6).score == 2


@every_level
def test_the_first_answer_is_always_zero(env_id):
    states = kit.fresh(env_id, 64)
    assert np.all(kit.step(env_id, states, Move.FIRE).reward > 0)
    off_by_one = kit.put(states, counter=np.ones(64))
    assert np.all(kit.step(env_id, off_by_one, Move.FIRE).reward == 0)


@every_level
def test_the_question_is_the_one_of_the_present_card(env_id):
    queries = row_of(env_id, SPADE)
    queries[8] = HEART
    assert ask(env_id, Move.FIRE, query_cards=queries, counter=3).score == 3
    assert ask(env_id, Move.FIRE, query_cards=queries, counter=5).score == 2


@every_level
@pytest.mark.parametrize("counter", [5, 6])
def test_the_last_answer_ends_the_episode(env_id, counter):
    n = LEVELS[env_id].n
    before = ask(env_id, Move.FIRE, num_answered=n - 2, counter=counter)
    assert not before.terminated
    last = ask(env_id, Move.FIRE, num_answered=n - 1, counter=counter)
    assert (last.terminated, last.truncated, last.num_answered) == (True, False, n)
    assert last.reward == np.float32(1 / n if counter == 5 else 0)


@every_level
def test_the_step_limit_truncates_and_keeps_the_reward(env_id):
    n, limit = LEVELS[env_id].n, LEVELS[env_id].limit
    assert not ask(env_id, Move.FIRE, time=limit - 2).truncated
    last = ask(env_id, Move.FIRE, time=limit - 1)
    assert (last.terminated, last.truncated) == (False, True)
    assert last.reward == np.float32(1 / n)
    both = ask(env_id, Move.FIRE, time=limit - 1, num_answered=n - 1)
    assert (both.terminated, both.truncated) == (True, True)


@every_level
def test_correction_1_the_counter_stays_in_its_range(env_id):
    top = LEVELS[env_id].top
    assert ask(env_id, Move.DOWN, counter=0).counter == 0
    assert ask(env_id, Move.UP, counter=top - 1).counter == top
    assert ask(env_id, Move.UP, counter=top).counter == top


@every_level
def test_correction_1_an_answer_at_the_bound_can_be_right(env_id):
    top = LEVELS[env_id].top
    fields = {"counter": top, "seen_counts": counts(env_id, 0, top)}
    assert ask(env_id, Move.FIRE, **fields).score == 3


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.sampled_from(list(Move)), min_size=1, max_size=50),
)
def test_seen_counts_are_those_of_the_cards_answered(seed, actions):
    states = kit.fresh(EASY, 1, seed=seed)
    cards, queries = states.value_cards[0], states.query_cards[0]
    score = 0
    for action in actions:
        index, counter = int(states.num_answered[0]), int(states.counter[0])
        before = np.bincount(cards[:index], minlength=2)
        score += action == Move.FIRE and before[queries[index]] == counter
        result = kit.step(EASY, states, action)
        states = result.state
        seen = np.bincount(cards[: states.num_answered[0]], minlength=2)
        np.testing.assert_array_equal(states.seen_counts[0], seen)
        assert states.score[0] == score
        assert 0 <= states.counter[0] <= 13
        if result.terminated[0]:
            break


def test_the_choice_of_questions_is_best():
    """Against trying all sets of questions, for short deals with few moves."""
    random = np.random.default_rng(0)
    choose = jit_plainly(lambda targets: player.best_choice(targets, 5, 7))
    sets = (np.arange(2**8)[:, None] >> np.arange(8)) & 1 == 1
    for _ in range(20):
        targets = random.integers(0, 6, 8).astype(np.int32)
        best = 0
        for chosen in sets:
            moves = np.abs(np.diff(targets[chosen], prepend=0)).sum()
            best = max(best, chosen.sum() if moves <= 7 else 0)
        chosen = np.asarray(choose(targets))
        assert chosen.sum() == best
        assert np.abs(np.diff(targets[chosen], prepend=0)).sum() <= 7


@every_level
def test_the_best_player_earns_what_the_rule_page_says(env_id):
    """1,000 deals; the mean of the page is rounded to a hundredth."""
    summary = kit.episodes(env_id, player.plan, 1000)
    assert abs(summary.total.mean() - LEVELS[env_id].best) < 0.006
    assert summary.total.max() <= 1 + 1e-5
    assert summary.terminated.all()


@pytest.mark.slow
@every_level
def test_no_return_leaves_its_bounds(env_id):
    rules = LEVELS[env_id]
    wrong = kit.episodes(env_id, WRONG, 256)
    assert np.all(wrong.total == 0)
    assert wrong.terminated.all()
    careful = kit.episodes(env_id, CAREFUL, 256)
    assert careful.total.max() <= 1 + 1e-5
    assert np.all(careful.length <= rules.limit)
    idle = kit.follow(env_id, kit.constant_actions(env_id, Move.UP, 1024))
    assert np.all(idle.total == 0)
    assert np.all((idle.length == rules.limit) & idle.truncated & ~idle.terminated)


@every_level
def test_random_play_earns_what_the_rule_page_says(env_id):
    rules = LEVELS[env_id]
    kit.assert_random_play_earns(env_id, rules.random, rules.deviation, worst=0)
