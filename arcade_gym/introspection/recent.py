"""What decisions look at in the frames just before them, for films and pages."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from arcade_gym.introspection.density import MEASURES
from arcade_gym.introspection.exchange import partners
from arcade_gym.introspection.naming import member
from arcade_gym.introspection.overlay import LEVELS
from arcade_gym.introspection.saliency import saliency_maps
from arcade_gym.introspection.targets import Target
from arcade_gym.introspection.timelines import patch_effects
from arcade_gym.introspection.trajectory import Trajectory, check_played
from jax_core.registry import unknown

WINDOW = 8

Heat = Float[np.ndarray, "window rows columns"]


def recent_heat(
    network: Any,
    episodes: Sequence[Trajectory],
    index: int,
    *,
    by: str = "exchange",
    target: Target | str = "sum_abs",
    window: int = WINDOW,
) -> Iterator[Heat]:
    """What each decision of an episode looks at in the last frames, one by one.

    Args:
        network: as in `record_trajectory`.
        episodes: recorded with it; by exchange, frames are taken from the others.
        index: of the episode that is meant.
        by: "exchange", in patches, 8 along a side; or "gradient", in pixels.
        target: of gradients, as in `saliency_maps`.
        window: frames up to a decision, its own included.

    Yields:
        For each action of the episode 0 or more everywhere; the last of the window is
        the frame that it is decided on, and there are zeros before the first one.

    Raises:
        ValueError: an unknown measure or target, an episode without a step, or by
            exchange a single episode.
    """
    if by not in MEASURES:
        raise ValueError(unknown("by", by, MEASURES))
    check_played(episodes)
    if by == "gradient":
        return _gradients(network, episodes[index], member(Target, target), window)
    if len(episodes) < 2:
        raise ValueError("an exchange needs at least two episodes, got 1")
    donors = partners(episodes, index)
    found = patch_effects(network, episodes[index], donors, window=window)
    return iter(found[:-1])  # the last frame is decided on by nobody


def scaled(heat: Heat) -> Heat:
    """The same in 0..1: relative to the largest of a window."""
    return heat / max(float(heat.max()), np.finfo(np.float32).tiny)


def stepped(heat: Heat) -> Heat:
    """The same, of 0..1, in `LEVELS` steps that look equally far apart."""
    steps = np.float32(LEVELS - 1)
    return np.square(np.rint(steps * np.sqrt(heat)) / steps)


def resized(heat: Heat, side: int) -> Float[np.ndarray, "window side side"]:
    """Patches, or pixels, as squares of a frame of `side` pixels."""
    which = np.arange(side) * heat.shape[-1] // side
    return heat[:, which[:, None], which]


def _gradients(
    network: Any, episode: Trajectory, target: Target, window: int
) -> Iterator[Heat]:
    for at in range(len(episode)):
        maps = saliency_maps(network, episode, at, target)[-window:].mean(-1)
        yield np.pad(maps, ((window - len(maps), 0), (0, 0), (0, 0)))
