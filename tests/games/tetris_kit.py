"""What the tests of Tetris share: levels, pieces, boards and played episodes."""

import functools
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from tests.compiling import jit_plainly
from tests.games import kit
from tests.players import rollout
from tests.players import tetris as player

LEVELS = {
    "TetrisEasy": SimpleNamespace(preview=3, fall=1, soft=2),
    "TetrisMedium": SimpleNamespace(preview=2, fall=1, soft=2),
    "TetrisHard": SimpleNamespace(preview=1, fall=2, soft=3),
}
EASY, HARD = "TetrisEasy", "TetrisHard"
I, O, T, S, Z, J, L = range(7)  # noqa: E741  # the names of the pieces
LIMIT = 3000

# Cells "row column" of rotations 0 to 3, as on the rule page.
CELLS = {
    I: ("10 11 12 13", "02 12 22 32", "20 21 22 23", "01 11 21 31"),
    O: ("11 12 21 22",) * 4,
    T: ("11 20 21 22", "11 21 22 31", "20 21 22 31", "11 20 21 31"),
    S: ("11 12 20 21", "11 21 22 32", "21 22 30 31", "10 20 21 31"),
    Z: ("10 11 21 22", "12 21 22 31", "20 21 31 32", "11 20 21 30"),
    J: ("10 20 21 22", "11 12 21 31", "20 21 22 32", "11 21 30 31"),
    L: ("12 20 21 22", "11 21 31 32", "20 21 22 30", "10 11 21 31"),
}

every_level = pytest.mark.parametrize("env_id", LEVELS)


def cells(piece, rotation, x, y):
    """Board cells of a piece, also outside the board."""
    pairs = CELLS[piece][rotation].split()
    return [(y + int(pair[0]), x + int(pair[1])) for pair in pairs]


def is_free(board, *placement):
    return all(
        0 <= row < 20 and 0 <= col < 10 and board[row, col] == 0
        for row, col in cells(*placement)
    )


@functools.cache
def good_episodes(env_id):
    """Episodes of the scripted player; none needs as many steps as are kept."""
    return play_well(env_id, 8, steps=320)


def play_well(env_id, count, steps):
    """The first steps of episodes of the scripted player."""
    env, params = kit.make(env_id)

    def run(key):
        keys = rollout.episode_keys(key, steps)
        return rollout.follow(env, params, keys, player.plan(env, params, keys))

    keys = jax.random.split(jax.random.key(0), count)
    played = jit_plainly(jax.vmap(run), level=1)(keys)
    return jax.tree.map(np.asarray, played)
