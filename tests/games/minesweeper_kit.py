"""What the tests of MineSweeper share: levels and played states."""

from types import SimpleNamespace

import pytest

from tests.games import kit
from tests.games.boards import under_cursor
from tests.players import minesweeper as player

LEVELS = {
    "MineSweeperEasy": SimpleNamespace(
        n=4, mines=2, limit=32, safe=1 / 14, repeat=-1 / 8, repeats=8, random=-0.019
    ),
    "MineSweeperMedium": SimpleNamespace(
        n=6, mines=6, limit=72, safe=1 / 30, repeat=-1 / 18, repeats=18, random=-0.013
    ),
    "MineSweeperHard": SimpleNamespace(
        n=8, mines=10, limit=128, safe=1 / 54, repeat=-1 / 32, repeats=32, random=-0.011
    ),
}

every_level = pytest.mark.parametrize("env_id", LEVELS)


def played(env_id, count=1024):
    return kit.reachable(env_id, player.act, count=count)


def targets(states):
    return under_cursor(states, states.mines)
