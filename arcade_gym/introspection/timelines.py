"""What one exchange does to every decision after it.

Where a frame was exchanged, one replay has the answers to all later frames. So the
effects of all frames on all decisions cost as many replays as an episode has frames,
and not its square.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from arcade_gym.introspection.exchange import Effects, donor_frames
from arcade_gym.introspection.replay import Rows, answers, padded
from arcade_gym.introspection.trajectory import Trajectory


def frame_effects(
    network: Any, trajectory: Trajectory, donors: Sequence[Trajectory]
) -> Effects:
    """What `exchange_frames` gives for each decision, of a whole episode.

    Args:
        network: as in `record_trajectory`.
        trajectory: the episode, of n steps.
        donors: one for each frame 0..n, which it is taken from; see `partners`.

    Returns:
        Effects of shape [n + 1, n + 1], of each decision by each frame; 0 for frames
        after it.

    Raises:
        ValueError: another number of donors, or a donor without such a frame.
    """
    rows, others = padded(trajectory), donor_frames(donors, len(trajectory))
    effects = _of_frames(network, rows, _as_long_as(rows.obs, others))
    count = len(others)
    return Effects(*(np.asarray(leaf)[:count, :count].T for leaf in effects))


def patch_effects(
    network: Any,
    trajectory: Trajectory,
    donors: Sequence[Trajectory],
    *,
    patches: int = 8,
    window: int = 8,
) -> Float[np.ndarray, "decisions window patches patches"]:
    """How much each decision changes with parts of the frames just before it.

    Args:
        network: as in `record_trajectory`; given frames one by one, it answers as if it
            were given them together.
        trajectory: the episode, of n steps.
        donors: one for each frame 0..n, which parts are taken from.
        patches: along each side of a frame.
        window: frames up to a decision, its own included.

    Returns:
        [n + 1, window, patches, patches]: sums of the absolute changes of the scores of
        a decision; the last of the window is its own frame, and there are zeros before
        the first one.

    Raises:
        ValueError: the frames cannot be cut like that, an empty window, or donors as in
            `frame_effects`.
    """
    side = trajectory.obs.shape[1]
    if not 1 <= patches <= side:
        raise ValueError(f"patches must be from 1 to {side}, got {patches}")
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    rows, others = padded(trajectory), donor_frames(donors, len(trajectory))
    longer = _as_long_as(rows.obs, others)
    effects = np.asarray(_of_patches(network, rows, longer, patches, window))
    found = np.zeros((len(others), window, patches, patches), np.float32)
    for ahead in range(min(window, len(others))):  # steps from frame to decision
        moved = effects[: len(others) - ahead, ahead]
        found[ahead:, window - 1 - ahead] = moved.reshape(-1, patches, patches)
    return found


def _as_long_as(rows: Any, frames: np.ndarray) -> np.ndarray:
    return np.concatenate([frames, np.asarray(rows)[len(frames) :]])


@eqx.filter_jit
def _of_frames(network: Any, rows: Rows, others: Any) -> Effects:
    """Leaves are [frames, decisions]."""
    obs = jnp.asarray(rows.obs)
    before: Any = answers(network, rows).scores

    def one(exchange: tuple[Array, Array]) -> Effects:
        step, other = exchange
        after: Any = answers(network, rows._replace(obs=obs.at[step].set(other))).scores
        is_later = jnp.arange(len(obs)) >= step
        change: Any = jnp.abs(after - before).sum(-1) * is_later
        flipped: Any = (after.argmax(-1) != before.argmax(-1)) & is_later
        return Effects(change, flipped)

    return lax.map(one, (jnp.arange(len(obs)), jnp.asarray(others)))


@eqx.filter_jit
def _of_patches(
    network: Any, rows: Rows, others: Any, patches: int, window: int
) -> Float[Array, "frames window patches"]:
    """Effects of each frame's patches on the decisions from it on."""
    masks = _masks(rows.obs.shape[1], patches)
    longer = Rows(*(_padded(leaf, window) for leaf in rows))

    def of_frame(exchange: tuple[Array, Array, Any]) -> Array:
        step, other, carry = exchange
        seen = Rows(*(lax.dynamic_slice_in_dim(x, step, window) for x in longer))

        def scores(mask: Array) -> Array:
            frame = jnp.where(mask[..., None], other, seen.obs[0])
            obs: Any = seen.obs
            shown = seen._replace(obs=obs.at[0].set(frame))
            return network(carry, *shown)[1]

        # The first mask is empty: the usual scores, by the same program as all others.
        every = jax.vmap(scores)(masks)
        return jnp.abs(every[1:] - every[0]).sum(-1).T

    steps = jnp.arange(len(rows.obs))
    return lax.map(of_frame, (steps, jnp.asarray(others), _carries(network, rows)))


def _masks(side: int, patches: int) -> Any:
    """An empty mask and one for each patch, from the top left."""
    which = np.arange(side) * patches // side
    number = which[:, None] * patches + which
    return jnp.asarray(number == np.arange(-1, patches**2)[:, None, None])


def _padded(leaf: Any, rows: int) -> Array:
    array = jnp.asarray(leaf)
    return jnp.pad(array, ((0, rows), *[(0, 0)] * (array.ndim - 1)))


def _carries(network: Any, rows: Rows) -> Any:
    """What the memory holds before each frame."""

    def step(carry: Any, row: Rows) -> tuple[Any, Any]:
        after, *_ = network(carry, *(leaf[None] for leaf in row))
        return after, carry

    start = network.initial_carry()
    return lax.scan(step, start, Rows(*map(jnp.asarray, rows)))[1]
