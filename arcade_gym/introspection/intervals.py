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


def difference_of_means(
    a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "2 ..."]:
    """Bounds of the difference of two means of independent episodes.

    Args:
        a: [episodes, ...]; what follows the episodes is as in `b`.
        b: [episodes, ...], of another number of episodes or of the same.

    Returns:
        The lower ones and the upper ones, [2, ...].
    """
    rng = np.random.default_rng(0)
    means = resampled_means(a, rng) - resampled_means(b, rng)
    return np.percentile(means, COVERAGE, axis=0)
