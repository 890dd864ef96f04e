"""Intervals of means over episodes."""

import numpy as np
from jaxtyping import Float

RESAMPLES = 2000
COVERAGE = (2.5, 97.5)  # percent


def resampled_means(
    values: Float[np.ndarray, "..."], rng: np.random.Generator
) -> Float[np.ndarray, "..."]:
    """Means of as many episodes drawn with replacement, which a bootstrap wants.

    Args:
        values: [episodes, ...].
        rng: draws the episodes.

    Returns:
        [RESAMPLES, ...]
    """
    drawn = rng.integers(len(values), size=(RESAMPLES, len(values)))
    return np.stack([values[rows].mean(0) for rows in drawn])
