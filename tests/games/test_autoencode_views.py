"""What the pictures of AutoEncode show and hide, against its rule page."""

import itertools
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from tests.games import kit
from tests.games.autoencode_kit import EASY, LEVELS, every_level
from tests.games.cards import CARD_LEFT, CARD_RIGHT, HISTORY, NO_CARD
from tests.players import autoencode as player


def played(env_id, count=1024):
    states = kit.reachable(env_id, player.act, lanes=16)
    return jax.tree.map(lambda leaf: leaf[:count], states)


def truth(states):
    """What the full view is to show: (present card, history padded to 81 cells)."""
    time, answered = np.asarray(states.time), np.asarray(states.num_answered)
    cards = np.asarray(states.cards)
    lanes, n = cards.shape
    is_watching = time < n
    present = np.where(
        is_watching, cards[np.arange(lanes), time.clip(max=n - 1)], NO_CARD
    )
    num_shown = np.where(is_watching, time, n - answered)
    padded = np.pad(cards, ((0, 0), (0, 81 - n)))
    return present, np.where(np.arange(81) < num_shown[:, None], padded, NO_CARD)


@every_level
def test_correction_4_the_full_view_takes_answered_cards_away(env_id):
    n = LEVELS[env_id].n
    states = kit.put(
        kit.fresh(env_id, n), time=np.full(n, n + 7), num_answered=np.arange(n)
    )
    leaves = kit.scene(env_id, states, partial=False)
    strips = [ids for ids in leaves if ids.shape[1:] in {(2, 9), (7, 9)}]
    ids = np.concatenate(strips, axis=1)
    assert ids.shape == (n, 9, 9)
    num_shown = (ids > 0).sum(axis=(1, 2))
    np.testing.assert_array_equal(num_shown, n - np.arange(n))
    pictures = kit.frames(env_id, states)
    assert len({picture.tobytes() for picture in pictures}) == n


def hidden_changed(states, seed=2):
    """Other values for all that the partial view hides."""
    random = np.random.default_rng(seed)
    time, cards = np.asarray(states.time), np.asarray(states.cards)
    lanes, n = cards.shape
    others = random.integers(0, 4, cards.shape)
    is_present = np.arange(n) == time[:, None]
    is_recall = time >= n
    return kit.put(
        states,
        cards=np.where(is_present, cards, others),
        num_answered=random.integers(0, n, lanes),
        time=np.where(is_recall, random.integers(n, 10 * n, lanes), time),
    )


@every_level
def test_partial_view_does_not_depend_on_what_it_hides(env_id):
    states = played(env_id, 256)
    assert np.any(states.time < LEVELS[env_id].n)
    assert np.any(states.time >= LEVELS[env_id].n)
    assert kit.look_equal(env_id, states, hidden_changed(states))


@pytest.mark.quick
@every_level
def test_partial_view_hides_the_cards_from_the_start(env_id):
    states = kit.fresh(env_id, 64)
    assert kit.look_equal(env_id, states, hidden_changed(states))


@every_level
def test_full_view_does_not_depend_on_cards_to_come(env_id):
    n = LEVELS[env_id].n
    states = played(env_id, 256)
    is_to_come = np.arange(n) > np.asarray(states.time)[:, None]
    others = np.random.default_rng(5).integers(0, 4, (256, n))
    changed = kit.put(states, cards=np.where(is_to_come, others, states.cards))
    assert kit.look_equal(env_id, states, changed, partial=False)


@every_level
def test_full_view_tells_every_shown_card(env_id):
    n = LEVELS[env_id].n
    shown = kit.put(kit.fresh(env_id, n), time=np.full(n, n))
    cards = np.asarray(shown.cards)
    flipped = np.where(np.eye(n, dtype=bool), (cards + 1) % 4, cards)
    before = kit.frames(env_id, shown, size=64)
    after = kit.frames(env_id, kit.put(shown, cards=flipped), size=64)
    assert np.all(np.any(before != after, axis=(1, 2, 3)))


def looks(env_id, size, *, partial):
    """Tables of the cells: history, present card, selected suit."""
    n = LEVELS[env_id].n
    suits = np.arange(4)
    one_suit = kit.put(kit.fresh(env_id, 4), cards=np.repeat(suits[:, None], n, axis=1))
    first = kit.put(one_suit, selected_suit=suits)
    full = kit.put(one_suit, time=np.full(4, n))
    first_frames = kit.frames(env_id, first, partial=partial, size=size)
    full_frames = kit.frames(env_id, full, partial=partial, size=size)
    cells = kit.cut(full_frames, HISTORY, 9, 9).reshape(4, 81, -1)
    empty = kit.cut(first_frames, HISTORY, 9, 9)[0, 0, 0]
    left = kit.cut(first_frames, CARD_LEFT, 1, 1)[:, 0, 0]
    right = kit.cut(first_frames, CARD_RIGHT, 1, 1)[:, 0, 0]
    no_card = kit.cut(full_frames, CARD_LEFT, 1, 1)[0, 0, 0]
    in_history = [(NO_CARD, empty)]
    if not partial:
        in_history += [(suit, cell) for suit in suits for cell in cells[suit, :n]]
    return SimpleNamespace(
        history=kit.table(in_history),
        left=kit.table([(NO_CARD, no_card), *zip(suits, left, strict=True)]),
        right=kit.table(zip(suits, right, strict=True)),
    )


@pytest.mark.parametrize(
    ("env_id", "size"), [*((env_id, 128) for env_id in LEVELS), kit.larger(EASY)]
)
def test_every_visible_field_is_read_from_the_full_view(env_id, size):
    states = played(env_id)
    pictures = kit.frames(env_id, states, size=size)
    tables = looks(env_id, size, partial=False)
    present, history = truth(states)
    scores = kit.read_scores(env_id, pictures, LEVELS[env_id].n)
    np.testing.assert_array_equal(scores, states.score)
    cells = kit.read(kit.cut(pictures, HISTORY, 9, 9), tables.history)
    np.testing.assert_array_equal(cells.reshape(-1, 81), history)
    left = kit.read(kit.cut(pictures, CARD_LEFT, 1, 1), tables.left)
    np.testing.assert_array_equal(left[:, 0, 0], present)
    right = kit.read(kit.cut(pictures, CARD_RIGHT, 1, 1), tables.right)
    np.testing.assert_array_equal(right[:, 0, 0], states.selected_suit)
    is_recall = left[:, 0, 0] == NO_CARD
    num_left = (cells != NO_CARD).sum(axis=(1, 2))
    answered = LEVELS[env_id].n - num_left[is_recall]
    np.testing.assert_array_equal(answered, np.asarray(states.num_answered)[is_recall])
    assert 100 < is_recall.sum() < 1000


@kit.both_sizes
def test_visible_fields_are_read_from_the_partial_view(size):
    states = played(EASY)
    pictures = kit.frames(EASY, states, partial=True, size=size)
    tables = looks(EASY, size, partial=True)
    scores = kit.read_scores(EASY, pictures, 26)
    np.testing.assert_array_equal(scores, states.score)
    left = kit.read(kit.cut(pictures, CARD_LEFT, 1, 1), tables.left)
    np.testing.assert_array_equal(left[:, 0, 0], truth(states)[0])
    right = kit.read(kit.cut(pictures, CARD_RIGHT, 1, 1), tables.right)
    np.testing.assert_array_equal(right[:, 0, 0], states.selected_suit)
    cells = kit.read(kit.cut(pictures, HISTORY, 9, 9), tables.history)
    assert np.all(cells == NO_CARD)


@pytest.mark.parametrize("size", [64, 84])
def test_suits_differ_in_shape_and_in_grey_in_small_frames(size):
    suits = np.arange(4)
    cards = np.repeat(suits[:, None], 26, axis=1)
    states = kit.put(
        kit.fresh(EASY, 4), cards=cards, selected_suit=suits, time=[25] * 4
    )
    pictures = kit.frames(EASY, states, size=size).astype(float)
    grey = pictures @ np.array([0.299, 0.587, 0.114])
    scale = size / 128
    paper, table = grey[0, round(20 * scale), round(2 * scale)], grey[0, -20, size // 2]
    for (x, y, width, height), ground in (
        (CARD_LEFT, paper),
        (CARD_RIGHT, paper),
        (HISTORY, table),
    ):
        top, bottom, left, right = (
            int(edge * scale + 0.5) for edge in (y, y + height, x, x + width)
        )
        part = grey[:, top:bottom, left:right]
        shapes = part != ground
        for one, other in itertools.combinations(range(4), 2):
            assert np.any(shapes[one] != shapes[other])
            ink = [np.median(part[k][shapes[k]]) for k in (one, other)]
            assert abs(ink[0] - ink[1]) > 15
