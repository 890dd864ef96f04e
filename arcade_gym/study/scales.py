"""What returns are told by: random play, what can be reached, the paper's scale."""

from typing import NamedTuple

from arcade_gym.returns import returns_of


class Scale(NamedTuple):
    """Two returns of a level that are the same in both views.

    Attributes:
        random: mean return of uniformly random actions.
        reachable: what a scripted player returns, who may know what is hidden.
    """

    random: float
    reachable: float


_PUBLISHED = {
    "BattleShip": (1.0, 2.0),
    "MineSweeper": (1.0, 2.0),
    "Tetris": (1.0, 2.0),
    "Breakout": (1.0, 1.6),
}
"""Shift and divisor of the paper's figures; other games are as they are."""


def scale_of(env_id: str) -> Scale | None:
    """The scale of a level, from what was measured for the pages of the games.

    Returns:
        None for a level that nobody measured, such as one of your own game.
    """
    measured = returns_of(env_id)
    if measured is None:
        return None
    return Scale(random=measured.random.mean, reachable=measured.knows_state.mean)


def normalised(env_id: str, value: float) -> float | None:
    """A return where random play is 0 and what can be reached is 1.

    Args:
        env_id: a level.
        value: a return; the mapping is linear, so means may be mapped.

    Returns:
        None for a level whose scale is not known, such as one of your own game.
    """
    scale = scale_of(env_id)
    if scale is None:
        return None
    return (value - scale.random) / (scale.reachable - scale.random)


def as_published(env_id: str, value: float) -> float:
    """A return on the scale of the paper's figures, where Navigator stays in -1..1.

    Source: plotting scripts of POPGym Arcade (Wang et al. 2025).
    """
    scales = (scale for name, scale in _PUBLISHED.items() if env_id.startswith(name))
    shift, divisor = next(scales, (0.0, 1.0))
    return (value + shift) / divisor
