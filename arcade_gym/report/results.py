"""Numbers of runs: curves of training, and returns in both views."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from arcade_gym.baselines.evaluation import cross_evaluate, evaluation_seeds
from arcade_gym.introspection.intervals import COVERAGE, resampled_means
from arcade_gym.report.runs import Run
from arcade_gym.report.settings import Settings
from jax_core.game import Visibility

GREEDY = "greedy"

Returns = Float[np.ndarray, " episodes"]
Judged = dict[tuple[str, str], Returns]  # by view and by policy


class Estimate(NamedTuple):
    """A mean and its 95 % interval over episodes."""

    mean: float
    low: float
    high: float


class Curve(NamedTuple):
    """Means at numbers of steps, and the ends of their 95 % intervals over episodes."""

    steps: Float[np.ndarray, " points"]
    mean: Float[np.ndarray, " points"]
    low: Float[np.ndarray, " points"]
    high: Float[np.ndarray, " points"]


def estimate(returns: Sequence[float] | Returns) -> Estimate:
    """The mean of episodes, with its interval by resampling them."""
    array = np.asarray(returns, np.float64)
    means = resampled_means(array, np.random.default_rng(0))
    low, high = np.percentile(means, COVERAGE)
    return Estimate(float(array.mean()), float(low), float(high))


def evaluations(run: Run) -> Curve:
    """Greedy evaluations during training, in the view of the training."""
    found = [one for one in run.evaluations if one["kind"] == "training"]
    means = [estimate(one["returns"]) for one in found]
    table = np.array(means, np.float64).reshape(-1, 3).T
    return Curve(np.array([one["steps"] for one in found], np.float64), *table)


def rollouts(run: Run) -> tuple[Returns, Returns]:
    """Steps, and mean returns of the episodes that ended in training just before."""
    pairs = [
        (one["steps"], one["return_mean"])
        for one in run.metrics
        if one.get("return_mean") is not None
    ]
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def judged(run: Run, settings: Settings) -> Judged:
    """Returns of the judgement at the end, in both views; played now if there is none.

    Args:
        run: whose agent is judged.
        settings: which network, and how many episodes are played if need be.
    """
    version = run.about["versions"]["game"]
    found = {
        (one["view"], one["policy"]): np.asarray(one["returns"], np.float64)
        for one in run.evaluations
        if one["kind"] == "test"
        and one["network"] == settings.network
        and one["versions"]["game"] == version
    }
    if all((str(view), GREEDY) in found for view in Visibility):
        return found
    config, seeds = run.config, evaluation_seeds(settings.episodes)
    tables: Any = cross_evaluate(
        run.agent.network, config.env_id, config.obs_size, seeds=seeds
    )
    return {
        (str(view), GREEDY): tables[view].returns.astype(np.float64)
        for view in Visibility
    }
