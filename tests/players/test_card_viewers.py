"""Players of the games of cards, who see the partial view."""

import numpy as np

from tests.players import autoencode_views, countrecall_views
from tests.players.kit import every_level, read, watched


def test_cards_of_autoencode_are_read():
    played = watched("AutoEncodeEasy", autoencode_views.REMEMBERING)
    table, states = read("AutoEncodeEasy", played, autoencode_views.read)
    lanes, time = np.arange(len(states.time)), states.time
    present = states.cards[lanes, time.clip(max=25)]
    assert np.array_equal(table.shown, np.where(time < 26, present, -1))
    assert np.array_equal(table.selected, states.selected_suit)
    assert set(table.shown) == {-1, 0, 1, 2, 3}


def test_cards_and_counter_of_countrecall_are_read():
    played = watched("CountRecallEasy", countrecall_views.REMEMBERING)
    table, states = read("CountRecallEasy", played, countrecall_views.read)
    lanes, card = np.arange(len(states.time)), states.num_answered.clip(max=25)
    is_open = states.num_answered < 26
    for shown, cards in (
        (table.value, states.value_cards),
        (table.query, states.query_cards),
    ):
        assert np.array_equal(shown, np.where(is_open, cards[lanes, card], -1))
    assert np.array_equal(table.counter, states.counter)
    assert table.counter.max() >= 10  # two digits


@every_level
def test_who_remembers_the_cards_names_all(level):
    played = watched(f"AutoEncode{level}", autoencode_views.REMEMBERING)
    np.testing.assert_allclose(played.total[:, -1], 1.0, atol=1e-5)


@every_level
def test_who_counts_knows_every_count_and_answers_every_question(level):
    played = watched(f"CountRecall{level}", countrecall_views.REMEMBERING)
    state, notes = played.state, played.memory
    going = ~played.done  # the memory does not see the last action
    assert np.array_equal(notes.counts[going], state.seen_counts[going])
    assert np.array_equal(notes.num_answered[going], state.num_answered[going])
    assert np.array_equal(notes.time[going], state.time[going])
    assert np.all(state.num_answered[:, -1] == state.value_cards.shape[-1])
    if level == "Easy":
        np.testing.assert_allclose(played.total[:, -1], 1.0, atol=1e-5)
