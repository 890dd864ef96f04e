"""Tables of players without memory: what they tell apart, and that they get better."""

import numpy as np
import pytest

from jax_core.game import Difficulty, Move
from tests.games import kit
from tests.players import countrecall_views, minesweeper_views, tables
from tests.players.kit import read, watched

VIEWS = {"CountRecallEasy": countrecall_views, "MineSweeperEasy": minesweeper_views}


@pytest.mark.parametrize("env_id", VIEWS)
def test_a_table_tells_apart_what_looks_different_and_nothing_else(env_id):
    views, params = VIEWS[env_id], kit.make(env_id)[1]

    def look(scene):
        return views.TASK.number(scene, params), views.read(scene), scene.score

    played = watched(env_id, views.REMEMBERING)
    (number, seen, score), states = read(env_id, played, look)
    is_open = ~played.done.ravel()  # the end has no cards and needs no number
    looks = [np.reshape(leaf, (len(score), -1)) for leaf in (*seen, score)]
    looks = np.concatenate(looks, axis=1)[is_open]
    number = number[is_open]
    assert 0 <= number.min() <= number.max() < views.TASK.count(params)
    both = np.concatenate([number[:, None], looks], axis=1)
    kinds = [len(np.unique(rows, axis=0)) for rows in (number, looks, both)]
    assert kinds[0] == kinds[1] == kinds[2] > 50
    assert len(states.time) > kinds[0]


@pytest.mark.long
def test_a_table_gets_better_and_makes_only_moves_of_its_task():
    """Random play returns 0.11, and 0.12 with the moves that do something."""
    task = countrecall_views.TASK._replace(updates=60)
    played = watched("CountRecallEasy", tables.player(task))
    assert played.total[:, -1].mean() > 0.2
    logits = tables.learned(task, Difficulty.EASY)
    never = sorted({Move.LEFT, Move.RIGHT})
    assert np.all(np.isneginf(logits[:, never]))
    assert np.all(np.isfinite(np.delete(logits, never, axis=1)))
