"""One row per game: what a view does not show, so that the suite can vary it.

Fields may be exchanged between states with `time` > 0 without a change of the picture.
What is hidden only in part (marks away from a cursor, say) is tested with its game.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """State fields that a view never reads after the first picture."""

    never_shown: tuple[str, ...]
    hidden_in_partial: tuple[str, ...] = ()


CASES = {
    "AutoEncode": Case((), ("num_answered",)),
    "BattleShip": Case(("time", "num_repeats")),
    "Breakout": Case(("time", "strike"), ("last_ball_x", "last_ball_y")),
    "CartPole": Case(("time",), ("x", "theta")),
    "NoisyCartPole": Case(("time",), ("x", "theta")),
    "CountRecall": Case(("time", "seen_counts")),
    "MineSweeper": Case(("time", "num_repeats")),
    "Navigator": Case(("time",), ("barriers", "treasure_x", "treasure_y")),
    "Skittles": Case(()),
    "Tetris": Case(("time", "bag", "bag_index", "just_locked")),
}
