"""What returns are told by: random play, what can be reached, the paper's scale."""

from typing import NamedTuple


class Scale(NamedTuple):
    """Two returns of a level that are the same in both views.

    Attributes:
        random: mean return of uniformly random actions over 256 episodes.
        reachable: what a scripted player returns, who may know what is hidden.
    """

    random: float
    reachable: float


SCALES: dict[str, Scale] = {
    "AutoEncodeEasy": Scale(0.25, 1.0),
    "AutoEncodeMedium": Scale(0.251, 1.0),
    "AutoEncodeHard": Scale(0.251, 1.0),
    "BattleShipEasy": Scale(-0.13, 1.0),
    "BattleShipMedium": Scale(-0.14, 1.0),
    "BattleShipHard": Scale(-0.149, 1.0),
    "BreakoutEasy": Scale(-0.931, 1.0),
    "BreakoutMedium": Scale(-0.944, 1.0),
    "BreakoutHard": Scale(-0.951, 1.0),
    "CartPoleEasy": Scale(0.137, 1.0),
    "CartPoleMedium": Scale(0.069, 1.0),
    "CartPoleHard": Scale(0.046, 1.0),
    "CountRecallEasy": Scale(0.108, 1.0),
    "CountRecallMedium": Scale(0.056, 0.995),
    "CountRecallHard": Scale(0.062, 0.962),
    "MineSweeperEasy": Scale(-0.001, 1.0),
    "MineSweeperMedium": Scale(-0.013, 1.0),
    "MineSweeperHard": Scale(-0.001, 1.0),
    "NavigatorEasy": Scale(-0.562, 0.952),
    "NavigatorMedium": Scale(-0.57, 0.968),
    "NavigatorHard": Scale(-0.598, 0.972),
    "NoisyCartPoleEasy": Scale(0.137, 1.0),
    "NoisyCartPoleMedium": Scale(0.137, 1.0),
    "NoisyCartPoleHard": Scale(0.137, 1.0),
    "SkittlesEasy": Scale(0.153, 1.0),
    "SkittlesMedium": Scale(0.147, 1.0),
    "SkittlesHard": Scale(0.138, 0.993),
    "TetrisEasy": Scale(-1.0, 1.0),
    "TetrisMedium": Scale(-1.0, 1.0),
    "TetrisHard": Scale(-1.0, 1.0),
}
"""Levels of this package: the numbers of docs/games/, as version 0 of the games."""

_PUBLISHED = {
    "BattleShip": (1.0, 2.0),
    "MineSweeper": (1.0, 2.0),
    "Tetris": (1.0, 2.0),
    "Breakout": (1.0, 1.6),
}
"""Shift and divisor of the paper's figures; other games are as they are."""


def normalised(env_id: str, value: float) -> float | None:
    """A return where random play is 0 and what can be reached is 1.

    Args:
        env_id: a level.
        value: a return; the mapping is linear, so means may be mapped.

    Returns:
        None for a level whose scale is not known, such as one of your own game.
    """
    scale = SCALES.get(env_id)
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
