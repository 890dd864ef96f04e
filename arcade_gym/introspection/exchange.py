"""Frames of one episode put into another: what did the network remember of them?

A frame is exchanged for the one of the same step of another episode, so that what the
network sees stays likely. All other frames and all actions stay as they were.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, UInt8

from arcade_gym.introspection.replay import Outputs, Rows, answers, padded
from arcade_gym.introspection.trajectory import Trajectory


class Effects(NamedTuple):
    """What each exchange did to one decision."""

    change: Float[np.ndarray, " exchanges"]  # sum of the absolute changes of the scores
    flipped: Bool[np.ndarray, " exchanges"]  # whether another action is the best


def partners(episodes: Sequence[Trajectory], index: int) -> list[Trajectory]:
    """Donors of all frames of an episode, of the same game and about as long.

    Args:
        episodes: recorded ones.
        index: of the episode that needs donors.

    Returns:
        For each frame the next episode in the list that has such a frame. An episode is
        its own donor where no other is as long: that changes nothing.
    """
    episode = episodes[index]
    others = [*episodes[index + 1 :], *episodes[:index]]
    return [
        next((one for one in others if len(one) >= step), episode)
        for step in range(len(episode) + 1)
    ]


def exchange_frames(
    network: Any, trajectory: Trajectory, donors: Sequence[Trajectory], at: int
) -> Effects:
    """Exchanges each frame up to a decision, one at a time.

    Args:
        network: as in `record_trajectory`.
        trajectory: the episode that the decision is of.
        donors: one for each frame 0..at, which it is taken from; long enough.
        at: the frame whose decision is meant.

    Returns:
        One effect for each frame 0..at.

    Raises:
        ValueError: another number of donors, or a donor without such a frame.
    """
    frames = donor_frames(donors, at)
    rows = padded(trajectory)
    missing = len(rows.obs) - len(frames)
    others = np.concatenate([frames, rows.obs[at + 1 :]]) if missing else frames
    every = np.ones(others.shape[1:3], np.bool_)
    steps = np.arange(len(others), dtype=np.int32)
    masks = np.broadcast_to(every, (len(others), *every.shape))
    effects = _exchange(network, rows, steps, others, masks, jnp.int32(at))
    return Effects(*(np.asarray(leaf)[: at + 1] for leaf in effects))


def donor_frames(
    donors: Sequence[Trajectory], at: int
) -> UInt8[np.ndarray, "frames side side 3"]:
    """What is put in the place of frames 0..at.

    Raises:
        ValueError: another number of donors, or a donor without such a frame.
    """
    if len(donors) != at + 1:
        raise ValueError(f"frames 0 to {at} need as many donors, got {len(donors)}")
    short = [step for step, donor in enumerate(donors) if len(donor) < step]
    if short:
        raise ValueError(
            f"the donor of frame {short[0]} has {len(donors[short[0]]) + 1} frames"
        )
    return np.stack([donor.obs[step] for step, donor in enumerate(donors)])


def exchange_patches(
    network: Any,
    trajectory: Trajectory,
    donor: Trajectory,
    *,
    frame: int,
    at: int,
    patches: int = 8,
) -> Effects:
    """Exchanges parts of one frame: what in it was remembered?

    Args:
        network: as in `record_trajectory`.
        trajectory: the episode that the decision is of.
        donor: the episode that the parts are taken from.
        frame: the frame whose parts are exchanged, 0..at.
        at: the frame whose decision is meant.
        patches: along each side of a frame.

    Returns:
        Effects of shape [patches, patches], from the top left.

    Raises:
        ValueError: the frames cannot be cut like that, or one of them is not there.
    """
    side = trajectory.obs.shape[1]
    if not 1 <= patches <= side:
        raise ValueError(f"patches must be from 1 to {side}, got {patches}")
    if not 0 <= frame <= min(at, len(donor)):
        raise ValueError(
            f"frame must be from 0 to {min(at, len(donor))}, the decision or the end "
            f"of the donor, got {frame}"
        )
    which = np.arange(side) * patches // side
    number = which[:, None] * patches + which
    masks = number == np.arange(patches**2)[:, None, None]
    effects = exchange_masked(network, trajectory, donor, masks, frame=frame, at=at)
    return Effects(*(leaf.reshape(patches, patches) for leaf in effects))


def exchange_masked(
    network: Any,
    trajectory: Trajectory,
    donor: Trajectory,
    masks: Bool[np.ndarray, "exchanges side side"],
    *,
    frame: int,
    at: int,
) -> Effects:
    """Exchanges the pixels of one frame that a mask has, for each of some masks.

    Args:
        network: as in `record_trajectory`.
        trajectory: the episode that the decision is of.
        donor: the episode that the pixels are taken from.
        masks: which pixels.
        frame: the frame whose pixels are exchanged.
        at: the frame whose decision is meant.
    """
    count = len(masks)
    steps = np.full(count, frame, np.int32)
    others = np.broadcast_to(donor.obs[frame], (count, *donor.obs.shape[1:]))
    rows = padded(trajectory)
    effects = _exchange(network, rows, steps, others, masks, jnp.int32(at))
    return Effects(*(np.asarray(leaf) for leaf in effects))


@eqx.filter_jit
def _exchange(
    network: Any, rows: Rows, steps: Any, others: Any, masks: Any, at: Array
) -> Effects:
    obs = jnp.asarray(rows.obs)
    before = answers(network, rows)

    def one(exchange: tuple[Array, Array, Array]) -> Effects:
        step, other, mask = exchange
        frame = jnp.where(mask[..., None], other, obs[step])
        after = answers(network, rows._replace(obs=obs.at[step].set(frame)))
        return _effects(before, after, at)

    return lax.map(one, (jnp.asarray(steps), jnp.asarray(others), jnp.asarray(masks)))


def _effects(before: Outputs, after: Outputs, at: Array) -> Effects:
    change: Any = jnp.abs(after.scores[at] - before.scores[at]).sum()
    flipped: Any = after.scores[at].argmax() != before.scores[at].argmax()
    return Effects(change, flipped)
