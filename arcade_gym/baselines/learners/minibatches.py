"""Minibatches of whole sequences, the same whatever the number of devices."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int32

from arcade_gym.baselines import collective


def into_sequences(rows: Any, sequence_length: int) -> Any:
    """Cuts [time, lanes, ...] into [sequences, sequence_length, lanes, ...]."""
    return jax.tree.map(
        lambda leaf: leaf.reshape(-1, sequence_length, *leaf.shape[1:]), rows
    )


def shuffled(
    key: Array, *, epochs: int, sequences: int, num_envs: int, num_minibatches: int
) -> tuple[Int32[Array, "updates items"], Int32[Array, "updates items"]]:
    """Orders the sequences of this device's lanes into minibatches.

    Lanes lie in blocks of `num_minibatches`, and every minibatch takes equally many
    sequences of every block. So it holds the same sequences on one device as on
    several, wherever they share the blocks, and only gradients cross devices.

    Args:
        key: a typed key.
        epochs: passes over the rollout.
        sequences: of each lane.
        num_envs: lanes of this device, a multiple of `num_minibatches`.
        num_minibatches: equal parts of each pass.

    Returns:
        Sequence and lane of every item, [epochs * num_minibatches, items].
    """
    blocks = num_envs // num_minibatches
    keys = jax.random.split(key, (collective.all_lanes(blocks), epochs))
    keys = collective.own_part(keys, blocks)
    per_block = sequences * num_minibatches

    def order(key: Array) -> Int32[Array, "minibatches items"]:
        shuffle = jax.random.permutation(key, per_block).astype(jnp.int32)
        return shuffle.reshape(num_minibatches, sequences)

    items = jax.vmap(jax.vmap(order))(keys)  # [blocks, epochs, minibatches, sequences]
    first_lane = jnp.arange(blocks, dtype=jnp.int32) * num_minibatches
    lane = items % num_minibatches + first_lane[:, None, None, None]
    return tuple(  # type: ignore[return-value]  # of two
        jnp.moveaxis(index, 0, 2).reshape(epochs * num_minibatches, -1)
        for index in (items // num_minibatches, lane)
    )


def draw_lanes(
    key: Array, *, items: int, num_envs: int
) -> tuple[Int32[Array, " items"], Array]:
    """Draws the lanes of the items of one minibatch, each lane with equal chance.

    Lanes lie in as many equal blocks as there can be, and every block gets equally many
    items: so a lane is drawn on the device that has it, whatever their number.

    Args:
        key: a typed key.
        items: on this device.
        num_envs: lanes of this device.

    Returns:
        Lanes, and a typed key for whatever else is drawn for each item.
    """
    blocks = math.gcd(items, num_envs)
    keys = jax.random.split(key, (collective.all_lanes(blocks), items // blocks, 2))
    keys = collective.own_part(keys, blocks).reshape(items, 2)
    size = num_envs // blocks
    within = jax.vmap(lambda key: jax.random.randint(key, (), 0, size))(keys[:, 0])
    first_lane = jnp.arange(blocks, dtype=jnp.int32) * size
    return jnp.repeat(first_lane, items // blocks) + within, keys[:, 1]


def take(sequences: Any, carries: Any, sequence: Array, lane: Array) -> tuple[Any, Any]:
    """Gathers the items of one minibatch.

    Args:
        sequences: leaves [sequences, sequence_length, lanes, ...].
        carries: leaves [sequences, lanes, ...].
        sequence: of every item.
        lane: of every item.

    Returns:
        Leaves [items, sequence_length, ...], and carries [items, ...].
    """
    # The indices stand on both sides of a slice, so NumPy's rules put them in front.
    items = jax.tree.map(lambda leaf: leaf[sequence, :, lane], sequences)
    return items, jax.tree.map(lambda leaf: leaf[sequence, lane], carries)
