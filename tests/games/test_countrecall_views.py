"""What the pictures of CountRecall show and hide, against its rule page."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from tests.games import kit
from tests.games.cards import CARD_LEFT, CARD_RIGHT, HISTORY, NO_CARD
from tests.games.countrecall_kit import HARD, LEVELS, every_level
from tests.players import countrecall as player

COUNTER = (1, 62, 16, 10)


def played(env_id, count=1024):
    states = kit.reachable(env_id, player.act, lanes=32, chance=0.6)
    return jax.tree.map(lambda leaf: leaf[:count], states)


def hidden_changed(states, suits, *, partial, seed=2):
    """Other values for all that a view hides; the cards stay legal suits."""
    random = np.random.default_rng(seed)
    answered = states.num_answered
    lanes, n = states.value_cards.shape
    index = np.arange(n)
    others = random.integers(0, suits, (2, lanes, n))
    shown_until = answered[:, None]
    first_kept = answered if partial else np.zeros_like(answered)
    is_kept = (index >= first_kept[:, None]) & (index <= shown_until)
    values = np.where(is_kept, states.value_cards, others[0])
    queries = np.where(index == shown_until, states.query_cards, others[1])
    if partial:  # the present card may be any in the row
        lane, moved = np.arange(lanes), random.integers(0, n, lanes)
        values[lane, moved] = values[lane, answered]
        queries[lane, moved] = queries[lane, answered]
        answered = moved
    return kit.put(
        states,
        time=random.integers(1, 100 + n, lanes),
        num_answered=answered,
        value_cards=values,
        query_cards=queries,
        seen_counts=random.integers(0, 20, states.seen_counts.shape),
    )


@every_level
@pytest.mark.parametrize("partial", [True, False])
def test_no_view_depends_on_what_it_hides(env_id, partial):
    suits = LEVELS[env_id].suits
    for states in (played(env_id, 256), kit.fresh(env_id, 64)):
        changed = hidden_changed(states, suits, partial=partial)
        assert kit.look_equal(env_id, states, changed, partial=partial)


@every_level
def test_full_view_tells_every_card_that_was_dealt(env_id):
    n, suits = LEVELS[env_id].n, LEVELS[env_id].suits
    states = kit.put(kit.fresh(env_id, n - 1), num_answered=np.full(n - 1, n - 1))
    cards = states.value_cards
    flips = np.eye(n, dtype=bool)[: n - 1]
    flipped = kit.put(states, value_cards=np.where(flips, (cards + 1) % suits, cards))
    differs = kit.frames(env_id, states) != kit.frames(env_id, flipped)
    assert np.all(np.any(differs, axis=(1, 2, 3)))


def looks(env_id, size, *, partial):
    """Tables of the cells: history, card, query and counter."""
    rules = LEVELS[env_id]
    suits = np.arange(rules.suits)
    cards = np.repeat(suits[:, None], rules.n, axis=1)
    start = kit.put(
        kit.fresh(env_id, rules.suits), value_cards=cards, query_cards=cards
    )
    full = kit.put(start, num_answered=np.full(rules.suits, rules.n))
    first, last = (
        kit.frames(env_id, states, partial=partial, size=size)
        for states in (start, full)
    )
    numbers = np.arange(rules.top + 1)
    counted = kit.put(kit.fresh(env_id, rules.top + 1), counter=numbers)
    counters = kit.frames(env_id, counted, partial=partial, size=size)
    in_history = [(NO_CARD, kit.cut(first, HISTORY, 9, 9)[0, 0, 0])]
    if not partial:
        cells = kit.cut(last, HISTORY, 9, 9).reshape(rules.suits, 81, -1)
        in_history += [
            (suit, cell) for suit in suits for cell in cells[suit, : rules.n]
        ]

    def card_table(field):
        pairs = zip(suits, kit.cut(first, field, 1, 1)[:, 0, 0], strict=True)
        return kit.table([(NO_CARD, kit.cut(last, field, 1, 1)[0, 0, 0]), *pairs])

    shown = kit.cut(counters, COUNTER, 1, 1)[:, 0, 0]
    return SimpleNamespace(
        history=kit.table(in_history),
        value=card_table(CARD_LEFT),
        query=card_table(CARD_RIGHT),
        counter=kit.table(zip(numbers, shown, strict=True)),
    )


def assert_read(env_id, states, pictures, tables):
    """Reads what both views show."""
    lane, index = np.arange(len(states.time)), states.num_answered
    for field, looks_of, want in (
        (CARD_LEFT, tables.value, states.value_cards[lane, index]),
        (CARD_RIGHT, tables.query, states.query_cards[lane, index]),
        (COUNTER, tables.counter, states.counter),
    ):
        seen = kit.read(kit.cut(pictures, field, 1, 1), looks_of)[:, 0, 0]
        np.testing.assert_array_equal(seen, want)
    scores = kit.read_scores(env_id, pictures, LEVELS[env_id].n)
    np.testing.assert_array_equal(scores, states.score)


@pytest.mark.parametrize(
    ("env_id", "size"), [*((env_id, 128) for env_id in LEVELS), kit.larger(HARD)]
)
def test_every_visible_field_is_read_from_the_full_view(env_id, size):
    rules = LEVELS[env_id]
    states = played(env_id)
    pictures = kit.frames(env_id, states, size=size)
    tables = looks(env_id, size, partial=False)
    assert_read(env_id, states, pictures, tables)
    cells = kit.read(kit.cut(pictures, HISTORY, 9, 9), tables.history)
    cells = cells.reshape(-1, 81)
    num_answered = (cells != NO_CARD).sum(axis=1)
    np.testing.assert_array_equal(num_answered, states.num_answered)
    is_dealt = np.arange(rules.n) < num_answered[:, None]
    want = np.where(is_dealt, states.value_cards, NO_CARD)
    np.testing.assert_array_equal(cells[:, : rules.n], want)
    seen = (cells[..., None] == np.arange(rules.suits)).sum(axis=1)
    np.testing.assert_array_equal(seen, states.seen_counts)


@kit.both_sizes
def test_visible_fields_are_read_from_the_partial_view(size):
    states = played(HARD)
    pictures = kit.frames(HARD, states, partial=True, size=size)
    tables = looks(HARD, size, partial=True)
    assert_read(HARD, states, pictures, tables)
    cells = kit.read(kit.cut(pictures, HISTORY, 9, 9), tables.history)
    assert np.all(cells == NO_CARD)


@pytest.mark.parametrize(
    "size", [64, 84, *(pytest.param(s, marks=pytest.mark.slow) for s in (96, 192))]
)
def test_every_counter_looks_different_in_every_frame_size(size):
    counted = kit.put(kit.fresh("CountRecallMedium", 27), counter=np.arange(27))
    pictures = kit.frames("CountRecallMedium", counted, size=size)
    assert len({picture.tobytes() for picture in pictures}) == 27


@pytest.mark.quick
@pytest.mark.parametrize("partial", [False, True])
def test_both_views_write_the_counter_with_its_tens_first(partial):
    counter = np.arange(21)
    states = kit.put(kit.fresh(HARD, 21), counter=counter)
    pictures = kit.frames(HARD, states, partial=partial)
    tens, ones = kit.cut(pictures, COUNTER, 1, 2)[:, 0].swapaxes(0, 1)
    for digit, written in ((counter // 10, tens), (counter % 10, ones)):
        looks = kit.table(zip(digit, written, strict=True))
        assert len(looks) == len(set(digit))
