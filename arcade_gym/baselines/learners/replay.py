"""Replay: a ring of rows on the device, from which windows of one lane are drawn.

Rows are kept as they were seen, with frames as bytes. There is no next frame: it is the
next row, and that of a truncated episode is the final frame that a dummy row shows.

    rows since the start   0 1 2 3 4 5 6 7 8 9
    ring of 8 rows         8 9 2 3 4 5 6 7
                               ^ head: the oldest row, which is written next

A window starts at a multiple of the stride, counted since the start, and ends before
the head, so it may pass the end of the ring (6 7 8 9) but never the head (9 2 3 4).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float32, Int32

from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Rows, Seen, seen_by

Index = Int32[Array, " items"]


class Kept(NamedTuple):
    """What is kept of rows. Leading axes as the context says."""

    seen: Seen
    dummy: Bool[Array, "*axes"]
    action: Int32[Array, "*axes"]
    reward: Float32[Array, "*axes"]  # as the game pays it
    terminated: Bool[Array, "*axes"]


class Replay(NamedTuple):
    """The ring. All leaves have the lanes on axis 1, so that devices can share them."""

    rows: Kept  # [capacity, lanes, ...]
    carries: Any  # before every row that windows start at: [starts, lanes, ...]
    written: Int32[Array, "1 lanes"]  # rows since the start, the same for every lane

    @property
    def capacity(self) -> int:
        """Rows of each lane that there is room for."""
        return len(self.rows.dummy)

    @property
    def rows_written(self) -> Int32[Array, ""]:
        """Rows of each lane since the start."""
        return self.written[0, 0]

    @property
    def rows_kept(self) -> Int32[Array, ""]:
        """Rows of each lane that are in the ring."""
        return jnp.minimum(self.rows_written, self.capacity)


def empty(lanes: Lanes, capacity: int, stride: int | None) -> Replay:
    """A ring without rows.

    Args:
        lanes: whose frames and carries are going to be kept.
        capacity: rows of each lane.
        stride: rows between two carries that are kept, a divisor of the capacity; None
            keeps none.
    """
    flags = jnp.zeros_like(lanes.dummy)
    counts = jnp.zeros_like(lanes.last_action)
    row = Kept(
        seen=seen_by(lanes),
        dummy=flags,
        action=counts,
        reward=counts.astype(jnp.float32),
        terminated=flags,
    )
    carry = None if stride is None else lanes.carry
    return Replay(
        rows=_zeros(capacity, row),
        carries=_zeros(capacity // (stride or 1), carry),
        written=counts[None],
    )


def add(replay: Replay, rows: Rows, carries: Any) -> Replay:
    """Writes rows over the oldest ones, in place where the replay is donated.

    Args:
        replay: the ring.
        rows: a number that divides the capacity, so that they never pass its end.
        carries: as `rollout.collect` returns them with the stride of the ring.
    """
    kept = Kept(rows.seen, rows.dummy, rows.action, rows.reward, rows.terminated)
    time, capacity = len(rows.dummy), replay.capacity
    head = replay.rows_written % capacity
    if replay.carries is not None:
        # The head counts rows, and this ring only the rows that windows start at.
        starts = jax.tree.map(
            lambda ring, new: _write(ring, new, head * len(ring) // capacity),
            replay.carries,
            carries,
        )
        replay = replay._replace(carries=starts)
    return replay._replace(
        rows=jax.tree.map(lambda ring, new: _write(ring, new, head), replay.rows, kept),
        written=replay.written + time,
    )


def draw_starts(replay: Replay, keys: Array, length: int, stride: int) -> Index:
    """Draws where windows begin, each start that there is with equal chance.

    Args:
        replay: the ring, with at least `length` rows.
        keys: a typed key for each window.
        length: rows of a window.
        stride: rows between two starts; divides the capacity and what was written.

    Returns:
        Rows since the start of the run.
    """
    oldest = replay.rows_written - replay.rows_kept
    starts = (replay.rows_kept - length) // stride + 1
    number = jax.vmap(lambda key: jax.random.randint(key, (), 0, starts))(keys)
    return oldest + number * stride


def windows(
    replay: Replay, start: Index, lane: Index, length: int, stride: int
) -> tuple[Kept, Any]:
    """Gathers windows of rows that follow one another.

    Args:
        replay: the ring.
        start: first row of each window, counted since the start of the run.
        lane: of each window.
        length: rows of a window.
        stride: as the carries are kept.

    Returns:
        Leaves [items, length, ...], and the carries before the windows, [items, ...]
        each leaf, or None where none are kept.
    """
    offset = jnp.arange(length, dtype=jnp.int32)
    row = (start[:, None] + offset[None]) % replay.capacity
    rows = jax.tree.map(lambda ring: ring[row, lane[:, None]], replay.rows)
    first = row[:, 0] // stride
    return rows, jax.tree.map(lambda ring: ring[first, lane], replay.carries)


def _zeros(capacity: int, tree: Any) -> Any:
    return jax.tree.map(
        lambda leaf: jnp.zeros((capacity, *leaf.shape), leaf.dtype), tree
    )


def _write(ring: Array, new: Array, head: Int32[Array, ""]) -> Array:
    return lax.dynamic_update_slice_in_dim(ring, new, head, axis=0)
