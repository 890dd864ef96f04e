"""One record of metrics.jsonl from the metrics of the iterations of a chunk."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

SUMS = ("episodes", "dummies")
LEAST, MOST = "return_min", "return_max"
OF_EPISODES = ("return_mean", "length_mean", "truncated")
"""Means over the episodes of an iteration, of which some have more than others."""


def summarise(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Joins iterations: sums, extremes, means over episodes, means over iterations.

    Args:
        metrics: by name, [iterations] each; nan or infinite where no episode ended.

    Returns:
        A number for each name; nan where there is none.
    """
    values = {name: np.asarray(v, np.float64) for name, v in metrics.items()}
    episodes = values["episodes"]
    return {name: _joined(name, v, episodes) for name, v in values.items()}


def _joined(name: str, values: np.ndarray, episodes: np.ndarray) -> float:
    if name in SUMS:
        return float(values.sum())
    if name in OF_EPISODES:
        some = episodes > 0
        if not some.any():
            return math.nan
        return float(np.average(values[some], weights=episodes[some]))
    if name == LEAST:
        return _finite(values.min())
    if name == MOST:
        return _finite(values.max())
    return float(values.mean())


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan
