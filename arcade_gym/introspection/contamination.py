"""Memory under false memories: earlier frames are spoiled, and a decision asked again.

All other frames and all actions stay as they were. What is spoiled may be one frame, or
the order of all frames up to one; those were all seen in play, so that an encoder which
knows no others cannot be the reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from arcade_gym.introspection.density import by_age
from arcade_gym.introspection.naming import member
from arcade_gym.introspection.replay import Rows, answers, padded
from arcade_gym.introspection.trajectory import Trajectory, Watch, check_played
from jax_core.game import Visibility


class Perturbation(Enum):
    """What is done to frame k, or to the order of frames 0..k."""

    NOISE = "noise"  # adds N(0, 1) to pixels in 0..1, clipped
    OTHER_VIEW = "other_view"  # the same state in the other view
    BLACK = "black"
    SWAP = "swap"  # frames k - 1 and k change places
    REVERSE = "reverse"  # of 0..k
    SHUFFLE = "shuffle"  # of 0..k


_ORDERS: dict[Perturbation, Callable[[int, np.random.Generator], np.ndarray]] = {
    Perturbation.SWAP: lambda k, _: np.r_[: max(k - 1, 0), k, k - 1 : k][: k + 1],
    Perturbation.REVERSE: lambda k, _: np.arange(k, -1, -1),
    Perturbation.SHUFFLE: lambda k, rng: rng.permutation(k + 1),
}


@dataclass(frozen=True)
class Contamination:
    """How last decisions of episodes stand spoiled memories.

    Attributes:
        perturbation: what was done.
        flipped: of each episode, whether spoiling frame k changed the last action.
        change: of each episode and frame k, the norm of the change of the advantages
            over their norm.
    """

    perturbation: Perturbation
    flipped: tuple[Float[np.ndarray, " _"], ...]
    change: tuple[Float[np.ndarray, " _"], ...]

    @property
    def flips_by_age(self) -> Float[np.ndarray, " ages"]:
        """Share of changed actions, by steps between the frame and the decision."""
        return by_age(self.flipped)

    @property
    def change_by_age(self) -> Float[np.ndarray, " ages"]:
        """Mean change of the advantages, by steps between frame and decision."""
        return by_age(self.change)


def contaminate(
    network: Any,
    episodes: Sequence[Trajectory],
    perturbation: Perturbation | str,
    *,
    seed: int = 0,
    watch: Watch = iter,
) -> Contamination:
    """Spoils each frame up to the last decision of every episode, one at a time.

    Args:
        network: as in `record_trajectory`.
        episodes: recorded with it.
        perturbation: `Perturbation` or its name.
        seed: of noise and of shuffles.
        watch: passes the episodes on as they are worked at, to show how far it is.

    Raises:
        ValueError: unknown perturbation, no episode, or one without a step.
    """
    kind, rng = member(Perturbation, perturbation), np.random.default_rng(seed)
    check_played(episodes)
    effects = [_spoil(network, episode, kind, rng) for episode in watch(episodes)]
    return Contamination(
        perturbation=kind,
        flipped=tuple(effect.flipped.astype(np.float64) for effect in effects),
        change=tuple(effect.change.astype(np.float64) for effect in effects),
    )


class _Effect(NamedTuple):
    flipped: Any
    change: Any


def _spoil(
    network: Any, episode: Trajectory, kind: Perturbation, rng: np.random.Generator
) -> _Effect:
    rows, at = padded(episode), len(episode) - 1
    size = len(rows.obs)
    if kind in _ORDERS:
        orders = np.tile(np.arange(size), (size, 1))
        for k in range(at + 1):
            orders[k, : k + 1] = _ORDERS[kind](k, rng)
        spoiled = rows.obs
    else:
        # Frame k is taken from a second copy of the episode, which is spoiled.
        orders = np.where(np.eye(size, dtype=bool), size, 0) + np.arange(size)
        spoiled = np.concatenate([rows.obs, _spoiled(episode, kind, rng, size)])
    effect = _replay(network, rows, spoiled, orders.astype(np.int32), jnp.int32(at))
    return _Effect(*(np.asarray(leaf)[: at + 1] for leaf in effect))


def _spoiled(
    episode: Trajectory, kind: Perturbation, rng: np.random.Generator, size: int
) -> np.ndarray:
    """All frames of an episode, spoiled one by one."""
    obs = episode.obs
    if kind is Perturbation.BLACK:
        frames = np.zeros_like(obs)
    elif kind is Perturbation.OTHER_VIEW:
        (view,) = set(Visibility) - {episode.env.visibility}
        frames = episode.seen_in(view)
    else:
        noise = 255 * rng.standard_normal(obs.shape, np.float32)
        frames = np.clip(obs + noise, 0, 255).astype(np.uint8)
    return np.pad(frames, ((0, size - len(obs)), (0, 0), (0, 0), (0, 0)))


@eqx.filter_jit
def _replay(network: Any, rows: Rows, frames: Any, orders: Any, at: Array) -> _Effect:
    """The decision after each order in which the frames are shown."""
    images = jnp.asarray(frames)
    before = answers(network, rows).advantage[at]

    def one(order: Array) -> _Effect:
        after = answers(network, rows._replace(obs=images[order])).advantage[at]
        flipped: Any = after.argmax() != before.argmax()
        length = jnp.linalg.norm(before)
        change = jnp.linalg.norm(after - before) / jnp.maximum(length, 1e-12)
        return _Effect(flipped, change)

    return lax.map(one, jnp.asarray(orders))
