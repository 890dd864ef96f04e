"""Gradients of a decision with respect to the pixels of all frames before it.

A gradient says what an infinitesimal change would do. It is small where a memory is
saturated, which is where it remembers best, and large where frames are nearly blank: on
a task whose answer is known it does not find the frame that decides. See `density.py`
for a measure that does.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from arcade_gym.introspection.naming import member
from arcade_gym.introspection.replay import Rows, answers, padded
from arcade_gym.introspection.targets import Target
from arcade_gym.introspection.trajectory import Trajectory

WHITE = 255.0  # of frames; gradients are of pixels in 0..1


def saliency_maps(
    network: Any, trajectory: Trajectory, at: int, target: Target | str = "sum_abs"
) -> Float[np.ndarray, "frames side side 3"]:
    """How much a decision changes with each pixel of the frames up to it.

    Args:
        network: as in `record_trajectory`; it has to look back only.
        trajectory: the episode.
        at: the frame whose decision is meant, 0..n.
        target: the number of the decision; `Target` or its name.

    Returns:
        Absolute gradients with respect to pixels in 0..1, of frames 0 to `at`.

    Raises:
        ValueError: no such frame or target.
    """
    _check_frame(trajectory, at)
    rows, taken = _as_images(network, trajectory), jnp.int32(_taken(trajectory, at))
    maps = _maps(network, rows, jnp.int32(at), taken, member(Target, target))
    return np.asarray(maps)[: at + 1]


def frame_norms(
    network: Any,
    trajectory: Trajectory,
    target: Target | str = "sum_abs",
    *,
    order: int = 1,
) -> Float[np.ndarray, "frames ages"]:
    """How much every decision changes with each frame before it.

    Args:
        network: as in `saliency_maps`.
        trajectory: the episode, of n steps.
        target: as in `saliency_maps`.
        order: 1 adds the maps up, as the paper's recall density does; 2 takes the root
            of the sum of their squares.

    Returns:
        [n + 1, n + 1]: row k has the norm of frame k - a at age a, and zeros beyond.

    Raises:
        ValueError: no such target or order.
    """
    norms = _all_norms(network, trajectory, range(len(trajectory) + 1), target, order)
    by_age = np.zeros_like(norms[:, : len(norms)])
    for at, row in enumerate(norms):
        by_age[at, : at + 1] = row[at::-1]
    return by_age


def frame_norms_at(
    network: Any,
    trajectory: Trajectory,
    at: int,
    target: Target | str = "sum_abs",
    *,
    order: int = 1,
) -> Float[np.ndarray, " frames"]:
    """How much one decision changes with each frame 0..at.

    Args:
        network: as in `saliency_maps`.
        trajectory: the episode.
        at: the frame whose decision is meant.
        target: as in `saliency_maps`.
        order: as in `frame_norms`.

    Raises:
        ValueError: no such frame, target or order.
    """
    _check_frame(trajectory, at)
    return _all_norms(network, trajectory, [at], target, order)[0, : at + 1]


def _all_norms(
    network: Any,
    trajectory: Trajectory,
    ats: Sequence[int],
    target: Target | str,
    order: int,
) -> Float[np.ndarray, "decisions rows"]:
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, got {order!r}")
    rows = _as_images(network, trajectory)
    # As many decisions as rows, so that episodes of many lengths share a program.
    missing = len(rows.obs) - len(ats) if len(ats) > 1 else 0
    which = np.pad(np.array(ats, np.int32), (0, missing))
    taken = np.array([_taken(trajectory, int(at)) for at in which], np.int32)
    norms = _norms(network, rows, which, taken, member(Target, target), order)
    return np.asarray(norms)[: len(ats)]


def signed_gradients(
    network: Any, trajectory: Trajectory, at: int
) -> Float[np.ndarray, "frames side side 3"]:
    """The gradient of the sum of all scores, as published programs take it.

    Args:
        network: as in `saliency_maps`.
        trajectory: the episode.
        at: the frame whose decision is meant, 0..n.

    Raises:
        ValueError: no such frame.
    """
    _check_frame(trajectory, at)
    rows = _as_images(network, trajectory)
    return np.asarray(_of_the_sum(network, rows, jnp.int32(at)))[: at + 1]


def _check_frame(trajectory: Trajectory, at: int) -> None:
    if not 0 <= at <= len(trajectory):
        raise ValueError(
            f"at must be a frame of the trajectory, 0 to {len(trajectory)}, got {at}"
        )


def _taken(trajectory: Trajectory, at: int) -> int:
    """The action after a frame; the last one has none, and up stands in."""
    return int(trajectory.action[at]) if at < len(trajectory) else 0


def _as_images(network: Any, trajectory: Trajectory) -> Rows:
    """Rows whose frames are in 0..1 and in the dtype of the weights."""
    rows = padded(trajectory)
    floats = eqx.filter(network, eqx.is_inexact_array)
    dtypes = {leaf.dtype for leaf in jax.tree.leaves(floats)} or {np.dtype(np.float32)}
    return rows._replace(
        obs=rows.obs.astype(max(dtypes, key=lambda d: d.itemsize)) / WHITE
    )


def _decision(network: Any, rows: Rows, at: Any, action: Any, target: Target) -> Any:
    """A function from images to the numbers of one decision."""

    def decide(images: Array) -> Array:
        scores, value = answers(network, rows._replace(obs=images * WHITE))
        return target.of(jnp.asarray(scores[at]), jnp.asarray(value[at]), action)

    return decide


def _gradients(decide: Any, images: Array, reduce: Any) -> Array:
    """Adds something up over the gradients of all numbers, one at a time."""
    numbers, pull = jax.vjp(decide, images)
    kept = lax.map(
        lambda one: reduce(pull(one)[0]), jnp.eye(len(numbers), dtype=numbers.dtype)
    )
    return kept.sum(0)


@eqx.filter_jit
def _maps(network: Any, rows: Rows, at: Any, action: Any, target: Target) -> Array:
    decide = _decision(network, rows, at, action, target)
    return _gradients(decide, jnp.asarray(rows.obs), jnp.abs)


@eqx.filter_jit
def _norms(
    network: Any, rows: Rows, ats: Any, actions: Any, target: Target, order: int
) -> Array:
    axes = (1, 2, 3)

    def norm(gradient: Array) -> Array:
        if order == 1:
            return jnp.abs(gradient).sum(axes)
        return jnp.sqrt(jnp.square(gradient).sum(axes))

    def of_one(decision: Any) -> Array:
        at, action = decision
        decide = _decision(network, rows, at, action, target)
        return _gradients(decide, jnp.asarray(rows.obs), norm)

    return lax.map(of_one, (ats, actions))


@eqx.filter_jit
def _of_the_sum(network: Any, rows: Rows, at: Any) -> Array:
    decide = _decision(network, rows, at, jnp.int32(0), Target.SUM_ABS)
    return jax.grad(lambda images: decide(images).sum())(jnp.asarray(rows.obs))
