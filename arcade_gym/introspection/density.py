"""Recall density: which part of an episode a decision goes back to.

Measured in two ways. By exchange: how much the decision changes where a frame is that
of another episode; on a task whose answer is known it finds the frame that decides. By
gradient, as the paper does (Wang et al. 2025): it does not find it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from arcade_gym.introspection.exchange import exchange_frames, partners
from arcade_gym.introspection.intervals import COVERAGE, resampled_means
from arcade_gym.introspection.naming import member
from arcade_gym.introspection.saliency import frame_norms_at
from arcade_gym.introspection.targets import Target
from arcade_gym.introspection.trajectory import (
    Trajectory,
    Watch,
    check_played,
    record_trajectory,
)
from jax_core import Environment
from jax_core.registry import unknown

MEASURES = ("exchange", "gradient")


class NothingChangesError(ValueError):
    """There is no density, because no decision depends on anything."""


@dataclass(frozen=True)
class Density:
    """Where in time the last decisions of episodes look.

    Attributes:
        by: "exchange" or "gradient".
        share: of each episode, of its frames 0 to the last decision; sums to 1.
        flipped: of each episode, whether exchanging a frame changed its last action;
            empty by gradient.
        mean: density over relative age, 0 at the first frame, 1 at the decision; its
            mean is 1.
        low, high: of its 95 % interval over episodes.
        left_out: episodes in which no frame changed anything.
    """

    by: str
    share: tuple[Float[np.ndarray, " _"], ...]
    flipped: tuple[Float[np.ndarray, " _"], ...]
    mean: Float[np.ndarray, " bins"]
    low: Float[np.ndarray, " bins"]
    high: Float[np.ndarray, " bins"]
    left_out: int

    @property
    def thirds(self) -> Float[np.ndarray, "3"]:
        """Shares of the first, second and last third of an episode."""
        return np.mean([binned(share, 3) / 3 for share in self.share], axis=0)

    @property
    def share_by_age(self) -> Float[np.ndarray, " ages"]:
        """Mean share of the frame that many steps before the decision."""
        return by_age(self.share)

    @property
    def flips_by_age(self) -> Float[np.ndarray, " ages"]:
        """Share of last actions that another frame of that age changes."""
        return by_age(self.flipped)

    @property
    def episodes_by_age(self) -> Int[np.ndarray, " ages"]:
        """How many episodes are that long."""
        lengths = np.array([len(share) for share in self.share])
        return (lengths[:, None] > np.arange(lengths.max())).sum(0)


def recall_density(  # noqa: PLR0913  # what to play, and how to measure it
    network: Any,
    env: Environment,
    seeds: Sequence[int],
    *,
    by: str = "exchange",
    bins: int = 30,
    target: Target | str = "sum_abs",
    max_steps: int | None = None,
) -> Density:
    """Plays episodes greedily and asks what their last decisions depend on.

    Args:
        network: as in `record_trajectory`.
        env: the game and the view that the network sees.
        seeds: of the episodes; intervals want a hundred or more.
        by: "exchange" or "gradient".
        bins: of relative age.
        target: of gradients, as in `saliency_maps`.
        max_steps: of the episodes.

    Raises:
        ValueError: unknown measure or target, fewer than two episodes, or no decision
            that depends on anything.
    """
    if len(seeds) < 2:
        raise ValueError(f"seeds must be of at least two episodes, got {len(seeds)}")
    episodes = [
        record_trajectory(network, env, seed, max_steps=max_steps) for seed in seeds
    ]
    return density_of(network, episodes, by=by, bins=bins, target=target)


def density_of(
    network: Any,
    episodes: Sequence[Trajectory],
    *,
    by: str = "exchange",
    bins: int = 30,
    target: Target | str = "sum_abs",
    watch: Watch = iter,
) -> Density:
    """The same for recorded episodes.

    By exchange a frame is taken from the next episode in the list that is as long. The
    longest episode has no such partner for its last frames, which then count as 0.

    Args:
        network: as in `recall_density`.
        episodes: recorded with it.
        by: "exchange" or "gradient".
        bins: of relative age.
        target: of gradients, as in `saliency_maps`.
        watch: passes the episodes on as they are worked at, to show how far it is.

    Raises:
        ValueError: as in `recall_density`, or an episode without a step.
    """
    if by not in MEASURES:
        raise ValueError(unknown("by", by, MEASURES))
    check_played(episodes)
    if by == "exchange":
        numbers = watch(range(len(episodes)))
        effects = [_exchanged(network, episodes, number) for number in numbers]
        sizes, flips = [size for size, _ in effects], [flip for _, flip in effects]
    else:
        target = member(Target, target)
        sizes = [
            frame_norms_at(network, one, len(one) - 1, target)
            for one in watch(episodes)
        ]
        flips = []
    used = [index for index, size in enumerate(sizes) if size.sum() > 0]
    if not used:
        raise NothingChangesError(
            "no frame of any episode changes its last decision; ask a trained network, "
            "or about longer episodes"
        )
    share = tuple(sizes[index] / sizes[index].sum() for index in used)
    curves = np.stack([binned(one, bins) for one in share])
    low, high = _interval(curves)
    return Density(
        by=by,
        share=share,
        flipped=tuple(flips[index] for index in used if flips),
        mean=curves.mean(0),
        low=low,
        high=high,
        left_out=len(sizes) - len(used),
    )


def binned(
    share: Float[np.ndarray, " frames"], bins: int
) -> Float[np.ndarray, " bins"]:
    """A density whose mean is 1 / the sum of the shares; frames are intervals of time.

    A frame that lies in two bins is divided between them, so that episodes of any
    length, shorter than the number of bins as well, can be averaged.
    """
    edges = np.linspace(0, len(share), bins + 1)
    total = np.interp(edges, np.arange(len(share) + 1), np.append(0, share.cumsum()))
    return np.diff(total) * bins


def by_age(
    values: Sequence[Float[np.ndarray, " _"]],  # of episodes of any length
) -> Float[np.ndarray, " ages"]:
    """Means over episodes, counted from the last frame backwards."""
    longest = max((len(one) for one in values), default=0)
    table = np.full((len(values), longest), np.nan)
    for row, one in zip(table, values, strict=True):
        row[: len(one)] = one[::-1]
    return np.nanmean(table, axis=0) if longest else np.zeros(0)


def _exchanged(
    network: Any, episodes: Sequence[Trajectory], index: int
) -> tuple[Float[np.ndarray, " frames"], Float[np.ndarray, " frames"]]:
    """Effects of exchanging each frame up to the last decision of an episode."""
    episode, at = episodes[index], len(episodes[index]) - 1
    donors = partners(episodes, index)[: at + 1]
    effects = exchange_frames(network, episode, donors, at)
    return effects.change.astype(np.float64), effects.flipped.astype(np.float64)


def _interval(
    curves: Float[np.ndarray, "episodes bins"],
) -> tuple[Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
    """Percentile bootstrap over episodes, which a hundred of them make reliable."""
    means = resampled_means(curves, np.random.default_rng(0))
    low, high = np.percentile(means, COVERAGE, axis=0)
    return low, high
