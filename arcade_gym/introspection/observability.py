"""What memory is worth, and what a policy of one view is worth in the other.

The words are the paper's (Wang et al. 2025). J(f, V) is the return of a policy with
memory f, trained and judged in view V: M is the full view (MDP), P the partial one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from arcade_gym.introspection.intervals import difference_of_means

Returns = Sequence[float] | Float[np.ndarray, " episodes"]


class Difference(NamedTuple):
    """A difference of mean returns and its 95 % interval over episodes.

    The interval says nothing about other seeds of training: join the episodes of many
    runs, or compare run by run.
    """

    mean: float
    low: float
    high: float


def observability_gap(full: Returns, partial: Returns) -> Difference:
    """What is lost by the partial view: J(f, M) - J(f, P); 0 for a perfect memory.

    Args:
        full: returns of an agent trained and judged in the full view.
        partial: of one with the same memory, trained and judged in the partial view.
    """
    return difference(full, partial)


def memory_bias(with_memory: Returns, without: Returns) -> Difference:
    """What memory costs where none is needed: J(f, M) - J(none, M); 0 or less.

    Args:
        with_memory: returns in the full view of an agent with memory.
        without: of one without, trained and judged in the full view as well.
    """
    return difference(with_memory, without)


def transfer(
    returns: Mapping[str, Mapping[str, Returns]],
) -> dict[str, dict[str, float]]:
    """Mean returns of policies in the views that they were shown.

    Args:
        returns: `returns["partial"]["full"]` are those of a policy that was trained in
            the partial view and shown the full one.

    Raises:
        ValueError: no episodes somewhere.
    """
    return {
        trained: {shown: float(_checked(some).mean()) for shown, some in row.items()}
        for trained, row in returns.items()
    }


def difference(a: Returns, b: Returns) -> Difference:
    """The difference of two means of independent episodes, with its interval.

    Raises:
        ValueError: no episodes in one of them.
    """
    a, b = _checked(a), _checked(b)
    low, high = difference_of_means(a, b)
    return Difference(float(a.mean() - b.mean()), float(low), float(high))


def _checked(returns: Returns) -> Float[np.ndarray, " episodes"]:
    array = np.asarray(returns, np.float64)
    if array.ndim != 1 or not len(array):
        raise ValueError(
            f"returns must be numbers of at least one episode, got shape {array.shape}"
        )
    return array
