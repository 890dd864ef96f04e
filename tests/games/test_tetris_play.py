"""Tetris by the letter of its rule page, in random positions and in whole episodes."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jax_core.game import Move
from tests.compiling import jit_plainly
from tests.games import kit
from tests.games.tetris_kit import (
    HARD,
    LEVELS,
    cells,
    every_level,
    good_episodes,
    is_free,
    play_well,
)
from tests.players import rollout


def reference_step(rules, state, action):
    """One step by the letter of the rule page, without the draw of a piece."""
    board, piece, rotation = state["board"].copy(), state["piece"], state["rotation"]
    x, y, score, reward = state["piece_x"], state["piece_y"], state["score"], 0.0
    placed, topped_out = state["just_locked"], False
    if placed:
        kept = [row for row in board if not row.all()]
        num_complete = 20 - len(kept)
        board = np.concatenate([np.zeros((num_complete, 10), np.int8), kept])
        gain = min(score + num_complete, 10) - score
        score, reward = score + gain, 0.1 * gain
        piece, rotation, x, y = int(state["next_pieces"][0]), 0, 3, 0
        topped_out = not is_free(board, piece, rotation, x, y)
    is_fresh = placed or state["time"] == 0
    moved = {
        Move.UP: ((rotation + 1) % 4, x),
        Move.LEFT: (rotation, x - 1),
        Move.RIGHT: (rotation, x + 1),
    }.get(action, (rotation, x))
    if is_free(board, piece, *moved, y):
        rotation, x = moved
    distance = rules.fall
    if action == Move.DOWN:
        distance = 1 if is_fresh else rules.soft
    for drop in (distance, 1):
        if all(is_free(board, piece, rotation, x, y + k + 1) for k in range(drop)):
            y += drop
            break
    locks = not is_free(board, piece, rotation, x, y + 1)
    if locks:
        for row, col in cells(piece, rotation, x, y):
            board[row, col] = piece + 1
    wins = score >= 10
    after = {
        "board": board,
        "piece": piece,
        "rotation": rotation,
        "piece_x": x,
        "piece_y": y,
        "just_locked": locks,
        "score": score,
    }
    loss = 1.0 if topped_out and not wins else 0.0
    return after, reward - loss, wins or topped_out


def random_piles(env_id, lanes, seed):
    """States with jagged piles, holes, complete rows and pieces close to them."""
    random = np.random.default_rng(seed)
    states = kit.fresh(env_id, lanes, seed=seed)
    density = random.choice(
        [0.0, 0.3, 0.7, 1.0], (lanes, 20, 1), p=[0.3, 0.2, 0.3, 0.2]
    )
    heights = random.integers(0, 20, (lanes, 1, 1))
    is_pile = np.arange(20)[None, :, None] >= 20 - heights
    filled = (random.random((lanes, 20, 10)) < density) & is_pile
    boards = filled * random.integers(1, 8, filled.shape)
    piece, rotation = random.integers(0, [[7], [4]], (2, lanes))
    places = np.zeros((2, lanes), int)
    for lane in range(lanes):
        free = [
            (x, y)
            for x in range(-2, 9)
            for y in range(19)
            if is_free(boards[lane], piece[lane], rotation[lane], x, y)
        ]
        if not free:
            boards[lane] = 0
            free = [(3, 5)]
        places[:, lane] = free[random.integers(len(free))]
    return kit.put(
        states,
        board=boards,
        piece=piece,
        rotation=rotation,
        piece_x=places[0],
        piece_y=places[1],
        time=random.choice([0, 7, 2999], lanes),
        score=random.integers(0, 10, lanes),
        just_locked=random.random(lanes) < 0.4,
    )


@pytest.mark.quick
@every_level
@pytest.mark.parametrize("action", list(Move))
def test_random_positions_step_by_the_letter_of_the_rules(env_id, action):
    states = random_piles(env_id, 192, seed=int(action))
    result = kit.step(env_id, states, action)
    for lane in range(192):
        before = jax.tree.map(lambda leaf, k=lane: leaf[k], states)
        fields = vars(before)
        scalars = {k: v.item() for k, v in fields.items() if v.ndim == 0}
        after, reward, terminated = reference_step(
            LEVELS[env_id], fields | scalars, action
        )
        assert result.reward[lane] == pytest.approx(reward, abs=1e-6)
        assert result.terminated[lane] == terminated
        assert result.state.score[lane] == after.pop("score")
        for name, want in after.items():
            if not terminated:
                np.testing.assert_array_equal(getattr(result.state, name)[lane], want)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.sampled_from(list(Move)), min_size=1, max_size=60),
)
def test_blocks_are_conserved_and_pieces_stay_on_free_cells(seed, actions):
    states = kit.fresh(HARD, 1, seed=seed)
    for action in actions:
        result = kit.step(HARD, states, action, seed=seed)
        after = jax.tree.map(lambda leaf: leaf[0], result.state)
        num_before = (states.board > 0).sum()
        num_after = (after.board > 0).sum()
        rows = after.score - states.score[0]
        assert num_after == num_before - 10 * rows + 4 * after.just_locked
        if result.terminated[0]:
            break
        placement = (after.piece, after.rotation, after.piece_x, after.piece_y)
        lies_in_pile = after.just_locked.item()
        assert is_free(after.board, *map(int, placement)) != lies_in_pile
        states = result.state


@pytest.mark.slow
@every_level
def test_correction_1_pieces_come_in_bags_of_seven(env_id):
    """Every group of seven pieces of an episode is a permutation."""
    episodes = good_episodes(env_id)
    is_rest = episodes.states.just_locked & episodes.alive
    for pieces, came_to_rest in zip(episodes.states.piece, is_rest, strict=True):
        stream = pieces[came_to_rest]
        groups = stream[: len(stream) // 7 * 7].reshape(-1, 7)
        assert len(groups) >= 3
        assert np.all(np.sort(groups, axis=1) == np.arange(7))


@every_level
def test_a_good_player_completes_ten_rows_in_every_episode(env_id):
    assert_perfect(good_episodes(env_id))


@pytest.mark.long
@every_level
def test_a_good_player_completes_ten_rows_in_a_thousand_episodes(env_id):
    assert_perfect(play_well(env_id, 1000, steps=500))


def assert_perfect(episodes):
    np.testing.assert_allclose(episodes.total, 1.0, atol=1e-5)
    assert np.all(np.any(episodes.terminated, axis=1))
    assert np.min(episodes.length) > 100


@functools.cache
def blind_episodes(env_id):
    """Returns of episodes: 480 of random moves, 32 of soft drops."""
    env, params = kit.make(env_id)
    actions = np.random.default_rng(0).integers(0, 5, (512, 320), np.int32)
    actions[480:] = Move.DOWN

    def run(key, actions):
        keys = rollout.episode_keys(key, 320)
        played = rollout.follow(env, params, keys, actions)
        return played.total, played.terminated.any()

    keys = jax.random.split(jax.random.key(0), 512)
    played = jit_plainly(jax.vmap(run))(keys, actions)
    total, terminated = jax.tree.map(np.asarray, played)
    assert terminated.all()
    return total[:480], total[480:]


@pytest.mark.slow
@every_level
def test_random_play_earns_what_the_rule_page_says(env_id):
    total, _ = blind_episodes(env_id)
    assert kit.agrees_with_table(total, -1.0, 0.002)


@every_level
def test_no_return_leaves_its_bounds(env_id):
    random, dropping = blind_episodes(env_id)
    assert random.min() >= -1 - 1e-5
    assert np.all(dropping == -1)
    assert good_episodes(env_id).total.max() <= 1 + 1e-5
