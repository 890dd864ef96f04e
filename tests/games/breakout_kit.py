"""What the tests of Breakout share: levels, directions, bricks and played states."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.games import kit
from tests.players import breakout as player

LEVELS = {
    "BreakoutEasy": SimpleNamespace(width=6, start=4, random=-0.934, deviation=0.050),
    "BreakoutMedium": SimpleNamespace(width=5, start=5, random=-0.946, deviation=0.039),
    "BreakoutHard": SimpleNamespace(width=4, start=5, random=-0.952, deviation=0.033),
}
LIMIT = 2000
UP_LEFT, UP_RIGHT, DOWN_RIGHT, DOWN_LEFT = range(4)

every_level = pytest.mark.parametrize("env_id", LEVELS)


def wall(*cells):
    """Bricks at (row, column) of the grid."""
    bricks = np.zeros((6, 10), bool)
    for row, col in cells:
        bricks[row - 1, col] = True
    return bricks


def played(env_id, count=1024):
    return kit.reachable(env_id, player.act, count=count, chance=0.4, lanes=16)
