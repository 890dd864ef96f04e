"""Curves of training: evaluations, and the score that the paper takes from returns."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

POINTS = 1000  # to which the paper's curves are interpolated
SPAN = 100  # points, of its exponential mean


class Curve(NamedTuple):
    """Mean returns of greedy evaluations in the view of training."""

    steps: tuple[int, ...]
    means: tuple[float, ...]


def published_score(points: Sequence[tuple[int, float]]) -> float:
    """The paper's score: the highest value of the smoothed return of training.

    The policy explores, and a maximum of a noisy curve is biased upwards: this is for
    comparison with published numbers alone.

    Args:
        points: steps, ascending, and the mean return of episodes that ended.

    Returns:
        The maximum of the exponential mean (span 100) of the curve at 1,000 points; nan
        without points.

    Source: plotting scripts of POPGym Arcade (Wang et al. 2025).
    """
    if not points:
        return math.nan
    steps, returns = np.array(points, np.float64).T
    at = np.linspace(steps[0], steps[-1], POINTS)
    curve = np.interp(at, steps, returns)
    decay = 1 - 2 / (SPAN + 1)
    total = weight = 0.0
    best = -math.inf
    for value in curve:  # the mean of what is known so far, younger values first
        total = decay * total + value
        weight = decay * weight + 1
        best = max(best, total / weight)
    return float(best)
