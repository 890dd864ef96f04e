"""Fires at every ship cell once, knowing the ships."""

from tests.players.minesweeper import approach


def act(state, params):
    del params  # the board says its size
    return approach(state.cursor_x, state.cursor_y, state.ships & ~state.fired)
