"""The ring of rows against a list of all that was ever played."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines.learners import replay
from arcade_gym.baselines.rollouts import episodes
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Rows, Seen

CAPACITY, LANES, ROWS, STRIDE, LENGTH = 12, 3, 4, 2, 5
ADDITIONS = 8  # fill the ring two and a half times


def blank_lanes():
    flags = jnp.zeros(LANES, bool)
    return Lanes(
        state=None,
        key=jnp.zeros((LANES, 2), jnp.uint32),
        obs=jnp.zeros((LANES, 2, 2, 3), jnp.uint8),
        first=flags,
        dummy=flags,
        last_action=jnp.zeros(LANES, jnp.int32),
        carry={"h": jnp.zeros((LANES, 6)), "count": jnp.zeros(LANES, jnp.int32)},
        stats=episodes.blank(LANES),
    )


@functools.cache
def played():
    """Random rows, and the carries before every second one; all are different."""
    rng = np.random.default_rng(0)
    time = ADDITIONS * ROWS

    def flags():
        return rng.random((time, LANES)) < 0.5

    def counts():
        return rng.integers(0, 2**31, (time, LANES)).astype(np.int32)

    obs = rng.integers(0, 256, (time, LANES, 2, 2, 3)).astype(np.uint8)
    rows = Rows(
        seen=Seen(obs=obs, last_action=counts(), first=flags()),
        dummy=flags(),
        action=counts(),
        reward=rng.normal(size=(time, LANES)).astype(np.float32),
        terminated=flags(),
        ended=flags(),
        behaviour={},
    )
    starts = time // STRIDE
    h = rng.normal(size=(starts, LANES, 6)).astype(np.float32)
    count = np.arange(starts * LANES, dtype=np.int32).reshape(starts, LANES)
    return rows, {"h": h, "count": count}


def part(tree, first, end):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[first:end]), tree)


@functools.cache
def rings():
    """The ring after every addition."""
    add = jax.jit(replay.add)
    ring, found = replay.empty(blank_lanes(), CAPACITY, STRIDE), []
    rows, carries = played()
    for i in range(ADDITIONS):
        new = part(rows, i * ROWS, (i + 1) * ROWS)
        kept = part(carries, i * ROWS // STRIDE, (i + 1) * ROWS // STRIDE)
        ring = add(ring, new, kept)
        found.append(ring)
    return found


def starts_there_are(written, length):
    oldest = max(0, written - CAPACITY)
    return [
        start
        for start in range(0, written, STRIDE)
        if start >= oldest and start + length <= written
    ]


draw = jax.jit(replay.draw_starts, static_argnums=(2, 3))
gather = jax.jit(replay.windows, static_argnums=(3, 4))


@pytest.mark.parametrize("addition", range(1, ADDITIONS))
def test_windows_are_what_was_played(addition):
    ring = rings()[addition]
    found = starts_there_are((addition + 1) * ROWS, LENGTH)
    start, lane = np.array([(s, n) for s in found for n in range(LANES)], np.int32).T
    kept, carry = gather(ring, jnp.asarray(start), jnp.asarray(lane), LENGTH, STRIDE)
    rows, carries = played()
    row = start[:, None] + np.arange(LENGTH)
    for name in ("seen", "dummy", "action", "reward", "terminated"):
        wanted = jax.tree.map(
            lambda leaf: leaf[row, lane[:, None]], getattr(rows, name)
        )
        jax.tree.map(np.testing.assert_array_equal, getattr(kept, name), wanted)
    wanted = jax.tree.map(lambda leaf: leaf[start // STRIDE, lane], carries)
    jax.tree.map(np.testing.assert_array_equal, carry, wanted)


@pytest.mark.parametrize("length", [LENGTH, CAPACITY])
@pytest.mark.parametrize("addition", range(2, ADDITIONS))
def test_windows_neither_cross_the_head_nor_reach_rows_that_are_not_written(
    addition, length
):
    keys = jax.random.split(jax.random.key(addition), 300)
    start = np.asarray(draw(rings()[addition], keys, length, STRIDE))
    assert sorted(set(start)) == starts_there_are((addition + 1) * ROWS, length)


def test_every_start_has_the_same_chance():
    keys = jax.random.split(jax.random.key(0), 4000)
    start = np.asarray(draw(rings()[-1], keys, LENGTH, STRIDE))
    counts = np.unique(start, return_counts=True)[1]
    deviation = np.sqrt(4000 / len(counts))
    assert np.abs(counts - 4000 / len(counts)).max() < 4 * deviation


def test_frames_are_kept_as_bytes_and_nothing_twice():
    ring = rings()[-1]
    assert ring.rows.seen.obs.dtype == np.uint8
    frame, small, carry = 2 * 2 * 3, 3 * 4 + 3 * 1, 6 * 4 + 4
    per_row = frame + small + carry / STRIDE
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(ring))
    assert size == CAPACITY * LANES * per_row + LANES * 4


def test_a_ring_without_a_stride_keeps_no_carries():
    ring = replay.empty(blank_lanes(), CAPACITY, None)
    rows, carries = played()
    ring = replay.add(ring, part(rows, 0, ROWS), part(carries, 0, ROWS // STRIDE))
    assert ring.carries is None
    zeros = jnp.zeros(1, jnp.int32)
    kept, carry = replay.windows(ring, zeros, zeros, 3, 1)
    assert carry is None
    np.testing.assert_array_equal(kept.action[0], rows.action[:3, 0])
