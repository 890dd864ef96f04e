"""What the tests of Skittles share: levels, blocks and played states."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.games import kit
from tests.games.boards import board
from tests.players import skittles as player

LEVELS = {
    "SkittlesEasy": SimpleNamespace(
        first=1, width=8, reach=1.000, random=0.152, sd=0.054
    ),
    "SkittlesMedium": SimpleNamespace(
        first=2, width=7, reach=0.999, random=0.144, sd=0.048
    ),
    "SkittlesHard": SimpleNamespace(
        first=2, width=6, reach=0.993, random=0.137, sd=0.039
    ),
}
LIMIT = 100

every_level = pytest.mark.parametrize("env_id", LEVELS)


def blocks(*cells):
    """Blocks at (row, column) of the field."""
    return board(10, *cells)


def played(env_id):
    return kit.reachable(env_id, player.act, count=1024)


def busy(env_id, count, seed=0):
    """Fields with many blocks, masks of all kinds and times after the first."""
    rng = np.random.default_rng(seed)
    return kit.put(
        played(env_id) if count == 1024 else kit.fresh(env_id, count),
        enemies=rng.random((count, 10, 10)) < 0.5,
        visible=rng.random((count, 10, 10)) < 0.5,
        time=rng.integers(1, LIMIT, count),
    )
